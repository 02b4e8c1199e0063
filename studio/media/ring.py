"""Pictures between two processes: a file of equal slots that both map; who owns a slot is told by messages on a pipe.

Python has no memory barriers, so no flag in the shared memory ever says who may read: the pipe does. Rings are made by
the engine in the runtime folder (0600, on tmpfs, space reserved so that a full tmpfs is an error here and not a SIGBUS
later) and their names are taken away as soon as the other side has mapped them.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.media.errors import ErrorKind, StoaError
from studio.media.frame import i420_bytes

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class RingLayout:
    """Where a ring lies and how it is cut. Slots hold one I420 picture of `width_px` × `height_px` each."""

    path: str
    slots: int
    width_px: int
    height_px: int

    @property
    def slot_bytes(self) -> int:
        """Bytes of one slot, rounded up to whole pages."""
        page = mmap.PAGESIZE
        return (i420_bytes(self.width_px, self.height_px) + page - 1) // page * page


class FrameRing:
    """The mapped slots. `picture(k)` is a writable view of slot k, valid until `close`.

    Either side may use any thread, but a slot belongs to one side at a time.
    """

    def __init__(self, layout: RingLayout, mapping: mmap.mmap) -> None:
        self.layout = layout
        self._mapping: mmap.mmap | None = mapping
        count = i420_bytes(layout.width_px, layout.height_px)
        shape = (layout.height_px * 3 // 2, layout.width_px)
        self._pictures = [
            np.frombuffer(mapping, np.uint8, count, slot * layout.slot_bytes).reshape(shape)
            for slot in range(layout.slots)
        ]

    @classmethod
    def create(cls, layout: RingLayout) -> FrameRing:
        """Make the file (exclusively) and map it. Raises StoaError(NO_SPACE) where the memory is not there."""
        size = layout.slot_bytes * layout.slots
        if sys.platform == "win32":
            return cls(layout, mmap.mmap(-1, size, tagname=layout.path))
        descriptor = os.open(layout.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, size)
            else:
                os.ftruncate(descriptor, size)
            return cls(layout, mmap.mmap(descriptor, size))
        except OSError as cause:
            Path(layout.path).unlink()
            raise StoaError(
                ErrorKind.NO_SPACE,
                f"There is no shared memory left for pictures of {layout.width_px}x{layout.height_px}.",
                remedy="Close other programs or make /dev/shm larger.",
            ) from cause
        finally:
            os.close(descriptor)

    @classmethod
    def attach(cls, layout: RingLayout) -> FrameRing:
        """Map a ring that the engine made. Raises StoaError(LOST) where it is gone."""
        size = layout.slot_bytes * layout.slots
        if sys.platform == "win32":
            return cls(layout, mmap.mmap(-1, size, tagname=layout.path))
        try:
            descriptor = os.open(layout.path, os.O_RDWR)
        except OSError as cause:
            raise StoaError(ErrorKind.LOST, "The engine's picture memory is gone.") from cause
        try:
            return cls(layout, mmap.mmap(descriptor, size))
        finally:
            os.close(descriptor)

    def picture(self, slot: int) -> npt.NDArray[np.uint8]:
        """Slot `slot` as I420, shape (height * 3 // 2, width)."""
        return self._pictures[slot]

    def unlink(self) -> None:
        """Take the name away; mappings stay valid. Harmless where it is gone already."""
        if sys.platform != "win32":
            Path(self.layout.path).unlink(missing_ok=True)

    def close(self) -> None:
        """Drop the mapping once no view is left (a view that lives on keeps the memory, never dangles)."""
        self._pictures = []
        self._mapping = None


class SlotPool:
    """The writer's account of its free slots. One thread takes, another may give back: a deque's ends are atomic."""

    def __init__(self, slots: int) -> None:
        self._free = deque(range(slots))

    def take(self) -> int | None:
        """A free slot, or None where the reader holds all of them."""
        try:
            return self._free.popleft()
        except IndexError:
            return None

    def give_back(self, slot: int) -> None:
        """The reader is done with `slot`."""
        self._free.append(slot)

    @property
    def free(self) -> int:
        return len(self._free)
