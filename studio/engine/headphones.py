"""Monitoring the program on headphones: the master's sound in a child of its own, which alone knows PortAudio."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import IO, Any

import msgspec
import numpy as np

from studio.control.api import HeadphonesSet
from studio.media import CHANNELS, SAMPLE_RATE_HZ, Clock, StoaError
from studio.mixer.mixer import Mixed
from studio.process import ChildLink, ChildPipes, ChildPlan, Fault, SupervisedChild, Watchdog

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


class Headphones:
    """The engine's side. `hear` belongs to the program thread, `set` and `close` to the engine's loop."""

    def __init__(
        self, clock: Clock, watchdog: Watchdog, notice: Callable[[str, str], None], log_to: IO[bytes] | int | None
    ) -> None:
        self._clock = clock
        self._watchdog = watchdog
        self._notice = notice
        self._log_to = log_to
        self._child: SupervisedChild | None = None
        self._gain = np.float32(1.0)

    def set(self, request: HeadphonesSet) -> None:
        """Begin, change or stop monitoring."""
        self._gain = np.float32(10 ** (min(0.0, request.volume_db) / 20))
        self.close()
        if request.device is None:
            return
        device = request.device
        child = SupervisedChild(
            ChildPlan("monitor_out", Playing, opening=lambda: [OpenHeadphones(device)], on_message=self._on_message),
            log_to=self._log_to,
            clock=self._clock,
        )
        self._watchdog.add(child)
        child.start()
        self._child = child

    def hear(self, mixed: Mixed) -> None:
        """The master's newest samples, or those of the monitored strips."""
        child = self._child
        if child is not None:
            heard = mixed.samples if mixed.monitored is None else mixed.monitored
            child.send(MonitorSound((heard * self._gain).astype(np.float32).tobytes()))

    def close(self) -> None:
        """Stop monitoring."""
        child, self._child = self._child, None
        if child is not None:
            self._watchdog.remove(child)
            child.end(wait=False)

    def _on_message(self, message: Playing | Fault) -> None:
        if isinstance(message, Fault):
            log.warning("headphones: %s", message.message)


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
        with open_headphones(player.device, player.fill) as stream:
            link.send(Playing())
            while stream.active and not link.stopping.wait(0.5):
                link.beat()
    except StoaError as error:
        link.fault(error)
        link.stopping.wait(2.0)
