"""The RTMP server of the tests records, refuses, stops and comes back on the same port."""

from __future__ import annotations

import subprocess

import av
import pytest

from tests.fixtures.nginx_rtmp import NginxRtmp, answers
from tests.fixtures.programs import find_program
from tests.fixtures.waiting import until


def publish(url: str, duration_s: int = 1) -> int:
    """Bare FFmpeg sends a test picture; its exit status."""
    command = [find_program("ffmpeg", "ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=30"]
    command += ["-t", str(duration_s), "-c:v", "libx264", "-preset", "ultrafast", "-f", "flv", url]
    return subprocess.run(command, check=False, timeout=30).returncode


def test_it_records_what_it_gets(nginx_rtmp: NginxRtmp) -> None:
    assert publish(nginx_rtmp.url("one")) == 0
    with av.open(nginx_rtmp.wait_for_recording("one")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 30


def test_each_publication_is_a_file_of_its_own_in_order(nginx_rtmp: NginxRtmp) -> None:
    assert publish(nginx_rtmp.url("again")) == 0
    assert publish(nginx_rtmp.url("again"), duration_s=2) == 0
    until(lambda: len(nginx_rtmp.recordings("again")) == 2, 5, "two files")
    first, second = nginx_rtmp.recordings("again")
    assert first.stat().st_size < second.stat().st_size


def test_the_closed_application_refuses(nginx_rtmp: NginxRtmp) -> None:
    assert publish(nginx_rtmp.url("one", application="closed")) != 0


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_it_goes_away_and_comes_back_on_its_port(nginx_rtmp: NginxRtmp, how: str) -> None:
    getattr(nginx_rtmp, how)()
    assert not answers(nginx_rtmp.port)
    nginx_rtmp.start()
    assert publish(nginx_rtmp.url("back")) == 0
