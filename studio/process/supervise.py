"""Keep a child of one kind alive: start it, read it, notice its death or silence, start it again with back-off."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import IO, Any

import msgspec

from studio.media import Clock, EncodedPacket, PacketQueue, StoaError, StudioClock
from studio.process.backoff import Backoff
from studio.process.messages import End, Fault, Heartbeat
from studio.process.outbox import Outbox
from studio.process.spawn import SpawnedChild

START_LIMIT_S = 30.0
END_LIMIT_S = 3.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loss:
    """How a child's life ended without being asked to: its exit status, or that it was silent and killed."""

    status: int | None
    hung: bool
    alive_ns: int
    retry_in_s: float

    @property
    def words(self) -> str:
        if self.hung:
            return "it stopped answering and was ended"
        return f"it ended with status {self.status}" if self.status is not None else "it could not be started"


@dataclass(slots=True)
class ChildPlan:
    """What a supervised child is made of.

    `opening` makes the messages that a new child gets first (it is asked anew for each life). `on_message`,
    `on_started`
    and `on_lost` are called on the child's own supervising thread. `incoming` is the union of what the child may say,
    without Heartbeat and Fault, which are always allowed; a Fault goes to `on_message` too.
    """

    kind: str
    incoming: Any
    opening: Callable[[], Iterable[msgspec.Struct]]
    on_message: Callable[[Any], None]
    on_started: Callable[[int], None] = lambda pid: None
    on_lost: Callable[[Loss], None] = lambda loss: None
    packets: Callable[[], PacketQueue] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    end_limit_s: float = END_LIMIT_S
    restarts: bool = True


class SupervisedChild:
    """One child kept alive. `start`, `send`, `send_packet`, `restart`, `end` may be called from any thread."""

    def __init__(
        self,
        plan: ChildPlan,
        *,
        log_to: IO[bytes] | int | None = None,
        clock: Clock | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.plan = plan
        self._log_to = log_to
        self._clock = clock or StudioClock()
        self._backoff = backoff or Backoff()
        self._changed = threading.Condition()
        self._child: SpawnedChild | None = None
        self._outbox: Outbox | None = None
        self._deadline_ns = 0
        self._hung = False
        self._ending = False
        self.restarts = 0
        self.packet_queue: PacketQueue | None = None
        self._thread = threading.Thread(target=self._supervise, name=f"child {plan.kind}", daemon=True)

    def start(self) -> None:
        """Bring it up (returns at once)."""
        self._thread.start()

    @property
    def pid(self) -> int | None:
        child = self._child
        return child.pid if child else None

    @property
    def alive(self) -> bool:
        """False once it is gone for good (or was never started)."""
        return self._thread.is_alive()

    def send(self, message: msgspec.Struct) -> None:
        """Queue a message for the present child; dropped where none runs (its next life gets `opening`)."""
        outbox = self._outbox
        if outbox is not None:
            outbox.send(message)

    def send_packet(self, packet: EncodedPacket) -> bool:
        """Queue a packet for the present child; False where none runs or the queue gave something up."""
        outbox = self._outbox
        return outbox.send_packet(packet) if outbox is not None else False

    def check(self) -> None:
        """The watchdog's turn: kill the child if it has been silent for longer than it said."""
        child = self._child
        if child is not None and self._deadline_ns and self._clock.now_ns() > self._deadline_ns:
            log.warning("%s (pid %d) is silent and is ended", self.plan.kind, child.pid)
            self._hung = True
            self._deadline_ns = 0
            child.kill()

    def restart(self) -> None:
        """Kill the present life; the next begins after the back-off."""
        child = self._child
        if child is not None:
            child.kill()

    def end(self, *, wait: bool = True) -> None:
        """Ask it to finish in order, and make it after `end_limit_s`. With `wait` returns once it is gone."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        outbox, child = self._outbox, self._child
        if outbox is not None:
            outbox.close(End())
        if child is not None:
            self._kill_later(child)
        if wait:
            self.join()

    def _kill_later(self, child: SpawnedChild) -> None:
        killer = threading.Timer(self.plan.end_limit_s, child.kill)
        killer.daemon = True
        killer.start()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait until it is gone for good."""
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _supervise(self) -> None:
        while not self._ending:
            born_ns = self._clock.now_ns()
            status = self._live()
            with self._changed:
                if self._ending or not self.plan.restarts:
                    if not self._ending:
                        alive_ns = self._clock.now_ns() - born_ns
                        self.plan.on_lost(Loss(status, self._hung, alive_ns, 0.0))
                    return
                alive_ns = self._clock.now_ns() - born_ns
                delay_s = self._backoff.after_failure(alive_ns)
                loss = Loss(status, self._hung, alive_ns, delay_s)
                log.warning("%s: %s; again in %.2f s", self.plan.kind, loss.words, delay_s)
            self.restarts += 1
            self.plan.on_lost(loss)
            with self._changed:
                if not self._ending:
                    self._changed.wait(delay_s)

    def _live(self) -> int | None:
        """One life: returns its exit status, None where it never began."""
        try:
            child = SpawnedChild(
                self.plan.kind,
                self.plan.incoming | Heartbeat | Fault,
                log=self._log_to,
                environment=self.plan.environment,
            )
        except StoaError:
            log.exception("no process for %s", self.plan.kind)
            return None
        self._hung = False
        self._deadline_ns = self._clock.now_ns() + int(START_LIMIT_S * 1e9)
        self.packet_queue = self.plan.packets() if self.plan.packets else None
        outbox = Outbox(child.link, self.packet_queue)
        try:
            for message in self.plan.opening():
                outbox.send(message)
            self._child, self._outbox = child, outbox
            if self._ending:
                outbox.close(End())
                self._kill_later(child)
            self.plan.on_started(child.pid)
            self._read(child)
        except Exception:
            log.exception("the link to %s broke", self.plan.kind)
            child.kill()
        finally:
            self._child = self._outbox = None
            self._deadline_ns = 0
            outbox.close()
        status = child.wait(self.plan.end_limit_s)
        if status is None:
            child.kill()
            status = child.wait()
        child.link.close_writer()
        child.link.close_reader()
        return status

    def _read(self, child: SpawnedChild) -> None:
        while (message := child.link.receive()) is not None:
            if isinstance(message, Heartbeat):
                self._deadline_ns = self._clock.now_ns() + int(message.limit_s * 1e9)
            else:
                self.plan.on_message(message)


class Watchdog:
    """One thread that checks all supervised children of this process four times a second."""

    EVERY_S = 0.25

    def __init__(self) -> None:
        self._children: list[SupervisedChild] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, child: SupervisedChild) -> None:
        with self._lock:
            self._children.append(child)

    def remove(self, child: SupervisedChild) -> None:
        with self._lock:
            if child in self._children:
                self._children.remove(child)

    def stop(self) -> None:
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(self.EVERY_S):
            with self._lock:
                children = list(self._children)
            for child in children:
                child.check()
