"""The life of a destination's process: connect, hand packets over, notice the loss, connect again.

The link's thread queues packets; the runner's (the main) thread connects and writes. A destination that takes less than
is sent loses its own video up to the next keyframe and keeps its sound; nobody else notices.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Protocol

import msgspec

from studio.destination.connection import Connection, MakeConnection
from studio.destination.contract import (
    DestinationState,
    EngineToDestination,
    FreshSecret,
    KeyframeWanted,
    OpenDestination,
    Retry,
    StateChanged,
)
from studio.destination.hang_up import HungUp
from studio.destination.lifecycle import Lifecycle
from studio.destination.tally import Tally
from studio.media import NS_PER_S, Clock, EncodedPacket, ErrorKind, OverflowPolicy, PacketQueue, StoaError, StudioClock
from studio.process import ChildLink, ChildPipes

QUEUE_MS = 1_500
QUEUE_BYTES = 16 * 1024 * 1024
TURN_S = 0.25
REPORT_EVERY_NS = NS_PER_S // 2
PROVEN_NS = 300_000_000
"""A connection counts as live once it has taken pictures for so long: servers that refuse a key may do so by hanging
up on the first of them."""
DRAIN_NS = 1_500_000_000
GRACE_S = 4.5
SLOW_WORDS_NS = 5 * NS_PER_S

log = logging.getLogger(__name__)


class Owner(Protocol):
    """What the runner needs of its link."""

    def send(self, message: msgspec.Struct) -> bool: ...

    def beat(self, limit_s: float = 3.0) -> None: ...


class Runner:
    """`take` and `stop` are called on the link's thread, `run` on the main thread."""

    def __init__(self, make: MakeConnection, clock: Clock | None = None) -> None:
        self._make = make
        self._clock = clock or StudioClock()
        self._queue = PacketQueue(
            limit_ms=QUEUE_MS, limit_bytes=QUEUE_BYTES, policy=OverflowPolicy.DROP_VIDEO_TO_KEYFRAME
        )
        self._changed = threading.Condition()
        self._opening: OpenDestination | None = None
        self._retry = False
        self._stopping = False
        self._stopped_ns = 0
        self._connecting = False
        self._lifecycle = Lifecycle("")
        self._tally = Tally()
        self._reported_ns = 0
        self._lost_seen = 0
        self._slow_until_ns = 0

    # -- the link's thread -------------------------------------------------------------------------------------------

    def take(self, message: OpenDestination | EncodedPacket | Retry | FreshSecret) -> None:
        """What the engine says."""
        if isinstance(message, EncodedPacket):
            self._queue.put(message)
            return
        with self._changed:
            if isinstance(message, Retry):
                self._retry = True
            elif isinstance(message, OpenDestination):
                self._opening = message
            elif self._opening is not None:
                self._opening = msgspec.structs.replace(self._opening, secret=message.secret)
                self._retry = self._lifecycle.state is DestinationState.FAILED  # perhaps it was the old one's fault
            self._changed.notify_all()

    def stop(self) -> None:
        """Hand over what is queued, close, and leave `run`."""
        with self._changed:
            self._stopping = True
            self._stopped_ns = self._clock.now_ns()
            self._changed.notify_all()
        self._queue.close()

    @property
    def is_connecting(self) -> bool:
        """Whether the main thread is inside a try to connect, which cannot be interrupted."""
        return self._connecting

    @property
    def _is_live(self) -> bool:
        return self._lifecycle.state is DestinationState.LIVE

    # -- the main thread ---------------------------------------------------------------------------------------------

    def run(self, owner: Owner) -> None:
        """Until `stop`."""
        opening = self._wait_for_opening(owner)
        if opening is None:
            return
        self._lifecycle = Lifecycle(opening.words_url, was_live=opening.was_live)
        while not self._stopping:
            self._say(owner, self._lifecycle.begin_try())
            error = self._one_connection(self._opening or opening, owner)
            self._tally.connection_ended()
            if error is not None and not self._stopping:
                log.info("%s", error.message)
                self._say(owner, self._lifecycle.failed(error, self._clock.now_ns()))
                self._wait_to_retry(owner)
        self._report(owner, at_once=True)
        if self._is_live:
            self._say(owner, self._lifecycle.ended())

    def _one_connection(self, opening: OpenDestination, owner: Owner) -> StoaError | None:
        """From connecting to the loss: why it was lost, or None where it was asked to end."""
        connection: Connection | None = None
        try:
            connection = self._make(opening, lambda reason: self._want_keyframe(owner, reason))
            owner.beat(connection.connect_limit_s + 3.0)
            self._connecting = True
            connection.connect()
            self._connecting = False
            self._queue.await_keyframe()
            self._want_keyframe(owner, f"{opening.words_url} begins")
            self._hand_over(connection, owner)
            return None
        except StoaError as error:
            return error
        finally:
            self._connecting = False
            if connection is not None:
                owner.beat(connection.write_limit_s + 3.0)
                connection.close()

    def _hand_over(self, connection: Connection, owner: Owner) -> None:
        first_ns: int | None = None
        while not self._is_drained():
            packet = self._queue.get(TURN_S)
            if packet is None:
                connection.check()
            else:
                try:
                    connection.write(packet)
                except StoaError as error:
                    raise error if self._is_live else _hung_up(error) from error
                self._tally.count(packet, self._clock.now_ns(), self._queue.dropped_video)
                if packet.codec.is_video and first_ns is None:
                    first_ns = self._clock.now_ns()
            now_ns = self._clock.now_ns()
            if not self._is_live and first_ns is not None and now_ns - first_ns >= PROVEN_NS:
                self._say(owner, self._lifecycle.connected(now_ns))
                self._lost_seen = self._queue.dropped_video
            if now_ns - self._reported_ns >= REPORT_EVERY_NS:
                connection.check()
                self._tally.measured(connection.measures())
                owner.beat(connection.write_limit_s + 3.0)
                self._report(owner)
                self._mind_the_speed(owner, now_ns)

    def _is_drained(self) -> bool:
        if not self._stopping:
            return False
        return not self._queue.queued_bytes or self._clock.now_ns() - self._stopped_ns > DRAIN_NS

    def _mind_the_speed(self, owner: Owner, now_ns: int) -> None:
        """Say once when pictures begin to be dropped, and once when that is over."""
        if not self._is_live:
            return
        lost = self._queue.dropped_video
        if lost > self._lost_seen:
            if not self._slow_until_ns:
                self._say(owner, self._lifecycle.slow())
            self._slow_until_ns = now_ns + SLOW_WORDS_NS
        elif self._slow_until_ns and now_ns > self._slow_until_ns:
            self._slow_until_ns = 0
            self._say(owner, self._lifecycle.fast_again())
        self._lost_seen = lost

    def _wait_for_opening(self, owner: Owner) -> OpenDestination | None:
        with self._changed:
            while self._opening is None and not self._stopping:
                owner.beat()
                self._changed.wait(TURN_S)
            return None if self._stopping else self._opening

    def _wait_to_retry(self, owner: Owner) -> None:
        """Until the time has come, somebody asks for it (for ever, after a final failure), or the end."""
        with self._changed:
            while not self._stopping and not self._is_time():
                owner.beat()
                self._report(owner)
                self._changed.wait(self._turn_s())

    def _is_time(self) -> bool:
        if self._retry:
            self._retry = False
            return self._lifecycle.asked_to_retry()
        failed = self._lifecycle.state is DestinationState.FAILED
        return not failed and self._clock.now_ns() >= self._lifecycle.retry_at_ns

    def _turn_s(self) -> float:
        if self._lifecycle.state is DestinationState.FAILED:
            return TURN_S
        return max(0.0, min(TURN_S, (self._lifecycle.retry_at_ns - self._clock.now_ns()) / NS_PER_S))

    def _want_keyframe(self, owner: Owner, reason: str) -> None:
        owner.send(KeyframeWanted(reason))

    def _say(self, owner: Owner, state: StateChanged) -> None:
        log.info("%s: %s", state.state.value, state.words)
        owner.send(state)

    def _report(self, owner: Owner, *, at_once: bool = False) -> None:
        now_ns = self._clock.now_ns()
        if not at_once and now_ns - self._reported_ns < REPORT_EVERY_NS:
            return
        self._reported_ns = now_ns
        owner.send(
            self._tally.statistics(now_ns, self._queue.dropped_video, self._queue.queued_ms, self._lifecycle.reconnects)
        )


def _hung_up(error: StoaError) -> StoaError:
    """The words for a connection that was accepted and then ended before it had taken pictures for a moment."""
    if error.kind is not ErrorKind.LOST:
        return error
    return HungUp("The server hung up as soon as the stream began.", "It may not accept this stream key: check it.")


def run_destination(pipes: ChildPipes, make: MakeConnection) -> None:
    """The whole life of a destination's child."""
    runner = Runner(make)

    def stop() -> None:
        runner.stop()
        if runner.is_connecting:
            os._exit(0)  # nothing has been sent that could be lost

    link: ChildLink[OpenDestination | EncodedPacket | Retry] = ChildLink(
        pipes, EngineToDestination, runner.take, on_stop=stop, grace_s=GRACE_S
    )
    link.start()
    runner.run(link)
