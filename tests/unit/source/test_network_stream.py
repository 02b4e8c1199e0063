"""The clock of a network stream, the words of its failures, and what FFmpeg is told."""

from __future__ import annotations

import socket

import av.error
import numpy as np
import pytest

from studio.media import NS_PER_S, ErrorKind
from studio.source.netcamera import stream_error, stream_options
from studio.source.stream_clock import StreamClock
from studio.source.stream_reader import NothingWanted, _Pace

START_NS = 3_000 * NS_PER_S
SHOWN = "rtsp://•••@camera/live"


def test_pictures_that_come_late_by_a_changing_while_are_stamped_evenly() -> None:
    clock, chance = StreamClock(), np.random.default_rng(3)
    late_ns = 20e6 + chance.exponential(15e6, 500)
    stamps = [clock.instant_ns(at / 25, int(START_NS + at * 40e6 + late_ns[at])) for at in range(500)]
    steps_ms = np.diff(stamps[100:]) / 1e6
    assert np.abs(steps_ms - 40).max() < 3, "though their arrivals differ by far more"
    assert np.diff(START_NS + np.arange(500) * 40e6 + late_ns).std() > 10e6


def test_pictures_and_sound_stay_together() -> None:
    clock = StreamClock()
    picture_ns = clock.instant_ns(10.0, START_NS + 80_000_000)
    sound_ns = clock.instant_ns(10.0, START_NS + 30_000_000)
    again_ns = clock.instant_ns(10.04, START_NS + 120_000_000)
    assert sound_ns == START_NS + 30_000_000 < picture_ns
    assert again_ns - sound_ns == pytest.approx(40e6, abs=1e6)


def test_a_sender_that_runs_slow_is_followed() -> None:
    clock = StreamClock()
    for at in range(3_000):
        arrival_ns = int(START_NS + at * 40e6 * 1.0003)
        stamp_ns = clock.instant_ns(at / 25, arrival_ns)
    assert arrival_ns - stamp_ns < 5e6


def test_a_sender_that_begins_anew_gets_a_new_time_line() -> None:
    clock = StreamClock()
    clock.instant_ns(5_000.0, START_NS)
    assert clock.instant_ns(0.0, START_NS + NS_PER_S) == START_NS + NS_PER_S
    assert clock.instant_ns(None, START_NS + 2 * NS_PER_S) == START_NS + 2 * NS_PER_S


def test_a_file_is_held_to_its_own_pace() -> None:
    pace = _Pace()
    assert pace.early_s(7.0, START_NS) == 0
    assert pace.early_s(7.5, START_NS) == pytest.approx(0.5)
    assert pace.early_s(7.5, START_NS + 490_000_000) == 0
    assert pace.early_s(0.0, START_NS + NS_PER_S) == pytest.approx(0), "begun anew"
    assert pace.early_s(100.0, START_NS + NS_PER_S) == 0, "a leap is not waited for"


@pytest.mark.parametrize(
    ("failure", "kind", "permanent"),
    [
        (NothingWanted(), ErrorKind.BAD_DATA, False),
        (av.error.HTTPUnauthorizedError(1, "401 for rtsp://eye:Geheim7@camera"), ErrorKind.DENIED, True),
        (av.error.HTTPNotFoundError(1, "404 for rtsp://eye:Geheim7@camera"), ErrorKind.NOT_FOUND, True),
        (ConnectionRefusedError("rtsp://eye:Geheim7@camera"), ErrorKind.UNREACHABLE, False),
        (TimeoutError("rtsp://eye:Geheim7@camera"), ErrorKind.TIMEOUT, False),
        (av.error.ExitError(1, "rtsp://eye:Geheim7@camera"), ErrorKind.TIMEOUT, False),
        (av.error.InvalidDataError(1, "rtsp://eye:Geheim7@camera"), ErrorKind.BAD_DATA, False),
        (OSError(5, "rtsp://eye:Geheim7@camera"), ErrorKind.UNREACHABLE, False),
        (socket.gaierror(-2, "rtsp://eye:Geheim7@camera"), ErrorKind.UNREACHABLE, False),
    ],
)
def test_each_failure_has_words_and_a_remedy_and_no_password(
    failure: Exception, kind: ErrorKind, permanent: bool
) -> None:
    error = stream_error(failure, SHOWN)
    assert (error.kind, error.permanent) == (kind, permanent)
    assert SHOWN in error.message and error.remedy and "Geheim7" not in str(error)


def test_files_are_no_streams_and_certificates_are_verified() -> None:
    plain = stream_options("rtsp://camera/live", True, True)
    assert "file" not in plain.options["protocol_whitelist"].split(",")
    assert plain.options["rtsp_flags"] == "prefer_tcp" and plain.limits_s is not None
    for url in ("https://camera/video", "rtsps://camera/live"):
        options = stream_options(url, True, False).options
        assert options["tls_verify"] == "1" and options["ca_file"]
