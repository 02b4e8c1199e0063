"""Who comes first on a busy machine, as the system tells it of a process that asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from studio.process.children import ENTRY_POINTS, NOT_ON_AIR
from studio.process.priority import LOWERED_NICE, RAISED_NICE, unthrottled

ASK = """
import os
from studio.process import priority
priority.{function}()
print(os.getpriority(os.PRIO_PROCESS, 0))
"""
MAY_RAISE = "import os; os.setpriority(os.PRIO_PROCESS, 0, -10)"


def niceness(function: str) -> int:
    asked = subprocess.run([sys.executable, "-c", ASK.format(function=function)], capture_output=True, check=True)
    return int(asked.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="niceness is Unix's")
def test_work_that_can_wait_is_lowered() -> None:
    assert niceness("put_last") == LOWERED_NICE


@pytest.mark.skipif(sys.platform == "win32", reason="niceness is Unix's")
def test_the_show_is_raised_where_the_system_allows_it_and_runs_on_where_not() -> None:
    allowed = subprocess.run([sys.executable, "-c", MAY_RAISE], capture_output=True, check=False).returncode == 0
    assert niceness("put_first") == RAISED_NICE if allowed else niceness("put_first") > RAISED_NICE


def test_every_kind_that_is_not_on_air_is_a_kind() -> None:
    assert set(ENTRY_POINTS) >= NOT_ON_AIR


def test_windows_is_told_not_to_slow_the_show_down() -> None:
    assert unthrottled().hex() == "010000000500000000000000"
