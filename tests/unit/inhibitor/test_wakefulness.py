"""The machine stays awake while it is wanted: nobody waits for the system, and what it refuses is said once."""

from __future__ import annotations

import ctypes
import logging
import threading
import time
from typing import Any

import pytest

from studio.inhibitor import wakefulness
from studio.inhibitor.macos import KIND, MacLock
from studio.inhibitor.wakefulness import Wakefulness
from studio.inhibitor.windows import ES_CONTINUOUS, ES_DISPLAY_REQUIRED, ES_SYSTEM_REQUIRED, WindowsLock
from tests.fixtures.waiting import until


class Lock:
    """Remembers its turns and its threads; `refuses`, or does not answer before `answers` is set."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.threads: set[int] = set()
        self.refuses = False
        self.answers = threading.Event()
        self.answers.set()

    def take(self) -> None:
        self.threads.add(threading.get_ident())
        self.turns.append("take")
        self.answers.wait(10)
        if self.refuses:
            raise OSError("nobody is there")

    def drop(self) -> None:
        self.threads.add(threading.get_ident())
        self.turns.append("drop")


@pytest.fixture
def lock() -> Lock:
    return Lock()


def test_it_is_held_while_it_is_wanted_on_one_thread_of_its_own(lock: Lock) -> None:
    awake = Wakefulness(lambda: lock)
    for _ in range(2):
        awake.want(True)
        awake.want(True)
        until(lambda: lock.turns[-1:] == ["take"], 5, "taken")
        awake.want(False)
        awake.want(False)
        until(lambda: lock.turns[-1:] == ["drop"], 5, "dropped")
    assert lock.turns == ["take", "drop"] * 2
    assert len(lock.threads) == 1 and threading.get_ident() not in lock.threads
    awake.close()


def test_nobody_waits_for_a_system_that_does_not_answer(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakefulness, "END_LIMIT_S", 0.05)
    lock.answers.clear()
    awake = Wakefulness(lambda: lock)
    began = time.monotonic()
    awake.want(True)
    until(lambda: lock.turns == ["take"], 5, "asked")
    awake.want(False)
    awake.close()
    assert time.monotonic() - began < 5 and lock.turns == ["take"]
    lock.answers.set()
    until(lambda: lock.turns == ["take", "drop"], 5, "what came too late is let go")


def test_its_end_lets_go(lock: Lock) -> None:
    awake = Wakefulness(lambda: lock)
    awake.want(True)
    until(lambda: lock.turns == ["take"], 5, "taken")
    awake.close()
    assert lock.turns == ["take", "drop"]
    awake.want(True)
    assert lock.turns == ["take", "drop"]


def test_an_end_without_a_beginning_starts_nothing(lock: Lock) -> None:
    awake = Wakefulness(lambda: lock)
    awake.want(False)
    awake.close()
    assert not lock.turns


def test_a_refusal_is_said_once_and_tried_again_with_the_next_show(
    lock: Lock, caplog: pytest.LogCaptureFixture
) -> None:
    lock.refuses = True
    awake = Wakefulness(lambda: lock)

    def begin_anew(tries: int) -> bool:
        awake.want(False)
        awake.want(True)
        return len(lock.turns) >= tries

    until(lambda: begin_anew(1) and caplog.records, 5, "said")
    tries = len(lock.turns)
    until(lambda: begin_anew(tries + 2), 5, "asked again")
    lock.refuses = False
    tries = len(lock.turns)
    until(lambda: begin_anew(tries + 1), 5, "asked again")
    awake.close()
    assert lock.turns[-1] == "drop" and "drop" not in lock.turns[:tries]
    assert [record.getMessage() for record in caplog.records] == [
        "The machine may go to sleep during the show: nobody is there."
    ]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_system_that_stoa_does_not_know_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sys.platform", "plan9")
    awake = Wakefulness()
    awake.want(True)
    until(lambda: caplog.records, 5, "said")
    awake.close()
    assert "plan9" in caplog.text


def test_windows_is_told_both_and_nothing_afterwards() -> None:
    told: list[int] = []

    def set_state(flags: int) -> int:
        told.append(flags)
        return ES_CONTINUOUS

    lock = WindowsLock(set_state)
    lock.take()
    lock.drop()
    assert told == [ES_CONTINUOUS | ES_SYSTEM_REQUIRED | ES_DISPLAY_REQUIRED, ES_CONTINUOUS]
    with pytest.raises(OSError, match="SetThreadExecutionState"):
        WindowsLock(lambda flags: 0).take()


class Iokit:
    """Both of macOS's libraries, as far as they are used."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        self.held: list[int] = []
        self.strings: list[bytes] = []
        self.living = 0

    def CFStringCreateWithCString(self, allocator: None, text: bytes, encoding: int) -> int:
        self.strings.append(text)
        self.living += 1
        return len(self.strings)

    def CFRelease(self, string: int) -> None:
        self.living -= 1

    def IOPMAssertionCreateWithName(self, kind: int, level: int, name: int, identity: Any) -> int:
        assert self.strings[kind - 1] == KIND and level == 255
        if self.status == 0:
            ctypes.cast(identity, ctypes.POINTER(ctypes.c_uint32))[0] = 77
            self.held.append(77)
        return self.status

    def IOPMAssertionRelease(self, identity: ctypes.c_uint32) -> int:
        self.held.remove(identity.value)
        return 0


def test_macos_gets_its_assertion_back() -> None:
    system = Iokit()
    lock = MacLock(system, system)
    lock.take()
    assert system.held == [77]
    lock.drop()
    assert system.held == [] and system.living == 0
    refusing = Iokit(-536870206)
    with pytest.raises(OSError, match="0xe00002c2"):
        MacLock(refusing, refusing).take()
    assert refusing.living == 0
