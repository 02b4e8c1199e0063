"""Pictures in shared memory: both sides see the same, the file is private, its space is reserved, nothing is left."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from studio.media import ErrorKind, FrameRing, RingLayout, SlotPool, StoaError


def layout(folder: Path) -> RingLayout:
    return RingLayout(str(folder / "ring"), 3, 64, 36)


def test_both_sides_see_the_same_slots(tmp_path: Path) -> None:
    writer = FrameRing.create(layout(tmp_path))
    reader = FrameRing.attach(layout(tmp_path))
    for slot in range(3):
        writer.picture(slot)[:] = 10 + slot
    assert [int(reader.picture(slot)[5, 5]) for slot in range(3)] == [10, 11, 12]
    assert reader.picture(0).shape == (54, 64)
    reader.picture(1)[0, 0] = 99
    assert writer.picture(1)[0, 0] == 99


def test_another_process_sees_it_too(tmp_path: Path) -> None:
    ring = FrameRing.create(layout(tmp_path))
    ring.picture(2)[:] = 77
    code = (
        "import sys; from studio.media import FrameRing, RingLayout;"
        f"ring = FrameRing.attach(RingLayout({str(tmp_path / 'ring')!r}, 3, 64, 36));"
        "assert ring.picture(2).min() == 77; ring.picture(0)[:] = 33"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
    assert int(ring.picture(0).min()) == 33


@pytest.mark.skipif(sys.platform == "win32", reason="Windows mappings have no file")
def test_the_file_is_private_reserved_and_made_only_once(tmp_path: Path) -> None:
    FrameRing.create(layout(tmp_path))
    status = (tmp_path / "ring").stat()
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert status.st_blocks * 512 >= status.st_size == layout(tmp_path).slot_bytes * 3
    with pytest.raises(FileExistsError):
        FrameRing.create(layout(tmp_path))


def test_slots_begin_on_pages_and_do_not_overlap(tmp_path: Path) -> None:
    cut = layout(tmp_path)
    assert cut.slot_bytes % 4096 == 0 and cut.slot_bytes >= 64 * 54
    ring = FrameRing.create(cut)
    for slot in range(3):
        ring.picture(slot)[:] = slot
    assert [np.unique(ring.picture(slot)).tolist() for slot in range(3)] == [[0], [1], [2]]


def test_memory_that_is_not_there_is_an_error_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(descriptor: int, offset: int, length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", no_room)
    with pytest.raises(StoaError) as caught:
        FrameRing.create(layout(tmp_path))
    assert caught.value.kind is ErrorKind.NO_SPACE and caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_ring_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoaError) as caught:
        FrameRing.attach(layout(tmp_path))
    assert caught.value.kind is ErrorKind.LOST


def test_without_its_name_it_lives_on_and_nothing_is_left(tmp_path: Path) -> None:
    ring = FrameRing.create(layout(tmp_path))
    ring.unlink()
    ring.unlink()
    assert list(tmp_path.iterdir()) == []
    ring.picture(0)[:] = 5
    view = ring.picture(0)
    ring.close()
    assert int(view[0, 0]) == 5, "a view that lives on keeps the memory"


def test_a_pool_hands_each_slot_to_one_and_says_when_it_is_empty() -> None:
    pool = SlotPool(2)
    first, second = pool.take(), pool.take()
    assert {first, second} == {0, 1}
    assert pool.take() is None and pool.free == 0
    assert second is not None
    pool.give_back(second)
    assert pool.take() == second
