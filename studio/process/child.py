"""The child's side: its pipes, its end, its heartbeat.

The pipes are taken off descriptors 0 and 1 at once and those pointed elsewhere, so that a chatty library cannot write
into the link. Children ignore Ctrl-C. When the owner's pipe closes, the child has `END_GRACE_S` to finish in order.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from studio.media import StoaError, StudioClock
from studio.process.children import NOT_ON_AIR, entry_point
from studio.process.link import Link
from studio.process.messages import End, Fault, Heartbeat
from studio.process.priority import put_first

END_GRACE_S = 2.5
BEAT_EVERY_NS = 500_000_000
CHATTY = ("httpx", "httpcore", "websockets", "qasync")
"""Libraries that log every request, with its address."""


class ChildPipes:
    """The raw descriptors of a child's link, before its kind has said which messages travel on it."""

    def __init__(self) -> None:
        self.read_fd = os.dup(0)
        self.write_fd = os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)


class ChildLink[Incoming]:
    """A child's link to its owner.

    `on_message` is called on the reading thread for each message but End. `stopping` is set by End, by end of file, and
    by `stop`; `on_stop` is then called once, on the reading thread. A child that has not left `grace_s` later is ended.
    """

    def __init__(
        self,
        pipes: ChildPipes,
        incoming: Any,
        on_message: Callable[[Incoming], None],
        *,
        on_stop: Callable[[], None] | None = None,
        grace_s: float = END_GRACE_S,
        on_orphaned: Callable[[], None] | None = None,
    ) -> None:
        """With `on_orphaned` end of file is no end: that is called instead (on the reading thread), and the child goes
        on until `stop`."""
        self._link: Link[Any] = Link(pipes.read_fd, pipes.write_fd, incoming | End)
        self._on_message = on_message
        self._on_stop = on_stop
        self._grace_s = grace_s
        self._on_orphaned = on_orphaned
        self._clock = StudioClock()
        self._beat_ns = 0
        self.stopping = threading.Event()
        self._reader = threading.Thread(target=self._read, name="link", daemon=True)

    def start(self) -> None:
        """Begin to read. Call once, when the child can take messages."""
        self._reader.start()

    def send(self, message: msgspec.Struct) -> bool:
        """Any thread. False where the owner is gone."""
        return self._link.send(message)

    def beat(self, limit_s: float = 3.0) -> None:
        """Say "alive" (at most twice a second); call it from the loop that does the work, never from a timer.

        Before something that may take longer than 3 s, say how long at most: the owner kills what is silent longer.
        """
        now_ns = self._clock.now_ns()
        if now_ns - self._beat_ns >= BEAT_EVERY_NS or limit_s != 3.0:
            self._beat_ns = now_ns
            self._link.send(Heartbeat(limit_s))

    def fault(self, error: StoaError) -> None:
        """Tell the owner of an error."""
        self._link.send(Fault(error.kind, error.message, error.remedy, error.permanent))

    def stop(self) -> None:
        """Begin the orderly end from inside."""
        if not self.stopping.is_set():
            self.stopping.set()
            timer = threading.Timer(self._grace_s, os._exit, (70,))
            timer.daemon = True
            timer.start()
            if self._on_stop is not None:
                self._on_stop()

    def _read(self) -> None:
        message: Any = None
        try:
            while (message := self._link.receive()) is not None and not isinstance(message, End):
                self._on_message(message)
        except Exception:
            logging.getLogger(__name__).exception("the child's link broke")
        if self._on_orphaned is not None and not isinstance(message, End):
            self._on_orphaned()
        else:
            self.stop()


def run_child(kind: str) -> int:
    """`stoa --child KIND`: become that child. Returns its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if kind not in NOT_ON_AIR:
        put_first()
    pipes = ChildPipes()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"%(asctime)s {kind} {os.getpid()} %(message)s")
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    entry_point(kind)(pipes)
    return 0
