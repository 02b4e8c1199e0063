"""Reference cycles are taken apart in the window's thread, and nowhere else."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from ui.garbage import Garbage


@pytest.fixture
def garbage(qapp: QApplication) -> Iterator[Garbage]:
    yield Garbage()
    gc.enable()


class Cycle:
    """Holds itself, and tells in which thread it goes."""

    def __init__(self, gone: list[threading.Thread]) -> None:
        self.itself = self
        self.gone = gone

    def __del__(self) -> None:
        self.gone.append(threading.current_thread())


def _allocate() -> None:
    """As much as makes Python look for cycles, were it on."""
    kept = [[number] for number in range(20_000)]
    assert kept


def test_another_thread_takes_nothing_apart(garbage: Garbage) -> None:
    gone: list[threading.Thread] = []
    Cycle(gone)
    busy = threading.Thread(target=_allocate)
    busy.start()
    busy.join()
    assert gone == []
    kept = [[number] for number in range(20_000)]
    garbage.look()
    assert gone == [threading.current_thread()] and kept


def test_nothing_is_done_before_it_is_due(garbage: Garbage) -> None:
    gc.collect()
    gone: list[threading.Thread] = []
    Cycle(gone)
    garbage.look()
    assert gone == []
