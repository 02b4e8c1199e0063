"""The engine's destinations: one supervised child each, fed from the fan-out; none touches another."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import IO

import msgspec

from studio.control.api import DestinationInfo, DestinationSet, EventType, Problem
from studio.destination.contract import (
    DestinationState,
    DestinationStatistics,
    DestinationToEngine,
    FreshSecret,
    KeyframeWanted,
    OpenDestination,
    StateChanged,
)
from studio.destination.contract import Retry as TryNow
from studio.destination.url import DestinationUrl, Protocol, check_passphrase, fill_mask, parse_destination
from studio.engine.contract import DestinationSecret
from studio.engine.events import EventLog
from studio.engine.show import Show
from studio.media import Clock, Codec, ErrorKind, OverflowPolicy, PacketQueue, StoaError
from studio.process import ChildPlan, Fault, Loss, SupervisedChild, Watchdog
from studio.program.encoding import Encoding
from studio.program.fanout import Outlet

QUEUE_MS, QUEUE_BYTES = 4000, 16 * 1024 * 1024
HISTORY_S = 60
END_LIMIT_S = 5.0
EVENTS = {
    DestinationState.CONNECTING: EventType.DESTINATION_CONNECTING,
    DestinationState.LIVE: EventType.DESTINATION_LIVE,
    DestinationState.RECONNECTING: EventType.DESTINATION_LOST,
    DestinationState.FAILED: EventType.DESTINATION_FAILED,
    DestinationState.IDLE: EventType.DESTINATION_STOPPED,
}


@dataclass(slots=True)
class Destination:
    """One endpoint. Counts of earlier children of this show are kept in the `earlier_` fields."""

    id: str
    name: str
    address: DestinationSecret
    url: DestinationUrl
    ca_file: str = ""
    enabled: bool = True
    saved: bool = False
    child: SupervisedChild | None = None
    state: StateChanged = field(default_factory=lambda: StateChanged(DestinationState.IDLE, "Not started."))
    statistics: DestinationStatistics = field(default_factory=lambda: DestinationStatistics(0, 0, 0, 0.0))
    failure: StateChanged | None = None  # why the last try or connection failed; until it is live, or started anew
    was_live: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once its first try is over: it is connected and waits for a picture, or it could not connect."""
    earlier_frames: int = 0
    earlier_bytes: int = 0
    earlier_dropped: int = 0
    earlier_reconnects: int = 0
    history_kbps: deque[int] = field(default_factory=lambda: deque(maxlen=HISTORY_S))
    history_dropped: deque[int] = field(default_factory=lambda: deque(maxlen=HISTORY_S))

    @property
    def running(self) -> bool:
        return self.child is not None

    @property
    def frames(self) -> int:
        return self.earlier_frames + self.statistics.frames

    @property
    def dropped(self) -> int:
        return self.earlier_dropped + self.statistics.dropped

    def settle_counts(self) -> None:
        """A child's life is over: its counts go to the earlier ones."""
        self.earlier_frames += self.statistics.frames
        self.earlier_bytes += self.statistics.bytes
        self.earlier_dropped += self.statistics.dropped
        self.earlier_reconnects += self.statistics.reconnects
        self.statistics = DestinationStatistics(0, 0, 0, 0.0)


