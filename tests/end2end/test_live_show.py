"""One show of `stoa live` (test card and tone) to nginx RTMP, an SRT listener and a file: what each of them got."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.live_show import CARD, LiveShow, StartShow
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.ports import FreePorts
from tests.fixtures.programs import Programs
from tests.fixtures.received import Received, assert_few_lost, receive
from tests.fixtures.srt_listener import SrtListener, SrtPeer
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.alone, pytest.mark.timeout(120)]
SECONDS, FPS, KBPS = 12, 30, 800
PLACES = ["rtmp", "srt", "file"]


@dataclass
class Outcome:
    """The JSON of the show, and what each place got."""

    show: LiveShow
    told: dict[str, Any]
    got: dict[str, Received]
    left_over: list[str]

    @property
    def admitted(self) -> int:
        return int(self.told["lagged"]) + int(self.told["skipped"])


@pytest.fixture(scope="module")
def outcome(
    module_show: StartShow, module_programs: Programs, module_ports: FreePorts, tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    folder = tmp_path_factory.mktemp("got")
    nginx = NginxRtmp(module_programs, folder / "nginx", module_ports.take())
    nginx.start()
    listener = SrtListener(module_programs, folder, module_ports.take(), SrtPeer.TRANSMIT, "a-long-passphrase", 120)
    recording = folder / "show.mp4"
    shape = ("--size", "640x360", "--fps", str(FPS), "--video-bitrate", f"{KBPS}k")
    to = ("--to", nginx.url(), "--to", listener.url(passphrase="a-long-passphrase"), "--record", recording)
    show = module_show(*CARD, *shape, *to, "--duration", str(SECONDS))
    told = show.result(60)
    left_over = show.left_over()
    until(lambda: listener.received.stat().st_size > 1_000_000, 5, "the listener has written what came")
    nginx.stop()
    files = {"rtmp": nginx.recordings("show")[0], "srt": listener.received, "file": recording}
    return Outcome(show, told, {place: receive(path, FPS) for place, path in files.items()}, left_over)


def test_it_tells_what_was_sent(outcome: Outcome) -> None:
    told = outcome.told
    assert set(told) == {
        "destinations", "recording", "recordings", "encoder", "lagged", "lagged_at_ns", "skipped", "first_packet_ms",
        "duration_s",
    }  # fmt: skip
    assert [item["protocol"] for item in told["destinations"]] == ["rtmp", "srt"]
    for item in told["destinations"]:
        assert set(item) == {"url", "protocol", "state", "frames", "bytes", "dropped", "reconnects", "words"}
        assert (item["state"], item["dropped"], item["reconnects"]) == ("ended", 0, 0)
        assert item["frames"] == SECONDS * FPS - told["skipped"]
        assert item["url"].endswith("•••")
    assert told["recording"]["frames"] == SECONDS * FPS - told["skipped"]
    assert told["recording"]["bytes"] == Path(told["recording"]["path"]).stat().st_size
    assert told["recordings"] == [told["recording"]]
    assert told["encoder"] == "libx264"
    assert told["first_packet_ms"] > 0


def test_nothing_is_left(outcome: Outcome) -> None:
    assert outcome.left_over == []


@pytest.mark.parametrize("place", PLACES)
def test_every_picture_came_once_in_order(outcome: Outcome, place: str) -> None:
    got, told = outcome.got[place], outcome.told
    assert_few_lost(told["lagged"], told["skipped"], SECONDS * FPS)
    assert len(got.pictures) == SECONDS * FPS - told["skipped"]
    assert got.missing() <= told["skipped"]
    assert got.stale() <= told["lagged"]
    assert got.backward() == []


@pytest.mark.parametrize("place", PLACES)
def test_keyframes_stand_on_the_grid_and_nothing_waits_for_a_later_picture(outcome: Outcome, place: str) -> None:
    got = outcome.got[place]
    assert got.keyframes_off_grid() == []
    if not outcome.told["skipped"]:
        assert got.grid_without_keyframe() == []
    assert {picture.kind for picture in got.pictures} == {"I", "P"}
    assert all(packet.at_s == packet.decode_s for packet in got.packets)


@pytest.mark.parametrize("place", ["rtmp", "srt"])
def test_the_bitrate_is_what_was_asked_for(outcome: Outcome, place: str) -> None:
    low, high = outcome.got[place].video_kbps(10)
    assert 0.9 * KBPS <= low <= high <= 1.1 * KBPS


@pytest.mark.parametrize("place", PLACES)
def test_the_colours_are_those_of_the_card(outcome: Outcome, place: str) -> None:
    got = outcome.got[place]
    assert got.worst_bars_error() <= 3
    assert (got.facts["colorspace"], got.facts["range"]) == (1, 1)


@pytest.mark.parametrize("place", PLACES)
def test_sound_and_picture_are_together(outcome: Outcome, place: str) -> None:
    got = outcome.got[place]
    found = got.sound_minus_picture_ms()
    assert len(found) >= SECONDS - 2 - outcome.admitted
    assert got.sound_gaps == 0
    assert max(map(abs, found)) <= 20
    assert abs(sum(found) / len(found)) <= 10
