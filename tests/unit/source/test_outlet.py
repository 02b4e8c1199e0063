"""The child's side of a source: slots are used by their owner only, time is kept, and the engine is told."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from studio.media import FrameRing, RingLayout, StoaError
from studio.source.contract import GiveBack, Picture, RingAttached, RingWanted, SourceStatistics, UseRing
from studio.source.outlet import AHEAD_NS, SPARE_SLOTS, WAKE_NS, Outlet, slots_ahead
from tests.unit.source.fake_engine import JumpingClock


class Link:
    """Remembers what was sent; `answer` may answer it at once."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.sent: list[Any] = []
        self.answer: Any = lambda message: None

    def send(self, message: msgspec.Struct) -> bool:
        self.sent.append(message)
        self.answer(message)
        return True

    def beat(self, limit_s: float = 3.0) -> None:
        pass

    def fault(self, error: StoaError) -> None:
        self.sent.append(error)

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.sent if isinstance(message, kind)]


def make(tmp_path: Path) -> tuple[Link, Outlet, list[FrameRing], JumpingClock]:
    link, clock, rings = Link(), JumpingClock(), list[FrameRing]()
    outlet = Outlet(link, clock)

    def answer(message: Any) -> None:
        if isinstance(message, RingWanted):
            path = str(tmp_path / f"ring-{len(rings)}")
            rings.append(FrameRing.create(RingLayout(path, message.slots, message.width_px, message.height_px)))
            outlet.accept(UseRing(rings[-1].layout))

    link.answer = answer
    return link, outlet, rings, clock


def test_what_is_drawn_into_a_slot_is_what_the_engine_sees(tmp_path: Path) -> None:
    link, outlet, rings, _ = make(tmp_path)
    assert outlet.want_ring(64, 32, 2)
    assert [message.path for message in link.of(RingAttached)] == [rings[0].layout.path]
    slot = outlet.take()
    assert slot is not None and slot.picture.shape == (48, 64)
    slot.picture[:] = 77
    outlet.picture(slot, 123)
    assert link.sent[-1] == Picture(slot.index, 123)
    assert (rings[0].picture(slot.index) == 77).all()


def test_no_slot_is_taken_twice_before_it_comes_back(tmp_path: Path) -> None:
    _, outlet, _, _ = make(tmp_path)
    outlet.want_ring(64, 32, 3)
    taken = [outlet.take() for _ in range(4)]
    assert sorted(slot.index for slot in taken if slot) == [0, 1, 2] and taken[3] is None
    outlet.accept(GiveBack([1]))
    again = outlet.take()
    assert again is not None and again.index == 1 and outlet.take() is None


def test_a_new_ring_is_adopted_by_the_thread_that_draws_and_told_before_its_first_picture(tmp_path: Path) -> None:
    link, outlet, rings, _ = make(tmp_path)
    outlet.want_ring(64, 32, 2)
    old = outlet.take()
    rings.append(FrameRing.create(RingLayout(str(tmp_path / "ring-new"), 2, 128, 64)))
    outlet.accept(UseRing(rings[-1].layout))
    assert len(link.of(RingAttached)) == 1, "the reading thread must not change rings"
    new = outlet.take()
    assert old is not None and new is not None and new.picture.shape == (96, 128) and new.ring == old.ring + 1
    assert isinstance(link.sent[-1], RingAttached)


def test_slots_of_the_old_ring_do_not_come_into_the_new_one(tmp_path: Path) -> None:
    _, outlet, rings, _ = make(tmp_path)
    outlet.want_ring(64, 32, 4)
    for _ in range(4):
        outlet.take()
    outlet.accept(GiveBack([3]))
    rings.append(FrameRing.create(RingLayout(str(tmp_path / "ring-new"), 2, 64, 32)))
    outlet.accept(UseRing(rings[-1].layout))
    outlet.accept(GiveBack([0, 1]))  # crossed the new ring on its way
    assert sorted(slot.index for slot in (outlet.take(), outlet.take()) if slot) == [0, 1]
    assert outlet.take() is None


def test_waiting_for_a_slot_ends_at_the_picture_s_instant(tmp_path: Path) -> None:
    _, outlet, _, clock = make(tmp_path)
    outlet.want_ring(64, 32, 1)
    assert outlet.take() is not None
    assert outlet.wait_slot(clock.now_ns()) is None
    outlet.accept(GiveBack([0]))
    assert outlet.wait_slot(clock.now_ns()) is not None


def test_a_slot_that_comes_back_wakes_the_one_who_waits(tmp_path: Path) -> None:
    _, outlet, _, clock = make(tmp_path)
    outlet.want_ring(64, 32, 1)
    outlet.take()
    timer = threading.Timer(0.02, outlet.accept, (GiveBack([0]),))
    timer.start()
    assert outlet.wait_slot(clock.now_ns() + 10_000_000_000) is not None
    timer.join()


def test_it_works_ahead_in_bursts(tmp_path: Path) -> None:
    _, outlet, _, clock = make(tmp_path)
    begin_ns = clock.now_ns()
    sent_ns = []
    for index in range(60):
        due_ns = begin_ns + index * 33_333_333
        assert outlet.pace(due_ns)
        sent_ns.append((clock.now_ns(), due_ns))
    assert all(now_ns <= due_ns for now_ns, due_ns in sent_ns[1:]), "late"
    assert all(due_ns - now_ns <= AHEAD_NS for now_ns, due_ns in sent_ns), "too early"
    wakes = len({now_ns for now_ns, _ in sent_ns})
    assert wakes <= 1 + 60 * 33 * 1_000_000 / (AHEAD_NS - WAKE_NS) + 1


def test_pacing_ends_with_the_source(tmp_path: Path) -> None:
    link, outlet, _, clock = make(tmp_path)
    link.stopping.set()
    assert not outlet.pace(clock.now_ns() + 10**12)
    assert not outlet.want_ring(64, 32, 1)
    assert outlet.wait_open() is None


def test_statistics_come_about_once_a_second(tmp_path: Path) -> None:
    link, outlet, _, clock = make(tmp_path)
    outlet.want_ring(64, 32, 1)
    outlet.words = "all is well"
    for _ in range(100):
        slot = outlet.take()
        if slot is None:
            outlet.drop()
        else:
            outlet.picture(slot, clock.now_ns())
            if clock.now_ns() % 80_000_000 == 0:
                outlet.accept(GiveBack([slot.index]))
        clock.sleep_until_ns(clock.now_ns() + 40_000_000)
        outlet.beat()
    told = link.of(SourceStatistics)
    assert 3 <= len(told) <= 4
    assert told[-1].pictures + told[-1].dropped <= 100 and told[-1].dropped > 0 and told[-1].words == "all is well"


def test_odd_sizes_are_a_programming_error(tmp_path: Path) -> None:
    _, outlet, _, _ = make(tmp_path)
    with pytest.raises(ValueError, match="even"):
        outlet.want_ring(63, 32, 1)


def test_sound_goes_as_interleaved_float32(tmp_path: Path) -> None:
    link, outlet, _, _ = make(tmp_path)
    outlet.sound(np.array([[0.5, -0.5], [1, 0]], np.float64), 7)  # type: ignore[arg-type]
    assert np.frombuffer(link.sent[-1].samples, "<f4").tolist() == [0.5, -0.5, 1, 0]


def test_the_ring_is_as_large_as_what_is_sent_ahead() -> None:
    assert slots_ahead(30) == round(0.001 * AHEAD_NS / 1_000_000 * 30) + 1 + SPARE_SLOTS
    assert slots_ahead(1) == 4 and slots_ahead(240) == 24
