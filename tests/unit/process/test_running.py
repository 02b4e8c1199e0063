"""Whether a process is there."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from studio.process.running import is_running


def test_the_own_process_runs_and_one_that_was_waited_for_does_not() -> None:
    assert is_running(os.getpid())
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    assert not is_running(ended.pid)


def test_a_process_of_another_user_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_ours(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", not_ours)
    assert is_running(1)
