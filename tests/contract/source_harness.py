"""A small engine for one source: starts its process, makes its rings, keeps what it sends, gives its slots back.

Other builders' contract tests use it too. Times are those of the real studio clock; tests wait for facts with limits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.media import FrameRing, RingLayout, StudioClock
from studio.process import End, Fault, Heartbeat, SpawnedChild
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
    SourceToEngine,
    UseRing,
)

Keep = Callable[[npt.NDArray[np.uint8]], Any]


def copy_picture(picture: npt.NDArray[np.uint8]) -> Any:
    """Keep all of a picture, I420, shape (height * 3 // 2, width)."""
    return picture.copy()


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """A picture as it came: its instant, when it arrived, and what `keep` made of it."""

    pts_ns: int
    at_ns: int
    kept: Any


@dataclass(frozen=True, slots=True)
class SeenSound:
    """A block as it came."""

    pts_ns: int
    at_ns: int
    samples: npt.NDArray[np.float32]


class SourceRun:
    """One life of a source's process. A context manager: leaving it ends the child and removes its rings.

    `keep` says what to remember of each picture (default: nothing but its times). With `give_back=False` the engine
    holds every slot it gets; `release()` gives them back.
    """

    def __init__(
        self,
        folder: Path,
        kind: SourceKind,
        target: str = "",
        *,
        fps: tuple[int, int] = (30, 1),
        size: tuple[int, int] = (320, 180),
        video: bool = True,
        audio: bool = True,
        loop: bool = True,
        width_px: int = 0,
        height_px: int = 0,
        device_fps: float = 0.0,
        keep: Keep = lambda picture: None,
        give_back: bool = True,
    ) -> None:
        self.clock = StudioClock()
        self.request = OpenSource(
            kind=kind,
            target=target,
            grid=ProgramGrid(self.clock.now_ns(), *fps),
            max_width_px=size[0],
            max_height_px=size[1],
            video=video,
            audio=audio,
            loop=loop,
            width_px=width_px,
            height_px=height_px,
            fps=device_fps,
        )
        self.opened: Opened | None = None
        self.wanted: list[RingWanted] = []
        self.pictures: list[SeenPicture] = []
        self.sounds: list[SeenSound] = []
        self.faults: list[Fault] = []
        self.statistics: list[SourceStatistics] = []
        self.beats = 0
        self.ended = False
        self.gone = threading.Event()
        self._folder = folder
        self._keep = keep
        self._give_back = give_back
        self._held: list[int] = []
        self._rings: list[FrameRing] = []
        self._changed = threading.Condition()
        self.child = SpawnedChild(kind.value, SourceToEngine | Heartbeat | Fault)
        self.child.link.send(self.request)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> SourceRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ waiting

    def wait_for(self, fact: Callable[[], bool], limit_s: float = 20.0) -> None:
        """Wait until `fact()`; fails after `limit_s` or when the child has gone without it."""
        with self._changed:
            met = self._changed.wait_for(lambda: fact() or self.gone.is_set(), limit_s)
            assert met and fact(), f"not met within {limit_s} s: {self.words}"

    def wait_media(self, *, pictures: int = 0, sound_s: float = 0.0, limit_s: float = 20.0) -> None:
        """Wait until so much has come."""
        self.wait_for(
            lambda: len(self.pictures) >= pictures and self.sound_samples >= sound_s * 48_000, limit_s=limit_s
        )

    def wait_gone(self, limit_s: float = 10.0) -> int | None:
        """Wait for the child's own end; its exit status."""
        assert self.gone.wait(limit_s), "the source still runs"
        return self.child.wait(5.0)

    @property
    def words(self) -> str:
        return (
            f"opened={self.opened} pictures={len(self.pictures)} samples={self.sound_samples} faults={self.faults} "
            f"beats={self.beats} gone={self.gone.is_set()}"
        )

    @property
    def sound_samples(self) -> int:
        return sum(len(sound.samples) for sound in self.sounds)

    @property
    def sound(self) -> npt.NDArray[np.float32]:
        """All sound so far, shape (count, 2)."""
        return np.concatenate([sound.samples for sound in self.sounds] or [np.zeros((0, 2), np.float32)])

    # ------------------------------------------------------------ the engine's part

    def release(self) -> None:
        """Give back the slots that were held, and from now on each at once."""
        with self._changed:
            self._give_back = True
            held, self._held = self._held, []
        self.child.link.send(GiveBack(held))

    def end(self) -> int | None:
        """Ask for the orderly end; its exit status, None where it did not end in time."""
        self.child.link.send(End())
        return self.child.wait(5.0)

    def cut(self) -> int | None:
        """Close the child's pipe as a dying engine does; its exit status, None where it lived on."""
        self.child.link.close_writer()
        return self.child.wait(5.0)

    def close(self) -> None:
        """End whatever is left; every ring's name must be gone already."""
        self.child.link.close_writer()
        if self.child.wait(5.0) is None:
            self.child.kill()
            self.child.wait()
        self._thread.join(5.0)
        self.child.link.close_reader()
        for ring in self._rings:
            ring.close()

    @property
    def ring_files(self) -> list[Path]:
        """Ring files that still have a name."""
        return list(self._folder.glob("ring-*"))

    def _read(self) -> None:
        while (message := self.child.link.receive()) is not None:
            with self._changed:
                self._take(message)
                self._changed.notify_all()
        self.gone.set()
        with self._changed:
            self._changed.notify_all()

    def _take(self, message: Any) -> None:
        now_ns = self.clock.now_ns()
        match message:
            case Opened():
                self.opened = message
            case RingWanted(width_px, height_px, slots):
                self.wanted.append(message)
                path = self._folder / f"ring-{self.child.pid}-{len(self._rings)}"
                self._rings.append(FrameRing.create(RingLayout(str(path), slots, width_px, height_px)))
                self.child.link.send(UseRing(self._rings[-1].layout))
            case RingAttached(path):
                Path(path).unlink()
            case Picture(slot, pts_ns):
                self.pictures.append(SeenPicture(pts_ns, now_ns, self._keep(self._rings[-1].picture(slot))))
                if self._give_back:
                    self.child.link.send(GiveBack([slot]))
                else:
                    self._held.append(slot)
            case Sound(samples, pts_ns):
                block = np.frombuffer(samples, np.float32).reshape(-1, 2)
                self.sounds.append(SeenSound(pts_ns, now_ns, block))
            case Ended():
                self.ended = True
            case SourceStatistics():
                self.statistics.append(message)
            case Fault():
                self.faults.append(message)
            case Heartbeat():
                self.beats += 1


def assert_contiguous(sounds: list[SeenSound]) -> None:
    """Each block begins where the one before ended, to the sample, and holds a whole multiple of 10 ms."""
    assert sounds
    first_ns, count = sounds[0].pts_ns, 0
    for sound in sounds:
        assert abs(sound.pts_ns - (first_ns + count * 1_000_000_000 // 48_000)) <= 1, "the sound jumps"
        assert len(sound.samples) % 480 == 0 and len(sound.samples), "not a multiple of 10 ms"
        count += len(sound.samples)


def assert_monotonic(pictures: list[SeenPicture]) -> None:
    """Instants only grow."""
    instants = [picture.pts_ns for picture in pictures]
    assert all(later > earlier for earlier, later in pairwise(instants)), "time went back"
