"""An engine without processes or waiting: plays a source on a clock that jumps to wherever the source sleeps to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from studio.media import FrameRing, RingLayout, StoaError
from studio.source.contract import (
    Ended,
    GiveBack,
    Opened,
    OpenSource,
    Picture,
    ProgramGrid,
    RingAttached,
    RingWanted,
    Sound,
    SourceKind,
    SourceStatistics,
    UseRing,
)
from studio.source.outlet import Outlet, Play


class JumpingClock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self, now_ns: int = 5_000_000_000) -> None:
        self._now_ns = now_ns
        self.on_move: Callable[[int], None] = lambda now_ns: None

    def now_ns(self) -> int:
        return self._now_ns

    def sleep_until_ns(self, instant_ns: int) -> None:
        self._now_ns = max(self._now_ns, instant_ns)
        self.on_move(self._now_ns)


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """A picture that was sent: its instant and what `keep` made of it."""

    pts_ns: int
    kept: Any


class FakeEngine:
    """The link of one source's outlet. Stops it once the clock has run for `run_s`."""

    def __init__(
        self,
        folder: Path,
        target: str,
        *,
        kind: SourceKind = SourceKind.CLIP,
        run_s: float = 3.0,
        fps: tuple[int, int] = (30, 1),
        size: tuple[int, int] = (320, 180),
        video: bool = True,
        audio: bool = True,
        loop: bool = True,
        keep: Callable[[npt.NDArray[np.uint8]], Any] = lambda picture: None,
    ) -> None:
        self.clock = JumpingClock()
        self.clock.on_move = self._moved
        self.stopping = threading.Event()
        self.grid = ProgramGrid(self.clock.now_ns() - 1_000_000_000, *fps)
        self.request = OpenSource(kind, target, self.grid, *size, video=video, audio=audio, loop=loop)
        self.opened: Opened | None = None
        self.pictures: list[SeenPicture] = []
        self.sounds: list[tuple[int, npt.NDArray[np.float32]]] = []
        self.faults: list[StoaError] = []
        self.wanted: list[RingWanted] = []
        self.ended = False
        self._folder = folder
        self._keep = keep
        self._until_ns = self.clock.now_ns() + int(run_s * 1e9)
        self._ring: FrameRing | None = None
        self.outlet = Outlet(self, self.clock)
        self.outlet.hold = self._hold  # type: ignore[method-assign]  # nothing moves this clock any more
        self.held = False

    def play(self, play: Play) -> FakeEngine:
        """Play to the end. A StoaError is kept among the faults."""
        try:
            play(self.outlet, self.request)
        except StoaError as error:
            self.faults.append(error)
        finally:
            self.outlet.close()
        return self

    @property
    def sound(self) -> npt.NDArray[np.float32]:
        """All sound, shape (count, 2)."""
        return np.concatenate([samples for _, samples in self.sounds] or [np.zeros((0, 2), np.float32)])

    @property
    def first_ns(self) -> int:
        """The instant of the first picture."""
        return self.pictures[0].pts_ns

    def shown(self, start_ns: int, ticks: int) -> list[Any]:
        """What a program shows at so many ticks from an instant on: at each the picture nearest in time."""
        first = self.grid.first_tick_at(start_ns)
        instants = np.array([picture.pts_ns for picture in self.pictures])
        nearest = [int(np.abs(instants - self.grid.tick_ns(first + k)).argmin()) for k in range(ticks)]
        return [self.pictures[index].kept for index in nearest]

    def assert_sound_contiguous(self) -> None:
        """Every block begins where the one before ended, to the sample."""
        first_ns, count = self.sounds[0][0], 0
        for pts_ns, samples in self.sounds:
            assert abs(pts_ns - (first_ns + count * 1_000_000_000 // 48_000)) <= 1
            assert len(samples) % 480 == 0
            count += len(samples)

    # ------------------------------------------------------------ the link

    def send(self, message: msgspec.Struct) -> bool:
        match message:
            case Opened():
                self.opened = message
            case RingWanted(width_px, height_px, slots):
                path = self._folder / f"ring-{len(self.wanted)}"
                self.wanted.append(message)
                self._ring = FrameRing.create(RingLayout(str(path), slots, width_px, height_px))
                self.outlet.accept(UseRing(self._ring.layout))
            case RingAttached(path):
                Path(path).unlink()
            case Picture(slot, pts_ns):
                assert self._ring is not None
                self.pictures.append(SeenPicture(pts_ns, self._keep(self._ring.picture(slot))))
                self.outlet.accept(GiveBack([slot]))
            case Sound(samples, pts_ns):
                self.sounds.append((pts_ns, np.frombuffer(samples, np.float32).reshape(-1, 2)))
            case Ended():
                self.ended = True
            case SourceStatistics():
                pass
        return True

    def beat(self, limit_s: float = 3.0) -> None:
        pass

    def fault(self, error: StoaError) -> None:
        self.faults.append(error)

    def _hold(self) -> None:
        self.held = True

    def _moved(self, now_ns: int) -> None:
        if now_ns >= self._until_ns:
            self.stopping.set()
