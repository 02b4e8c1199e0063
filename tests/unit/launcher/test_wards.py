"""An adopted process is asked for a sign of life: what is silent is ended, and what is gone is started anew."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import cast

import psutil
import pytest

from studio.launcher import wards
from studio.launcher.wards import Ward, is_gone
from studio.media import ErrorKind, StoaError
from studio.process import SupervisedChild

LIMIT_S = 20.0


class Begun:
    """Stands for the supervised child that follows."""

    def __init__(self) -> None:
        self.started = threading.Event()

    def start(self) -> None:
        self.started.set()


class Answers:
    """The sign of life: `fault` is raised where it is set; `now_s` goes on by the limit that an ask had."""

    def __init__(self, fault: ErrorKind | None) -> None:
        self.fault = fault
        self.asked = threading.Semaphore(0)
        self.now_s = 0.0

    def ask(self, pid: int, limit_s: float) -> None:
        self.asked.release()
        if self.fault is not None:
            self.now_s += limit_s
            raise StoaError(self.fault, "Nothing.")

    def now(self) -> float:
        self.now_s += 2.0
        return self.now_s


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wards, "WATCH_EVERY_S", 0.001)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        yield running
        running.kill()


def adopt(pid: int, answers: Answers) -> tuple[Ward, Begun]:
    begun = Begun()
    ward = Ward(lambda: cast(SupervisedChild, begun), pid, ask=answers.ask, now_s=answers.now)
    return ward, begun


def test_one_that_is_silent_is_ended_and_started_anew(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGSTOP)
    ward, begun = adopt(process.pid, Answers(ErrorKind.TIMEOUT))
    ward.start()
    assert begun.started.wait(LIMIT_S)
    assert is_gone(process.pid)
    assert not ward.adopted


def test_one_that_answers_is_left_alone(process: subprocess.Popen[bytes]) -> None:
    answers = Answers(None)
    ward, begun = adopt(process.pid, answers)
    ward.start()
    for _ in range(20):
        assert answers.asked.acquire(timeout=LIMIT_S)
    assert process.poll() is None and not begun.started.is_set() and ward.adopted
    process.kill()
    assert begun.started.wait(LIMIT_S), "and followed once it ends"


def test_one_that_ends_between_two_looks_counts_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(pid: int) -> psutil.Process:
        raise psutil.NoSuchProcess(pid)

    monkeypatch.setattr(psutil, "pid_exists", lambda pid: True)
    monkeypatch.setattr(psutil, "Process", gone)
    ward, begun = adopt(4711, Answers(None))
    ward.start()
    assert begun.started.wait(LIMIT_S)
    ending, _ = adopt(4711, Answers(None))
    ending.end(lambda pid: None, 1.0)


def test_the_end_asks_what_answers_and_forces_what_does_not(process: subprocess.Popen[bytes]) -> None:
    asked: list[int] = []
    silent, _ = adopt(process.pid, Answers(ErrorKind.TIMEOUT))
    silent.end(asked.append, LIMIT_S)
    assert not asked and is_gone(process.pid)


def test_the_end_waits_for_one_that_answers(process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr(wards, "kill", killed.append)

    def ask_adopted(pid: int) -> None:
        assert process.stdin is not None
        process.stdin.close()

    answering, _ = adopt(process.pid, Answers(None))
    answering.end(ask_adopted, LIMIT_S)
    assert is_gone(process.pid) and not killed, "it left by itself"
