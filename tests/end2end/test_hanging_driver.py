"""A graphics driver that never returns: its library is a pipe that nobody writes to, so whoever loads it waits for
ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from encoders import Findings, ProbeResult
from encoders.registry import is_listed
from studio.engine import opening
from studio.engine.probe import LIMIT_S, probe_in_child
from tests.fixtures.live_show import CARD, SMALL, StartShow
from tests.fixtures.waiting import until

HARDWARE = "h264_nvenc"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform != "linux" or not is_listed(HARDWARE), reason="there is no driver to put in place"),
]


@pytest.fixture
def hanging_driver(tmp_path: Path) -> dict[str, str]:
    """The environment in which NVIDIA's driver hangs."""
    folder = tmp_path / "driver"
    folder.mkdir()
    for name in ("libcuda.so.1", "libnvidia-encode.so.1"):
        os.mkfifo(folder / name)
    return {"LD_LIBRARY_PATH": str(folder)}


def test_it_hangs_indeed(hanging_driver: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", hanging_driver["LD_LIBRARY_PATH"])
    assert "no answer within" in probe_in_child(HARDWARE, limit_s=3).why


OWNER = f"""
import threading
from studio.engine.probe import probe_in_child
stopped = threading.Event()
threading.Thread(target=probe_in_child, args=("{HARDWARE}",), kwargs={{"stopped": stopped.is_set}}, daemon=True).start()
input()
stopped.set()
"""


@pytest.mark.parametrize(("killed", "limit_s"), [(False, 3.0), (True, LIMIT_S + 5)], ids=["ended", "killed"])
def test_what_hangs_does_not_outlive_its_owner(hanging_driver: dict[str, str], killed: bool, limit_s: float) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, env=os.environ | hanging_driver
    ) as owner:
        child = until(lambda: psutil.Process(owner.pid).children(), 10, "the child is there")[0]
        until(lambda: "partner" in Path(f"/proc/{child.pid}/wchan").read_text(), 10, "it waits for the pipe's writer")
        if killed:
            owner.kill()
        owner.communicate(b"\n")
    until(lambda: not child.is_running(), limit_s, "the child is gone")


def test_the_show_goes_on_air_with_the_next_encoder(
    hanging_driver: dict[str, str], start_show: StartShow, short_folder: Path, tmp_path: Path
) -> None:
    (short_folder / "home").mkdir(mode=0o700)
    Findings(short_folder / "home" / "encoders.json").remember([ProbeResult(HARDWARE, True, True)])
    show = start_show(*CARD, *SMALL, "--record", tmp_path / "a.mp4", "--duration", "3", environ=hanging_driver)
    show.child("probe")
    before = show.call("program.statistics").ticks
    until(lambda: show.call("program.statistics").ticks > before + 10, 5, "the program's clock goes on")
    until(lambda: show.status().notices, opening.LIMIT_S + 10, "the host is told")
    assert "libx264 is tried instead" in show.status().notices[0].words
    result = show.result()
    assert result["encoder"] == "libx264" and result["recording"]["frames"] == 90
    assert "lost" not in show.said(), "the engine lived on"


def test_a_named_one_is_refused_in_words_and_ctrl_c_does_not_wait_for_it(
    hanging_driver: dict[str, str], start_show: StartShow, tmp_path: Path
) -> None:
    given = (*CARD, *SMALL, "--encoder", HARDWARE, "--record", tmp_path / "a.mp4")
    refused = start_show(*given, environ=hanging_driver, home="refused")
    refused.result(opening.LIMIT_S + 30, status=1)
    assert f"{HARDWARE} did not open" in refused.said() and "libx264" in refused.said()
    ended = start_show(*given, environ=hanging_driver, home="ended")
    ended.child("probe")
    ended.interrupt()
    assert ended.wait(opening.LIMIT_S - 1) == 130
