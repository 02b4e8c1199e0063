"""A child is kept alive: started again after its death or silence, ended in order, and gone with its owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest

from studio.media import Codec, EncodedPacket, OverflowPolicy, PacketQueue
from studio.process import Backoff, ChildPlan, Fault, Loss, SupervisedChild, Watchdog
from studio.process import spawn as spawning
from tests.fakes import puppet as fake
from tests.fixtures.waiting import until


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children are tests.fakes.puppet instead of Stoa's own kinds."""
    monkeypatch.setattr(spawning, "child_command", lambda kind: [sys.executable, "-m", "tests.fakes.puppet", kind])


class Kept:
    """A supervised fake child and what it said."""

    def __init__(self, kind: str, **plan: object) -> None:
        self.said: list[object] = []
        self.losses: list[Loss] = []
        self.pids: list[int] = []
        self.child = SupervisedChild(
            ChildPlan(
                kind,
                fake.Said,
                opening=lambda: [fake.Say("opened")],
                on_message=self.said.append,
                on_started=self.pids.append,
                on_lost=self.losses.append,
                **plan,  # type: ignore[arg-type]
            ),
            backoff=Backoff((0.01, 0.02)),
        )

    def words(self) -> list[str]:
        return [message.words for message in self.said if isinstance(message, fake.Said)]


def kept(kind: str, **plan: object) -> Kept:
    made = Kept(kind, **plan)
    made.child.start()
    return made


def test_it_gets_its_opening_answers_and_ends_in_order() -> None:
    one = kept("echo")
    until(lambda: one.words() == ["opened"], 20, "the opening to be answered")
    one.child.send(fake.Say("hello"))
    until(lambda: "hello" in one.words(), 20, "the answer")
    one.child.end()
    assert not one.losses and not psutil.pid_exists(one.pids[0])
    assert one.words()[-1] == "ended in order"


def test_a_killed_child_comes_back_with_its_opening() -> None:
    one = kept("echo")
    until(lambda: one.words() == ["opened"], 20, "the first life")
    os.kill(one.pids[0], signal.SIGKILL)
    until(lambda: one.words() == ["opened", "opened"], 20, "the second life")
    one.child.end()
    assert [loss.status for loss in one.losses] == [-signal.SIGKILL] and len(one.pids) == 2


def test_a_silent_child_is_killed_and_comes_back() -> None:
    one, watchdog = kept("hang"), Watchdog()
    watchdog.add(one.child)
    watchdog.start()
    until(lambda: bool(one.losses), 20, "the silence to be noticed")
    until(lambda: len(one.pids) >= 2, 20, "the next life")
    watchdog.stop()
    one.child.end()
    assert one.losses[0].hung and "stopped answering" in one.losses[0].words


def test_a_child_that_does_not_end_is_made_to() -> None:
    one = kept("stubborn", end_limit_s=0.3)
    until(lambda: one.words() == ["opened"], 20, "it to live")
    one.child.end()
    assert not psutil.pid_exists(one.pids[0])


def test_a_hung_child_never_blocks_its_owner() -> None:
    queue = PacketQueue(limit_ms=1000, limit_bytes=1_000_000, policy=OverflowPolicy.DROP_VIDEO_TO_KEYFRAME)
    one = kept("deaf", packets=lambda: queue)
    until(lambda: bool(one.pids), 20, "it to live")
    sent = threading.Event()

    def flood() -> None:
        for number in range(300):
            made_ns = number * 33_000_000
            one.child.send_packet(EncodedPacket(Codec.H264, b"x" * 10_000, number, 1, number % 60 == 0, made_ns))
        sent.set()

    threading.Thread(target=flood, daemon=True).start()
    assert sent.wait(10) and queue.dropped_video > 0 and queue.queued_bytes <= 1_000_000
    one.child.end(wait=False)
    os.kill(one.pids[-1], signal.SIGKILL)
    one.child.join(10)


def test_a_fault_is_passed_on() -> None:
    one = kept("faulty", restarts=False)
    until(lambda: any(isinstance(message, Fault) for message in one.said), 20, "the fault")
    one.child.end()
    fault = next(message for message in one.said if isinstance(message, Fault))
    assert (fault.kind, fault.message, fault.permanent) == ("not_found", "It is not there.", True)


def test_an_orphan_ends_by_itself() -> None:
    owner = subprocess.Popen([sys.executable, "-m", "tests.fakes.puppet", "owner"], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    orphan = int(owner.stdout.readline())
    assert psutil.pid_exists(orphan)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    until(lambda: not psutil.pid_exists(orphan), 10, "the orphan to end")
