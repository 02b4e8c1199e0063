"""The SRT listeners of the tests take what bare FFmpeg sends, and refuse a wrong passphrase."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import av
import pytest

from tests.fixtures.programs import find_program
from tests.fixtures.srt_listener import SrtListener, SrtPeer


def send(url: str) -> int:
    """Bare FFmpeg calls and sends two seconds in real time; its exit status."""
    command = [
        find_program("ffmpeg", "ffmpeg"),
        "-v",
        "error",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=320x180:rate=30",
    ]
    command += ["-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-f", "mpegts", url]
    return subprocess.run(command, check=False, timeout=30, capture_output=True).returncode


@pytest.mark.parametrize("peer", list(SrtPeer))
def test_what_comes_is_in_the_file(start_srt_listener: Callable[..., SrtListener], peer: SrtPeer) -> None:
    listener = start_srt_listener(peer, passphrase="correct-horse-battery")
    assert send(listener.url(passphrase="correct-horse-battery")) == 0
    listener.wait_for_bytes(20_000)
    with av.open(listener.received) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 40


def test_a_wrong_passphrase_is_refused(start_srt_listener: Callable[..., SrtListener]) -> None:
    listener = start_srt_listener(passphrase="correct-horse-battery")
    assert send(listener.url(passphrase="a-wrong-passphrase")) != 0
    assert listener.received.stat().st_size == 0


@pytest.mark.slow
def test_one_caller_after_another(start_srt_listener: Callable[..., SrtListener]) -> None:
    listener = start_srt_listener()
    assert send(listener.url()) == 0
    once = listener.received.stat().st_size
    listener.alive.kill()
    listener.start()
    assert send(listener.url()) == 0
    listener.wait_for_bytes(int(once * 1.5))
