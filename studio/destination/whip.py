"""The WHIP destination's process: `stoa --child whip`. Its states are drawn in `studio.destination.contract`."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from studio.destination.contract import (
    DestinationState,
    DestinationStatistics,
    EngineToDestination,
    KeyframeWanted,
    OpenDestination,
    Retry,
    StateChanged,
)
from studio.destination.retry import RetryTimes
from studio.destination.whip_connection import WhipConnection
from studio.destination.whip_http import ServerBusy, WhipEndpoint
from studio.media import NS_PER_S, Clock, EncodedPacket, ErrorKind, StoaError, StudioClock
from studio.process.child import ChildLink, ChildPipes

logger = logging.getLogger(__name__)

STATISTICS_EVERY_S = 0.5
BITRATE_WINDOW_NS = 2 * NS_PER_S


class WhipDestination:
    """Keeps one endpoint served: connects, sends, notices a loss, connects anew (then deletes the old resource)."""

    def __init__(self, pipes: ChildPipes, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.new_event_loop()
        self._link: ChildLink[EngineToDestination] = ChildLink(
            pipes, EngineToDestination, self._received, on_stop=self._stop_soon
        )
        self._opened: asyncio.Future[OpenDestination] = self._loop.create_future()
        self._retry = asyncio.Event()
        self._stop = asyncio.Event()
        self._connection: WhipConnection | None = None
        self._stale: list[str] = []
        self._was_live = False
        self._times = RetryTimes()
        self._sent_before = DestinationStatistics(0, 0, 0, 0.0)
        self._reconnects = 0
        self._missed = 0
        self._window: deque[tuple[int, int]] = deque()

    def run(self) -> None:
        """Serve until the owner says End or is gone."""
        self._link.start()
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    # --- the link's thread ---

    def _received(self, message: EngineToDestination) -> None:
        self._loop.call_soon_threadsafe(self._obey, message)

    def _stop_soon(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    # --- the loop ---

    def _obey(self, message: EngineToDestination) -> None:
        match message:
            case EncodedPacket():
                if self._connection is not None:
                    self._connection.put(message)
                elif self._was_live and message.codec.is_video:
                    self._missed += 1
            case OpenDestination():
                if not self._opened.done():
                    self._opened.set_result(message)
            case Retry():
                self._retry.set()

    async def _serve(self) -> None:
        telling = asyncio.create_task(self._tell_statistics())
        stopping = asyncio.create_task(self._stop.wait())
        serving = asyncio.create_task(self._keep_connected())
        await asyncio.wait((stopping, serving), return_when=asyncio.FIRST_COMPLETED)
        serving.cancel()
        failures = await asyncio.gather(serving, return_exceptions=True)
        connection, self._connection = self._connection, None
        if connection is not None:
            self._add_up(connection)
            await connection.close()
        telling.cancel()
        self._link.send(self._statistics())
        self._say(DestinationState.IDLE, "Ended.")
        for failure in failures:
            if isinstance(failure, Exception):
                raise failure

    async def _keep_connected(self) -> None:
        opening = await self._opened
        self._was_live = opening.was_live
        url = opening.url.removeprefix("whip+")
        while True:
            self._say(
                DestinationState.RECONNECTING if self._was_live else DestinationState.CONNECTING,
                "Connecting again." if self._was_live else "Connecting.",
            )
            try:
                lost = await self._one_life(WhipEndpoint(url, opening.secret, opening.ca_file), opening)
            except StoaError as error:
                await self._after_failure(error)
            else:
                self._reconnects += 1
                wait_s = self._times.next_s()
                self._say(DestinationState.RECONNECTING, lost.message, lost, wait_s)
                await self._pause(wait_s)

    async def _one_life(self, endpoint: WhipEndpoint, opening: OpenDestination) -> StoaError:
        """Connect and send until the connection is lost; gives the reason. Raises StoaError where none comes about."""
        connection = WhipConnection(endpoint, opening.video, opening.audio, self._clock, self._want_keyframe)
        try:
            await connection.open()
        except StoaError as error:
            if error.kind is ErrorKind.CONFLICT and self._stale:
                # Our own lost connection is what is still held there.
                await self._delete_stale(endpoint)
            raise
        self._connection = connection
        self._was_live = True
        self._times.succeeded()
        self._say(DestinationState.LIVE, f"Live on {endpoint.host}.")
        await self._delete_stale(endpoint)
        lost = await connection.lost
        self._connection = None
        self._add_up(connection)
        self._stale.append(connection.resource)
        await connection.close(delete=False)
        return lost

    async def _delete_stale(self, endpoint: WhipEndpoint) -> None:
        stale, self._stale = self._stale, []
        for resource in stale:
            await asyncio.to_thread(endpoint.delete, resource)

    async def _after_failure(self, error: StoaError) -> None:
        if error.permanent and not self._was_live:
            self._say(DestinationState.FAILED, error.message, error)
            await self._pause(None)
            self._times.succeeded()
            return
        asked_s = error.retry_after_s if isinstance(error, ServerBusy) else 0.0
        wait_s = self._times.next_s(asked_s)
        state = DestinationState.RECONNECTING if self._was_live else DestinationState.CONNECTING
        self._say(state, error.message, error, wait_s)
        await self._pause(wait_s)

    async def _pause(self, wait_s: float | None) -> None:
        """Wait this long, or until Retry."""
        self._retry.clear()
        try:
            async with asyncio.timeout(wait_s):
                await self._retry.wait()
        except TimeoutError:
            pass

    # --- what is told ---

    def _say(
        self, state: DestinationState, words: str, error: StoaError | None = None, retry_in_s: float = 0.0
    ) -> None:
        if error is None:
            self._link.send(StateChanged(state, words))
        else:
            permanent = state is DestinationState.FAILED
            self._link.send(StateChanged(state, words, error.kind, error.remedy, permanent, round(retry_in_s, 3)))

    def _want_keyframe(self, reason: str) -> None:
        self._link.send(KeyframeWanted(reason))

    def _add_up(self, connection: WhipConnection) -> None:
        self._sent_before = self._with(connection)
        self._window.clear()

    def _with(self, connection: WhipConnection | None) -> DestinationStatistics:
        """The counts of the lives before and of this one."""
        before = self._sent_before
        if connection is None:
            return before
        video, audio = connection.senders.get("video"), connection.senders.get("audio")
        counted = [sender.counters for sender in (video, audio) if sender is not None]
        leading = counted[0] if counted else None
        return DestinationStatistics(
            before.frames + (video.counters.pictures if video is not None else 0),
            before.bytes + sum(counters.octets for counters in counted),
            before.dropped + connection.dropped,
            0.0,
            connection.queue_ms,
            max((counters.round_trip_ms for counters in counted), default=0.0),
            leading.loss if leading is not None else 0.0,
            before.retransmitted + sum(counters.resent for counters in counted),
        )

    def _statistics(self) -> DestinationStatistics:
        now = self._with(self._connection)
        now_ns = self._clock.now_ns()
        self._window.append((now_ns, now.bytes))
        while now_ns - self._window[0][0] > BITRATE_WINDOW_NS:
            self._window.popleft()
        passed_ns = now_ns - self._window[0][0]
        kbps = (now.bytes - self._window[0][1]) * 8e6 / passed_ns if passed_ns and self._connection else 0.0
        return DestinationStatistics(
            now.frames,
            now.bytes,
            now.dropped + self._missed,
            round(kbps, 1),
            round(now.queue_ms, 1),
            round(now.rtt_ms, 1),
            round(now.loss, 4),
            now.retransmitted,
            self._reconnects,
        )

    async def _tell_statistics(self) -> None:
        while True:
            self._link.beat()
            if self._opened.done():
                self._link.send(self._statistics())
            await asyncio.sleep(STATISTICS_EVERY_S)


def run(pipes: ChildPipes) -> None:
    """The child's entry."""
    for chatty in ("aioice", "aiortc"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    WhipDestination(pipes, StudioClock()).run()
