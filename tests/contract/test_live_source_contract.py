"""The suite of all sources, held by the live ones: a screen, a network camera without and with sound.

Cameras meet it in the virtual machine (tests/vm), microphones have no picture and tests of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from studio.source.contract import SourceKind
from tests.contract import test_source_contract as suite
from tests.contract.test_source_contract import Case
from tests.fixtures.network_cameras import MjpegCamera, RtspCamera
from tests.fixtures.programs import Programs
from tests.fixtures.xvfb import start_screen


@pytest.fixture(params=["screen", "mjpeg", "rtsp"])
def case(
    request: pytest.FixtureRequest, free_port: Callable[[], int], programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Case]:
    match request.param:
        case "screen":
            screen = start_screen(programs, 640, 360)
            monkeypatch.setenv("DISPLAY", screen.display)
            monkeypatch.setenv("XDG_SESSION_TYPE", "x11")
            monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
            yield Case(SourceKind.SCREEN, lambda folder: "primary", sounding=False)
        case "mjpeg":
            mjpeg = MjpegCamera(free_port())
            mjpeg.start()
            yield Case(SourceKind.NETWORK_CAMERA, lambda folder: mjpeg.url, sounding=False)
            mjpeg.stop()
        case "rtsp":
            rtsp = RtspCamera(programs, free_port(), request.getfixturevalue("bars_clip"))
            yield Case(SourceKind.NETWORK_CAMERA, lambda folder: rtsp.url)


test_it_says_what_it_plays = suite.test_it_says_what_it_plays_and_asks_for_a_ring_of_even_size
test_time_only_grows = suite.test_time_only_grows_and_sound_is_contiguous
test_a_reader_that_holds_every_slot = suite.test_a_reader_that_holds_every_slot_costs_pictures_and_not_the_process
test_it_ends_when_told = suite.test_it_ends_when_told
test_it_ends_with_its_engine = suite.test_it_ends_with_its_engine
test_it_ends_while_every_slot_is_held = suite.test_it_ends_when_told_while_every_slot_is_held
test_sound_alone = suite.test_sound_alone_needs_no_ring
test_picture_alone = suite.test_picture_alone_sends_no_sound
