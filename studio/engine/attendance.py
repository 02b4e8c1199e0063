"""The studio in its session: joined as a host, it sends there, obeys the admins, and says what it did.

The server has already done its part when a command arrives; here it takes effect on every other destination and on the
recording. What mute, stop and kick mean stands in CONTRACT.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

import msgspec

from studio.control.api import EventType, Link, SessionInfo, SessionInvite, SessionJoin
from studio.engine.contract import DestinationSecret
from studio.engine.engine import Engine
from studio.engine.own_time import OwnTime
from studio.engine.record_orders import record_start, record_stop
from studio.media import ErrorKind, StoaError
from studio.session import (
    Command,
    GrantTold,
    LineChange,
    LineState,
    SessionClient,
    SessionEvent,
    StateChange,
    Welcome,
    parse_link,
    running_server,
    server_base,
)
from studio.session.address import FIRST_SESSION
from studio.session.calls import SessionError, trust

DESTINATION = "session"
OWN = "owner"
"""Stands in the journal for the session of this machine's own server."""
BY_ACCOUNT = "account "
"""Begins, in the journal, a session that was joined by an account."""
SEEK_EVERY_S = 0.5
DONE, ALREADY, FAILED = "done", "already", "failed"
EVERYONE = "all"
RECORDS = ("record_start", "record_stop")
PUBLISHERS = ("owner", "broadcaster")
BY_THE_SERVER = ("lock", "unlock", "readmit", "unban", "lower_hand", "grant")
"""What the studio has no part in, and says nothing of."""
log = logging.getLogger(__name__)


