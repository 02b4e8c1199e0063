"""Monitoring the program on headphones: the master's sound in a child of its own, which alone knows PortAudio."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import IO, Any

import msgspec
import numpy as np

from studio.control.api import HeadphonesInfo, HeadphonesSet, Problem
from studio.media import CHANNELS, SAMPLE_RATE_HZ, Clock, ErrorKind, StoaError
from studio.mixer.mixer import Mixed
from studio.process import ChildLink, ChildPipes, ChildPlan, Fault, Loss, SupervisedChild, Watchdog

BUFFER_SAMPLES = SAMPLE_RATE_HZ // 10
log = logging.getLogger(__name__)


class OpenHeadphones(msgspec.Struct, frozen=True, tag="open"):
    """The first message: the output's identity ("" the system's own)."""

    device: str


class MonitorSound(msgspec.Struct, frozen=True, tag="sound"):
    """float32 little-endian, interleaved stereo, 48 kHz."""

    samples: bytes


class Playing(msgspec.Struct, frozen=True, tag="playing"):
    """The headphones play."""

    name: str


class Headphones:
    """The engine's side. `hear` belongs to the program thread, all else to the engine's loop.

    off ── set ──► opening ──► playing ◄──► failed (its child tries again by itself)
    """

    def __init__(
        self,
        clock: Clock,
        watchdog: Watchdog,
        on_changed: Callable[[HeadphonesInfo], None],
        log_to: IO[bytes] | int | None,
    ) -> None:
        self._clock = clock
        self._watchdog = watchdog
        self._on_changed = on_changed
        self._log_to = log_to
        self._loop = asyncio.get_running_loop()
        self._child: SupervisedChild | None = None
        self._gain = np.float32(1.0)
        self.info = HeadphonesInfo()

    def set(self, request: HeadphonesSet) -> None:
        """Begin, change or stop monitoring. Another volume is heard at once; what failed is opened anew."""
        volume_db = min(0.0, request.volume_db)
        self._gain = np.float32(10 ** (volume_db / 20))
        if request.device == self.info.device and self.info.state in ("playing", "opening"):
            self._tell(msgspec.structs.replace(self.info, volume_db=volume_db))
            return
        self._end()
        if request.device is None:
            self._tell(HeadphonesInfo(volume_db=volume_db))
            return
        device = request.device
        child = SupervisedChild(
            ChildPlan(
                "monitor_out",
                Playing,
                opening=lambda: [OpenHeadphones(device)],
                on_message=lambda message: self._post(self._on_message, child, message),
                on_lost=lambda loss: self._post(self._on_loss, child, loss),
            ),
            log_to=self._log_to,
            clock=self._clock,
        )
        self._child = child
        self._watchdog.add(child)
        self._tell(HeadphonesInfo(device, volume_db=volume_db, state="opening", words="The headphones are opened."))
        child.start()

    def hear(self, mixed: Mixed) -> None:
        """The master's newest samples, or those of the monitored strips."""
        child = self._child
        if child is not None:
            heard = mixed.samples if mixed.monitored is None else mixed.monitored
            child.send(MonitorSound((heard * self._gain).astype(np.float32).tobytes()))

    def close(self) -> None:
        """Stop monitoring, at the engine's end."""
        self._end()

    # -- the child ---------------------------------------------------------------------------------------------------

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            self._watchdog.remove(child)
            child.end(wait=False)

    def _post(self, function: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def _on_message(self, child: SupervisedChild, message: Playing | Fault) -> None:
        if child is not self._child:  # the last words of headphones that were left
            return
        if isinstance(message, Fault):
            log.warning("headphones: %s", message.message)
            self._fail(message)
        else:
            words = f"The program plays on {message.name}."
            self._tell(
                msgspec.structs.replace(self.info, name=message.name, state="playing", words=words, problem=None)
            )

    def _on_loss(self, child: SupervisedChild, loss: Loss) -> None:
        if child is not self._child or self.info.state == "failed":
            return
        words = "The headphones went away." if loss.status == 0 else f"The headphones' process was lost: {loss.words}."
        self._fail(Fault(ErrorKind.LOST, words, "They are tried again by themselves."))

    def _fail(self, fault: Fault) -> None:
        problem = Problem(fault.kind, fault.message, fault.remedy, fault.permanent)
        self._tell(msgspec.structs.replace(self.info, state="failed", words=fault.message, problem=problem))

    def _tell(self, info: HeadphonesInfo) -> None:
        if info != self.info:
            self.info = info
            self._on_changed(info)


class _Player:
    """The child's side: a short buffer between the link and PortAudio's callback; what is too old is left out."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.device = ""
        self._blocks: deque[np.ndarray[Any, np.dtype[np.float32]]] = deque()
        self._lock = threading.Lock()

    def take(self, message: OpenHeadphones | MonitorSound) -> None:
        if isinstance(message, OpenHeadphones):
            self.device = message.device
            self.opened.set()
            return
        with self._lock:
            self._blocks.append(np.frombuffer(message.samples, np.float32).reshape(-1, CHANNELS))
            while sum(map(len, self._blocks)) > 2 * BUFFER_SAMPLES:
                self._blocks.popleft()

    def fill(self, out: np.ndarray[Any, np.dtype[np.float32]]) -> None:
        """PortAudio's callback."""
        at = 0
        with self._lock:
            while at < len(out) and self._blocks:
                block = self._blocks.popleft()
                count = min(len(block), len(out) - at)
                out[at : at + count] = block[:count]
                if count < len(block):
                    self._blocks.appendleft(block[count:])
                at += count
        out[at:] = 0


def run(pipes: ChildPipes) -> None:
    """The child "monitor_out"."""
    player = _Player()
    link: ChildLink[OpenHeadphones | MonitorSound] = ChildLink(
        pipes, OpenHeadphones | MonitorSound, player.take, on_stop=player.opened.set
    )
    link.start()
    player.opened.wait()
    if link.stopping.is_set():
        return
    from studio.engine.playback import open_headphones

    try:
        stream, name = open_headphones(player.device, player.fill)
        with stream:
            link.send(Playing(name))
            while stream.active and not link.stopping.wait(0.5):
                link.beat()
    except StoaError as error:
        link.fault(error)
        link.stopping.wait(2.0)
