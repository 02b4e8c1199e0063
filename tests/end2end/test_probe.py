"""Encoders are tried in a process of their own, which may hang or die without harm."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import psutil
import pytest

from encoders import Findings, ProbeResult
from studio.engine.probe import probe_all, probe_in_child
from tests.fixtures.waiting import until


def test_what_works_and_what_does_not_is_found_and_remembered(tmp_path: Path) -> None:
    results = probe_all(["libx264", "aac", "h264_v4l2m2m", "h264_videotoolbox"])
    found = {result.name: result for result in results}
    assert found["libx264"].works and found["aac"].works
    assert not found["h264_v4l2m2m"].works and found["h264_v4l2m2m"].why
    assert not found["h264_videotoolbox"].listed
    Findings(tmp_path / "encoders.json").remember(results)
    assert Findings(tmp_path / "encoders.json").results["libx264"].works


def test_an_encoder_that_gives_no_answer_is_ended() -> None:
    result = probe_in_child("libx264", limit_s=0.01)
    assert (result.works, result.why) == (False, "it gave no answer within 0.01 s")


def my_probe() -> int | None:
    """The process that tries an encoder; this worker has other children too, such as the browser's driver."""
    for process in psutil.process_iter(["ppid", "cmdline"]):
        if process.info["ppid"] == os.getpid() and (process.info["cmdline"] or [])[-2:] == ["--child", "probe"]:
            return process.pid
    return None


def test_an_encoder_that_takes_its_process_down_is_told() -> None:
    results: list[ProbeResult] = []
    probing = threading.Thread(target=lambda: results.append(probe_in_child("libx265")), daemon=True)
    probing.start()
    os.kill(until(my_probe, 10, "the probe's process runs"), signal.SIGSEGV)
    probing.join(15)
    assert results[0].works is False and "process died" in results[0].why


def test_probing_stops_when_it_is_told_to() -> None:
    assert probe_all(["libx264"], stopped=lambda: True) == []


@pytest.mark.parametrize("name", ["no-such-encoder"])
def test_an_unknown_name_is_not_listed(name: str) -> None:
    assert not probe_in_child(name).listed