class Attendance:
    """Belongs to the engine's event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._client: SessionClient | None = None
        self._following: asyncio.Task[None] | None = None
        self._seeking: asyncio.Task[None] | None = None
        self._info = SessionInfo(joined=False, words="Not in a session.")
        self._joining = asyncio.Lock()
        self._time = OwnTime(engine)
        self._done: dict[str, str] = {}
        self._recording: set[asyncio.Task[None]] = set()
        self._recorded: dict[str, asyncio.Future[tuple[str, str]]] = {}

    @property
    def info(self) -> SessionInfo:
        return self._info

    # -- coming and going --------------------------------------------------------------------------------------------

    def seek(self, name: str = "") -> None:
        """Join the embedded server as the owner's studio as soon as it runs."""
        self._seeking = asyncio.create_task(self._seek(name))

    async def _seek(self, name: str) -> None:
        while self._client is None:
            try:
                await self.join(SessionJoin(name=name))
                return
            except StoaError as error:
                self._tell(SessionInfo(joined=False, words=error.message))
            await asyncio.sleep(SEEK_EVERY_S)

    async def join(self, request: SessionJoin) -> SessionInfo:
        """Join; its WHIP becomes a destination. Raises StoaError."""
        async with self._joining:
            return await self._join(request)

    async def _join(self, request: SessionJoin) -> SessionInfo:
        if self._client is not None:
            raise StoaError(ErrorKind.CONFLICT, "The studio is in a session already.", remedy="Leave it first.")
        if request.sign_in:
            client = await _join_by_account(request)
            place = BY_ACCOUNT + _place(client)
        elif request.server:
            client = await SessionClient.join(parse_link(request.server), request.name or "Studio")
            place = _place(client)
        elif (again := await self._again()) is not None:
            client, place = again, self._engine.session_name or OWN
        else:
            client, place = await SessionClient.join_as_owner(request.name), OWN
        before = self._engine.destinations.all.get(DESTINATION)
        resumed = before is not None and not self._engine.show.refused
        sending = before is not None and before.running
        try:
            status = await client.status()
        except BaseException:
            await client.close()
            raise
        self._client = client
        address = DestinationSecret(client.whip_url, client.bearer)
        known = self._engine.destinations.all.get(DESTINATION)
        if known is None:
            self._engine.destinations.add(address, name="This session", destination_id=DESTINATION)
        else:
            self._engine.destinations.readdress(DESTINATION, address)
        me = client.me
        self._time.begin(me, status.now)
        self._tell(
            SessionInfo(
                joined=True,
                server=client.base,
                session=client.session,
                state=status.state,
                role=str(me.person.role) if me else "",
                name=me.person.name if me else request.name,
                words=status.words,
                publish_destination=DESTINATION,
                by_account=place.startswith(BY_ACCOUNT),
            )
        )
        if status.needs_release:
            self._refuse("An admin stopped this session.")
        if status.muted_audio or status.muted_video:
            self._engine.show.mute(
                audio_by="an admin" if status.muted_audio else "", video_by="an admin" if status.muted_video else ""
            )
        if sending and (status.state, status.why) == ("ended", "ended"):  # before the line says that it has heard
            self._engine.notices.post(status.words, severity="admin", by="an admin", action="end")
            await self._engine.off_air(recording_too=True)
        self._engine.session_name = place
        client.on_renewed = lambda: self._renewed(client)
        self._following = asyncio.create_task(self._follow(client))
        if status.needs_release and resumed:  # an admin stopped it between two lives of the engine
            await self._engine.off_air(recording_too=True)
        return self._info

    async def _again(self) -> SessionClient | None:
        """The same person as before the engine died, so that what it publishes goes on; None where that is over.

        Raises StoaError where the session is somewhere else and cannot be reached now: it is not left for that."""
        known = self._engine.destinations.all.get(DESTINATION)
        if known is None or not known.address.secret:
            return None
        if self._engine.session_name in ("", OWN):
            owner = await asyncio.to_thread(running_server)
            client = SessionClient(owner.url, FIRST_SESSION, bearer=known.address.secret, owner_token=owner.token)
        else:
            base, _, session = self._engine.session_name.removeprefix(BY_ACCOUNT).rpartition(" ")
            context = await asyncio.to_thread(trust) if base.startswith("https") else None
            client = SessionClient(base, session, bearer=known.address.secret, context=context)
        try:
            client.me = await client.whoami()
        except StoaError as error:
            await client.close()
            if isinstance(error, SessionError) or self._engine.session_name in ("", OWN):
                return None
            raise
        return client

    async def leave(self) -> SessionInfo:
        """Leave: its destination goes, and what an admin had ordered with it. The show goes on elsewhere."""
        client, self._client = self._client, None
        if self._seeking is not None:
            self._seeking.cancel()
        try:
            await self._part(None, "You left the session.")  # first: what leaving ends on the server is no loss here
        finally:
            if client is not None:
                with contextlib.suppress(StoaError):
                    await client.leave()
                await client.close()
        self._engine.show.refused = ""
        self._engine.show.mute(audio_by="", video_by="")
        return self._info

    async def close(self) -> None:
        """At the engine's end: let go of the line; the person stays joined for the next life."""
        for task in (self._seeking, self._following, *self._recording):
            if task is not None:
                task.cancel()
        if self._client is not None:
            await self._client.close()

    async def _part(self, client: SessionClient | None, words: str) -> None:
        if self._following is not None and self._following is not asyncio.current_task():
            self._following.cancel()
        if client is not None:
            await client.close()
        destinations = self._engine.destinations
        if DESTINATION in destinations.all:
            if not any(item.running for key, item in destinations.all.items() if key != DESTINATION):
                await self._engine.off_air()
            await destinations.remove(DESTINATION)
        self._time.end()
        self._engine.session_name = ""
        self._tell(SessionInfo(joined=False, words=words))

    async def invite(self, request: SessionInvite) -> Link:
        """A link to share. Raises StoaError where the studio is in no session, or may not invite."""
        client = self._client
        if client is None:
            raise StoaError(ErrorKind.CONFLICT, "The studio is in no session.", remedy="Join one first.")
        invite = await client.invite(request.role)
        picture = ""
        if request.role == "viewer":
            with contextlib.suppress(StoaError):
                picture = (await client.invite_qr(invite.id)).decode()
        words = "It works once." if request.role == "admin" else "Whoever has this link may come in."
        return Link(invite.link or "", picture, words)

    # -- what the session says ---------------------------------------------------------------------------------------

    async def _follow(self, client: SessionClient) -> None:
        async for event in client.events():
            try:
                if isinstance(event, LineChange):
                    await self._line_changed(client, event)
                elif isinstance(event.data, Command):
                    await self._obey(client, event, event.data)
                elif isinstance(event.data, GrantTold):
                    self._time.told(client.me, event.data)
                elif isinstance(event.data, Welcome):
                    self._time.begin(await client.whoami(), event.at)
                elif isinstance(event.data, StateChange):
                    self._tell(msgspec.structs.replace(self._info, state=event.data.state, words=event.data.words))
            except StoaError as error:
                log.warning("the session: %s", error)
            except Exception:  # the next order of an admin must find someone who obeys
                log.exception("the session said something that could not be done")

    async def _line_changed(self, client: SessionClient, change: LineChange) -> None:
        if change.state is LineState.CONNECTED:
            self._tell(msgspec.structs.replace(self._info, server=client.base, words="Connected."))
            known = self._engine.destinations.all.get(DESTINATION)
            address = DestinationSecret(client.whip_url, client.bearer)
            if known is not None and known.address.url != address.url:
                self._engine.destinations.readdress(DESTINATION, address)
            elif known is not None and known.address != address:
                self._engine.destinations.renew(DESTINATION, address)
        elif change.state is LineState.RECONNECTING:
            self._tell(msgspec.structs.replace(self._info, words=change.words))
        elif change.state is LineState.REFUSED:
            self._client = None
            if self._engine.session_name:
                self._refuse(change.words)
            await self._engine.off_air(recording_too=True)
            await self._part(client, change.words)

    def _renewed(self, client: SessionClient) -> None:
        """The client has a fresh token: what is on air goes on, and connects with it where it is lost."""
        known = self._engine.destinations.all.get(DESTINATION)
        if known is not None and client is self._client:
            self._engine.destinations.renew(DESTINATION, DestinationSecret(client.whip_url, client.bearer))

    async def _obey(self, client: SessionClient, event: SessionEvent, command: Command) -> None:
        mine = client.me.person.id if client.me else ""
        if command.action == "grant" and command.target == mine:
            self._engine.notices.post(command.words, severity="info", by=event.sender.name, action=command.action)
            self._time.set(command.ends, event.at)
        if command.target not in ("", EVERYONE, mine) or command.action in BY_THE_SERVER:
            return
        if command.action in RECORDS:
            # it takes its time, and a stop must not wait for it
            task = asyncio.create_task(self._record(client, event, command))
            self._recording.add(task)
            task.add_done_callback(self._recording.discard)
            return
        if event.id in self._done:
            outcome = self._done[event.id]
        else:
            try:
                outcome = await self._carry_out(command, event.sender.name)
            except StoaError as error:
                await client.acknowledge(event.id, FAILED, error.message)
                return
            self._done[event.id] = outcome
        with contextlib.suppress(StoaError):  # the server has done its part; the line may be gone with a kick
            await client.acknowledge(event.id, outcome)

    async def _record(self, client: SessionClient, event: SessionEvent, command: Command) -> None:
        """Each order once; one that comes again after the line was lost gets its answer again."""
        if event.id not in self._recorded:
            self._recorded[event.id] = asyncio.ensure_future(self._record_once(command, event.sender.name))
        outcome, words = await self._recorded[event.id]
        with contextlib.suppress(StoaError):
            await client.acknowledge(event.id, outcome, words)

    async def _record_once(self, command: Command, by: str) -> tuple[str, str]:
        starts = command.action == "record_start"
        try:
            outcome, words = await (record_start if starts else record_stop)(self._engine)
        except Exception:  # the admin must hear that it failed
            log.exception("an order to record could not be done")
            outcome, words = FAILED, "The studio could not do it."
        notices = self._engine.notices
        if outcome == DONE:
            done = "started the recording" if starts else "stopped the recording"
            notices.post(f"{by} {done}. {words}", severity="info", by=by, action=command.action)
        elif outcome == FAILED:
            asked = "begin" if starts else "end"
            notices.post(f"{by} wanted the recording to {asked}. {words}", by=by, action=command.action)
        return outcome, words

    async def _changed_role(self, command: Command) -> None:
        """Off the air first, then the new role is told: who is made a host again meanwhile begins after that."""
        role = command.role or ""
        destinations = self._engine.destinations
        try:
            if role in PUBLISHERS:
                return
            if any(item.running for key, item in destinations.all.items() if key != DESTINATION):
                await destinations.stop(DESTINATION)
            else:
                await self._engine.off_air()
        finally:
            self._tell(msgspec.structs.replace(self._info, role=role))

    async def _carry_out(self, command: Command, by: str) -> str:
        engine, show = self._engine, self._engine.show
        before = (show.muted_audio_by, show.muted_video_by)
        match command.action:
            case "mute_audio":
                show.mute(audio_by=by)
                engine.recordings.mark_chapter(f"Sound muted by {by}", engine.clock.now_ns())
            case "unmute_audio":
                show.mute(audio_by="")
                engine.recordings.mark_chapter(f"Sound unmuted by {by}", engine.clock.now_ns())
            case "mute_video":
                show.mute(video_by=by)
                engine.recordings.mark_chapter(f"Picture muted by {by}", engine.clock.now_ns())
            case "unmute_video":
                show.mute(video_by="")
                engine.recordings.mark_chapter(f"Picture unmuted by {by}", engine.clock.now_ns())
            case "stop" | "kick" | "ban":
                self._refuse(command.words)
                self._notice(command, by)
                await engine.off_air(recording_too=True)
                return DONE
            case "end":
                self._notice(command, by)
                await engine.off_air(recording_too=True)
                return DONE
            case "promote" | "demote":
                self._notice(command, by)
                await self._changed_role(command)
                return DONE
            case "release":
                self._refuse("")
            case "announce":
                engine.notices.post(command.text or command.words, severity="info", by=by, action="announce")
                return DONE
            case _:
                return ALREADY
        muted = (bool(show.muted_audio_by), bool(show.muted_video_by))
        if command.action != "release" and muted == (bool(before[0]), bool(before[1])):
            return ALREADY
        self._notice(command, by)
        return DONE

    def _notice(self, command: Command, by: str) -> None:
        text = f"{command.words} {command.text}".strip()
        self._engine.notices.post(text, severity="admin", by=by, action=command.action)

    def _refuse(self, words: str) -> None:
        """Nothing goes live here; "" lifts it."""
        self._engine.show.refused = words
        self._engine.changed()
        self._engine.events.emit(EventType.PROGRAM_CHANGED, self._engine.show.info())

    def _tell(self, info: SessionInfo) -> None:
        if info != self._info:
            self._info = info
            self._engine.changed()
            self._engine.events.emit(EventType.SESSION_CHANGED, info)


async def _join_by_account(request: SessionJoin) -> SessionClient:
    base = server_base(request.server)
    context = await asyncio.to_thread(trust) if base.startswith("https") else None
    session = request.session or FIRST_SESSION
    return await SessionClient.join_by_account(base, request.sign_in, session, request.name, context=context)


def _place(client: SessionClient) -> str:
    """Which session it is, for the journal: never the link, which is a secret."""
    return f"{client.base} {client.session}"
