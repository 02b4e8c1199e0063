"""WHIP by aiortc. The child "whip"."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import threading
from collections.abc import Coroutine
from typing import Any

from studio.destination.addresses import resolve
from studio.destination.connection import Connection, Measures, WantKeyframe
from studio.destination.contract import OpenDestination
from studio.destination.runner import run_destination
from studio.destination.url import parse_destination
from studio.destination.whip_connection import WhipConnection
from studio.destination.whip_http import LIMIT_S, WhipEndpoint
from studio.destination.whip_transport import CONNECT_LIMIT_S
from studio.media import Clock, EncodedPacket, ErrorKind, StoaError, StudioClock
from studio.process import ChildPipes

CLOSE_LIMIT_S = 3.0


class WhipDestination:
    """One publication, on an event loop in a thread of its own.

    `stale` are the resources of connections that were lost, shared by the connections of this process: they are deleted
    when a new one stands, or at once where the server says that the stream is still taken.
    """

    connect_limit_s = 2 * LIMIT_S + CONNECT_LIMIT_S + 8.0
    write_limit_s = 1.0 + CLOSE_LIMIT_S

    def __init__(
        self, opening: OpenDestination, want_keyframe: WantKeyframe, stale: list[str], clock: Clock | None = None
    ) -> None:
        """Raises StoaError(BAD_ARGUMENT) where the URL cannot be right."""
        self._opening = opening
        self._url = parse_destination(opening.url)
        self._want_keyframe = want_keyframe
        self._stale = stale
        self._clock = clock or StudioClock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="whip", daemon=True)
        self._endpoint: WhipEndpoint | None = None
        self._connection: WhipConnection | None = None
        self._lost: StoaError | None = None

    def connect(self) -> None:
        """Raises StoaError: UNREACHABLE, TIMEOUT, TLS, DENIED, NOT_FOUND, CONFLICT, NOT_SUPPORTED, BUSY …"""
        self._thread.start()
        addresses = resolve(self._url.host, self._url.port)
        opening = self._opening
        self._endpoint = WhipEndpoint(self._url.text.removeprefix("whip+"), opening.secret, opening.ca_file)
        connection = WhipConnection(
            self._endpoint,
            opening.video,
            opening.audio,
            self._clock,
            self._want_keyframe,
            loopback=_loopback(addresses),
        )
        try:
            self._run(connection.open())
        except StoaError as error:
            if error.kind is ErrorKind.CONFLICT and self._stale:
                # What is still held there may be our own lost connection.
                self._delete_stale()
            raise
        self._connection = connection
        self._loop.call_soon_threadsafe(connection.lost.add_done_callback, self._note_loss)
        self._delete_stale()

    def _run(self, task: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(task, self._loop).result()

    def _note_loss(self, lost: asyncio.Future[StoaError]) -> None:
        if not lost.cancelled():
            self._lost = lost.result()

    def _delete_stale(self) -> None:
        """Some servers (simple-whip-server) name every connection of a stream alike: then the old one is ours now."""
        assert self._endpoint is not None
        ours = self._connection.resource if self._connection is not None else ""
        while self._stale:
            resource = self._stale.pop()
            if resource != ours:
                self._endpoint.delete(resource)

    def write(self, packet: EncodedPacket) -> None:
        """Hand a packet over to the loop; never blocks, since UDP does not. Raises StoaError(LOST)."""
        self.check()
        assert self._connection is not None
        self._loop.call_soon_threadsafe(self._connection.put, packet)

    def check(self) -> None:
        """Raises StoaError(LOST) where the server hung up or does not answer any more."""
        if self._lost is not None:
            raise self._lost

    def measures(self) -> Measures:
        """From the server's receiver reports."""
        connection = self._connection
        if connection is None:
            return Measures()
        counters = [sender.counters for sender in connection.senders.values()]
        video = connection.senders.get("video")
        leading = video.counters if video is not None else next(iter(counters), None)
        return Measures(
            rtt_ms=max((one.round_trip_ms for one in counters), default=0.0),
            loss=leading.loss if leading is not None else 0.0,
            retransmitted=sum(one.resent for one in counters),
            dropped=connection.dropped,
            buffered_ms=connection.queue_ms,
        )

    def close(self) -> None:
        """BYE, hang up and DELETE where it stands; the resource of a lost connection is kept for later."""
        connection, self._connection = self._connection, None
        if connection is not None:
            is_lost = self._lost is not None
            if is_lost and connection.resource:
                self._stale.append(connection.resource)
            closing = asyncio.run_coroutine_threadsafe(connection.close(delete=not is_lost), self._loop)
            try:
                closing.result(CLOSE_LIMIT_S)
            except (TimeoutError, OSError):
                pass  # the server notices the silence
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(1.0)
        if not self._thread.is_alive():
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


def _loopback(addresses: list[str]) -> str:
    """The address to gather on where all of them are loopback; "" for a host elsewhere."""
    if not all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in addresses):
        return ""
    return next((one for one in addresses if ":" not in one), addresses[0])


def run(pipes: ChildPipes) -> None:
    """The child's life."""
    for chatty in ("aioice", "aiortc"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    stale: list[str] = []

    def make(opening: OpenDestination, want_keyframe: WantKeyframe) -> Connection:
        return WhipDestination(opening, want_keyframe, stale)

    run_destination(pipes, make)