class DestinationDesk:
    """Belongs to the engine's event loop."""

    def __init__(
        self,
        show: Show,
        events: EventLog,
        watchdog: Watchdog,
        *,
        clock: Clock,
        keep_secret: Callable[[str, DestinationSecret | None], None],
        on_changed: Callable[[], None],
        log_to: IO[bytes] | int | None,
    ) -> None:
        self._show = show
        self._events = events
        self._watchdog = watchdog
        self._clock = clock
        self._keep_secret = keep_secret
        self._on_changed = on_changed
        self._log_to = log_to
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self.all: dict[str, Destination] = {}
        self.on_state: Callable[[Destination], None] = lambda destination: None

    # -- commands ----------------------------------------------------------------------------------------------------

    def add(
        self,
        address: DestinationSecret,
        *,
        name: str = "",
        destination_id: str = "",
        enabled: bool = True,
        saved: bool = False,
        ca_file: str = "",
    ) -> str:
        """Name a place to send to. Raises StoaError(BAD_ARGUMENT) for a URL or passphrase that cannot be right."""
        url = _checked(address)
        if not destination_id:
            destination_id = next(new for number in self._numbers if (new := f"d{number}") not in self.all)
        destination = Destination(destination_id, name or url.words, address, url, ca_file, enabled, saved)
        self.all[destination_id] = destination
        self._keep_secret(destination_id, address)
        self._events.emit(EventType.DESTINATION_ADDED, self.info(destination))
        self._on_changed()
        return destination_id

    async def change(self, request: DestinationSet) -> bool:
        """Rename, enable, disable, send somewhere else (`request.save` is not this desk's).

        Returns whether it was stopped for that while it tried to connect, and waits to be started again.
        Raises StoaError: BAD_ARGUMENT for an address that cannot be right, CONFLICT for another one while it is live.
        """
        destination = self.get(request.id)
        address, ca_file = self._address_after(request), request.ca_file
        ca_file = destination.ca_file if ca_file is None else ca_file
        moved = (address, ca_file) != (destination.address, destination.ca_file)
        if moved and destination.state.state is DestinationState.LIVE:
            raise StoaError(
                ErrorKind.CONFLICT,
                f"“{destination.name}” is live: where it sends can be changed once it is disconnected.",
                remedy="Disconnect it first; the other destinations go on.",
            )
        trying = moved and destination.running
        if moved:
            await self._move(destination, address, ca_file)
        if request.name is not None:
            destination.name = request.name or destination.url.words
        destination.enabled = destination.enabled if request.enabled is None else request.enabled
        self.tell(destination)
        return trying

    def tell(self, destination: Destination) -> None:
        """Something of it that clients see, and the journal holds, is another now."""
        self._events.emit(EventType.DESTINATION_CHANGED, self.info(destination))
        self._on_changed()

    def _address_after(self, request: DestinationSet) -> DestinationSecret:
        """Where the change will send it: the dots of its URL, and a secret that is not named, keep what they were."""
        old = self.get(request.id)
        url, secret = old.address.url, request.secret
        if request.url is not None:
            url = fill_mask(request.url, url).strip()
        if secret is None:
            secret = old.address.secret if parse_destination(url).protocol is old.url.protocol else ""
        address = DestinationSecret(url, secret)
        _checked(address)
        return address

    async def _move(self, destination: Destination, address: DestinationSecret, ca_file: str) -> None:
        """It is another place from now on: what is known of the old one (its state, that it was live) is over."""
        await self.stop(destination.id)
        self.get(destination.id)  # it may have been removed while it was stopped
        unnamed = destination.name == destination.url.words
        destination.address, destination.url, destination.ca_file = address, parse_destination(address.url), ca_file
        destination.name = destination.url.words if unnamed else destination.name
        destination.was_live = False
        self._keep_secret(destination.id, address)
        self._set_state(destination, StateChanged(DestinationState.IDLE, "Not started."))

    def readdress(self, destination_id: str, address: DestinationSecret) -> None:
        """The same destination is somewhere else now; a running child is started again with the new address."""
        destination = self.get(destination_id)
        destination.address, destination.url = address, parse_destination(address.url)
        destination.failure = None
        self._keep_secret(destination_id, address)
        if destination.child is not None:
            destination.child.restart()

    def renew(self, destination_id: str, address: DestinationSecret) -> None:
        """The same place by a fresh token: what is open goes on, and the next connection is made with it."""
        destination = self.get(destination_id)
        destination.address = address
        self._keep_secret(destination_id, address)
        if destination.child is not None:
            destination.child.send(FreshSecret(address.secret))

    def start(self, destination_id: str) -> None:
        """Connect, or try again at once where it runs. Raises StoaError where the show's encoding does not suit it."""
        destination = self.get(destination_id)
        if destination.child is not None:
            destination.child.send(TryNow())
            return
        encoding = self._show.require(webrtc=destination.url.protocol == "whip")
        destination.settle_counts()
        destination.answered.clear()
        destination.failure = None
        self._set_state(destination, StateChanged(DestinationState.CONNECTING, "Starting."))
        plan = ChildPlan(
            kind=destination.url.protocol,
            incoming=DestinationToEngine,
            opening=lambda: self._opening(destination, encoding),
            on_message=lambda message: self._post(self._on_message, destination, message),
            on_lost=lambda loss: self._post(self._on_loss, destination, loss),
            end_limit_s=END_LIMIT_S,
            packets=lambda: PacketQueue(
                limit_ms=QUEUE_MS, limit_bytes=QUEUE_BYTES, policy=OverflowPolicy.DROP_VIDEO_TO_KEYFRAME
            ),
        )
        child = SupervisedChild(plan, log_to=self._log_to, clock=self._clock)
        destination.child = child
        self._watchdog.add(child)
        child.start()
        audio = Codec.OPUS if destination.url.protocol == "whip" else Codec.AAC
        self._show.take(Outlet(destination.id, frozenset({self._show.video_codec, audio}), child.send_packet))
        self._on_changed()

    def refuse(self, destination: Destination, error: StoaError) -> None:
        """It cannot be started: say why where its state is shown."""
        words = StateChanged(DestinationState.FAILED, error.message, error.kind, error.remedy, error.permanent)
        self._set_state(destination, words)

    async def stop(self, destination_id: str) -> None:
        """Disconnect in order; returns once it is gone."""
        destination = self.get(destination_id)
        child = destination.child
        if child is None:
            return
        self._show.leave(destination.id)
        await asyncio.to_thread(child.end)
        self._watchdog.remove(child)
        await asyncio.sleep(0)  # its last words are in the loop's queue
        if destination.child is child:
            destination.child = None
            failed = destination.state.state is DestinationState.FAILED
            destination.was_live = False
            destination.settle_counts()
            if not failed:
                self._set_state(destination, StateChanged(DestinationState.IDLE, "Ended."))
        self._on_changed()

    async def answered(self, limit_s: float) -> None:
        """Wait until each running destination is connected or has failed to, or the limit is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await asyncio.gather(*(item.answered.wait() for item in self.all.values() if item.running))

    async def remove(self, destination_id: str) -> None:
        """Stop and forget it."""
        self.get(destination_id)
        while destination_id in self.all and self.all[destination_id].running:  # it may have begun anew meanwhile
            await self.stop(destination_id)
        self.all.pop(destination_id, None)
        self._keep_secret(destination_id, None)
        self._events.emit(EventType.DESTINATION_REMOVED, {"id": destination_id})
        self._on_changed()

    async def stop_all(self) -> None:
        """All at the same time."""
        await asyncio.gather(*(self.stop(key) for key, item in list(self.all.items()) if item.running))

    # -- facts -------------------------------------------------------------------------------------------------------

    def get(self, destination_id: str) -> Destination:
        try:
            return self.all[destination_id]
        except KeyError:
            raise StoaError(
                ErrorKind.NOT_FOUND, f"There is no destination {destination_id!r}.", permanent=True
            ) from None

    @property
    def running(self) -> bool:
        return any(destination.running for destination in self.all.values())

    def info(self, destination: Destination) -> DestinationInfo:
        """One destination as clients see it."""
        state, statistics = destination.state, destination.statistics
        problem = Problem(state.kind, state.words, state.remedy, state.permanent) if state.kind else None
        return DestinationInfo(
            id=destination.id,
            name=destination.name,
            url=destination.url.masked,
            protocol=destination.url.protocol,
            state=state.state.value,
            words=state.words,
            problem=problem,
            enabled=destination.enabled,
            saved=destination.saved,
            frames=destination.frames,
            bytes=destination.earlier_bytes + statistics.bytes,
            dropped=destination.dropped,
            reconnects=destination.earlier_reconnects + statistics.reconnects,
            bitrate_kbps=statistics.bitrate_kbps,
            queue_ms=statistics.queue_ms,
            rtt_ms=statistics.rtt_ms,
            loss=statistics.loss,
            retry_in_s=state.retry_in_s,
            history_kbps=list(destination.history_kbps),
            history_dropped=list(destination.history_dropped),
            pid=destination.child.pid or 0 if destination.child else 0,
            has_secret=bool(destination.address.secret),
        )

    def infos(self) -> list[DestinationInfo]:
        return [self.info(destination) for destination in self.all.values()]

    def tend(self) -> None:
        """Once a second: one figure more of each running destination's history."""
        for destination in self.all.values():
            if destination.running:
                destination.history_kbps.append(round(destination.statistics.bitrate_kbps))
                destination.history_dropped.append(destination.dropped)

    # -- the child ---------------------------------------------------------------------------------------------------

    def _opening(self, destination: Destination, encoding: Encoding) -> Iterable[msgspec.Struct]:
        webrtc = destination.url.protocol == "whip"
        yield OpenDestination(
            url=destination.address.url,
            words_url=destination.url.masked,
            video=encoding.video_track,
            audio=encoding.audio_track(Codec.OPUS if webrtc else Codec.AAC),
            secret=destination.address.secret,
            was_live=destination.was_live,
            ca_file=destination.ca_file,
        )

    def _post(self, function: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def _on_message(self, destination: Destination, message: DestinationToEngine | Fault) -> None:
        match message:
            case StateChanged():
                self._set_state(destination, message)
            case KeyframeWanted():
                destination.answered.set()
                self._show.keyframes.ask(f"{destination.id}: {message.reason}")
            case DestinationStatistics():
                destination.statistics = message
                if message.frames:
                    self._show.mark_first_packet()
            case Fault():
                state = DestinationState.FAILED if message.permanent else DestinationState.RECONNECTING
                self._set_state(
                    destination,
                    StateChanged(state, message.message, message.kind, message.remedy, message.permanent),
                )

    def _on_loss(self, destination: Destination, loss: Loss) -> None:
        destination.settle_counts()
        if destination.running and destination.state.state is not DestinationState.FAILED:
            self._set_state(
                destination,
                StateChanged(
                    DestinationState.RECONNECTING,
                    f"Its process was lost: {loss.words}.",
                    ErrorKind.CRASHED,
                    retry_in_s=loss.retry_in_s,
                ),
            )

    def _set_state(self, destination: Destination, state: StateChanged) -> None:
        before, destination.state = destination.state, state
        if state.kind:
            destination.answered.set()
        if state.state is DestinationState.LIVE:
            destination.failure, destination.was_live = None, True
            self._show.mark_first_packet()
        elif state.kind:
            destination.failure = state
        if before.state is not state.state or before.words != state.words:
            self._events.emit(EVENTS[state.state], self.info(destination))
            self.on_state(destination)
            self._on_changed()


def _checked(address: DestinationSecret) -> DestinationUrl:
    """Raises StoaError(BAD_ARGUMENT) for a URL or passphrase that cannot be right."""
    url = parse_destination(address.url)
    if url.protocol is Protocol.SRT:
        check_passphrase(address.secret)
    return url
