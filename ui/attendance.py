"""The window's own place in the session: signs in with the owner's token, fills the room, comes back by itself.

The engine has a place of its own, as the host: it obeys admins. This one chats, shows people and shares. Where the
engine joined another server's session by the account that is signed in here, the window is there by that account too.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from studio.media import ErrorKind, StoaError
from studio.session import (
    AccountsDesk,
    AuditDesk,
    ChatRulesData,
    CommandDone,
    GrantTold,
    Hand,
    Invite,
    LineChange,
    LineState,
    PersonChange,
    Plan,
    PlanList,
    QualityTold,
    ScheduleChange,
    SessionClient,
    SessionEvent,
    StateChange,
)
from studio.session import Presence as Coming
from studio.session.messages import PeopleList, SessionStatus
from ui import connections, words
from ui.account import Account
from ui.asked import Asked
from ui.chat_record import ChatRecord, line_of, mine_of
from ui.line import Line
from ui.outcome import outcome_words
from ui.reaching import Reaching
from ui.room import Link, Presence, Room
from ui.show import Show
from ui.someone import someone_of

AGAIN_AFTER_S = 1.0
MISSES = 15  # the server starts beside the window
NO_SERVER = "The session's server is not running. Start stoa to have one; stoa live has none."
PEOPLE_AFTER_S = 0.15  # many come and go at once: ask once for all of them
TOLD_BY_NOTICES = ("muted", "unmuted", "locked", "unlocked", "time")
"""Changes of which a notice tells, with the admin's name."""


class SessionAttendance:
    """Begin with `attend`, which ends only when it is cancelled."""

    def __init__(self, show: Show, room: Room, account: Account | None = None) -> None:
        self._show, self._room, self._account = show, room, account
        self._record = ChatRecord(room, room.start)
        self._at = ""
        self._visiting: asyncio.Task[None] | None = None
        self._client: SessionClient | None = None
        self._people = Asked(lambda client: client.people(), self._show_people, self._is_here)
        self._schedule = Asked(
            lambda client: client.schedule(), lambda _, found: room.agenda.take(found), self._is_here
        )
        self._reaching = Reaching(room, self._is_here)
        self._people_asked = False
        self._given: set[str] = set()
        self._changed = asyncio.Event()
        show.session_changed.connect(self._session_changed)
        show.detached.connect(self._session_changed)
        if account is not None:
            account.changed.connect(self._session_changed)
        room.attendance = self

    def _session_changed(self) -> None:
        self._changed.set()
        visiting = self._visiting
        if visiting is not None and self._at != self._wanted() and not visiting.cancelling():  # else it is leaving
            visiting.cancel()

    def _wanted(self) -> str:
        """The session to be in by account, empty for this machine's own."""
        session, account = self._show.session, self._account
        by_account = account is not None and account.is_in and account.server == session.server
        return session.session if session.by_account and by_account else ""

    # -- being there -------------------------------------------------------------------------------------------------

    async def attend(self) -> None:
        """Join the machine's own session as its owner, and stay; again and again until cancelled."""
        misses = 0
        while True:
            self._at = self._wanted()
            self._visiting = asyncio.create_task(self._visit(self._at))
            try:
                await self._visiting
            except asyncio.CancelledError:
                if not self._visiting.cancelled() or asyncio.current_task().cancelling():  # type: ignore[union-attr]
                    self._visiting.cancel()
                    raise
                self._room.set_presence(Presence.JOINING)  # the studio is in another session now
                continue
            except StoaError as error:
                misses += error.kind is ErrorKind.NOT_FOUND
                if error.kind is not ErrorKind.NOT_FOUND:
                    self._room.set_presence(Presence.AWAY, str(error))
                elif self._room.trouble:
                    self._room.set_presence(Presence.NONE, self._room.trouble)
                elif misses < MISSES:
                    self._room.set_presence(Presence.JOINING)
                else:
                    self._room.set_presence(Presence.NONE, NO_SERVER)
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), AGAIN_AFTER_S)
            except TimeoutError:
                pass

    def _is_here(self, client: SessionClient) -> bool:
        return client is self._client

    async def _visit(self, session: str) -> None:
        if session and self._account is not None:
            client = await self._account.join(session)
        else:
            client = await SessionClient.join_as_owner()
        self._client = client
        try:
            await self._stay(client)
        finally:
            self._client = None
            await asyncio.shield(client.close())  # what waits for it may be told again to go on

    async def _stay(self, client: SessionClient) -> None:
        await self._begin(client)
        self._show.start(self._people.again_and_again(client))  # who watches without a name comes without a message
        async for fact in client.events():
            if isinstance(fact, LineChange):
                if fact.state is LineState.REFUSED:
                    raise StoaError(ErrorKind.REFUSED, fact.words)
                await self._line_changed(client, fact)
            else:
                self._take(client, fact)
                if self._is_my_change(fact, mine_of(client)):
                    await self._begin(client)

    def _is_my_change(self, event: SessionEvent, mine: str) -> bool:
        """Whether it says that I have another role; on a line that comes back all is asked for at its end."""
        joined = self._room.presence is Presence.JOINED
        return joined and isinstance(event.data, PersonChange) and event.data.person.id == mine

    async def _line_changed(self, client: SessionClient, change: LineChange) -> None:
        if change.state is LineState.CONNECTED:
            if self._room.presence is not Presence.JOINED:
                await self._begin(client)
            self._room.set_presence(Presence.JOINED)
        elif change.state is LineState.RECONNECTING:
            self._room.set_presence(Presence.AWAY, change.words)

    async def _begin(self, client: SessionClient) -> None:
        """What one may do, and everything that one may see by it."""
        rights = frozenset(await client.rights())
        self._room.set_rights(
            share="share" in rights, remove="kick" in rights, invite_admins="invite_admin" in rights, rights=rights
        )
        await self._look_around(client)

    async def _look_around(self, client: SessionClient) -> None:
        """Everything as it is now."""
        status = await client.status()
        client.seq = status.seq if client.seq is None else client.seq
        self._record.begin(client, status)
        self._room.set_standing(locked=status.locked, needs_release=status.needs_release)
        self._set_people(status, mine_of(client))
        self._ask_people_soon(client)  # the owner's list has more: hosts who are away, and who was removed
        self._show.start(self._ask_reach(client))
        self._show.start(self._schedule.ask(client))

    def _take(self, client: SessionClient, event: SessionEvent) -> None:
        if self._record.take(client, event):
            return
        mine, data = mine_of(client), event.data
        if isinstance(data, Coming):
            self._record.came(client, event, data)
            self._ask_people_soon(client)
            if data.why == "removed":  # the link that they came by is another now
                self._show.start(self._ask_reach(client))
        elif isinstance(data, ScheduleChange):
            self._show.start(self._schedule.ask(client))
        elif isinstance(data, StateChange):
            self._room.set_standing(locked=data.locked, needs_release=data.needs_release)
            if data.why not in TOLD_BY_NOTICES:
                self._room.add_line(line_of(event.id, event.sender, event.at, data.words, mine, notice=True))
            self._ask_people_soon(client)
        elif isinstance(data, GrantTold):
            text = data.words if data.person == mine else data.about
            self._room.add_line(line_of(event.id, event.sender, event.at, text, mine, notice=True))
            self._ask_people_soon(client)  # what is over is said of them
        elif isinstance(data, QualityTold):
            self._room.set_connections(connections.after(self._room.connections, data))
        elif isinstance(data, CommandDone | PersonChange | Hand):
            self._ask_people_soon(client)
            if isinstance(data, CommandDone) and data.id in self._given:
                self._given.discard(data.id)
                self._room.outcome.emit(*outcome_words(data))
        elif event.type == "notice":
            text = getattr(data, "text", "")
            if text:
                self._room.add_line(line_of(event.id, event.sender, event.at, text, mine, notice=True))

    # -- people ------------------------------------------------------------------------------------------------------

    def _ask_people_soon(self, client: SessionClient) -> None:
        if not self._people_asked and client is self._client:
            self._people_asked = True
            self._show.start(self._ask_people(client))

    async def _ask_people(self, client: SessionClient) -> None:
        await asyncio.sleep(PEOPLE_AFTER_S)
        self._people_asked = False
        await self._people.ask(client)

    def _show_people(self, client: SessionClient, found: PeopleList) -> None:
        self._set_people(found, mine_of(client))

    def _set_people(self, told: PeopleList | SessionStatus, mine: str) -> None:
        now_s = self._room.agenda.now_s
        here = (one for one in told.people if one.present or one.removed or one.id == mine)
        found = tuple(someone_of(one, mine, now_s) for one in here)
        self._room.set_connections(connections.of_people(told.people))
        self._room.set_people(found, told.watching, told.by_link_words)

    # -- what is planned ---------------------------------------------------------------------------------------------

    async def plans(self) -> PlanList:
        return await self._here().plans()

    async def plan(self, plan: Plan | None, values: dict[str, Any]) -> None:
        client = self._here()
        if plan is None:
            await client.plan(**values)
        else:
            await client.change_plan(plan, **values)
        await self._schedule.ask(client)

    async def calendar(self, plan: str) -> bytes:
        return await self._here().calendar(plan)

    async def cancel_show(self, show: str) -> None:
        client = self._here()
        await client.cancel_show(show)
        await self._schedule.ask(client)

    async def cancel_plan(self, plan: str) -> None:
        client = self._here()
        await client.cancel_plan(plan)
        await self._schedule.ask(client)

    # -- sharing -----------------------------------------------------------------------------------------------------

    async def _ask_reach(self, client: SessionClient) -> None:
        await self._reaching.ask(client, own=not self._at)

    # -- what the panels ask for -------------------------------------------------------------------------------------

    def _here(self) -> SessionClient:
        if self._client is None:
            raise StoaError(ErrorKind.LOST, "The session is not there at present.", remedy="It comes back by itself.")
        return self._client

    async def say(self, text: str, *, backstage: bool = False, to: str = "", reply_to: int = 0) -> None:
        where: dict[str, Any] = {"channel": "backstage"} if backstage else {}
        where |= {key: value for key, value in (("to", to), ("reply_to", reply_to)) if value}
        if where:
            await self._here().chat("chat.send", text=text, **where)
        else:
            await self._here().say(text)

    async def chat(self, kind: str, **data: Any) -> None:
        await self._here().chat(kind, **data)

    async def page(self, before: int = 0, search: str = "") -> tuple[list[Line], bool]:
        return await self._record.page(self._here(), before, search)

    async def chat_rules(self) -> ChatRulesData:
        return await self._here().chat_rules()

    async def share(self, address: str, port: int, https: str) -> None:
        client = self._here()
        try:
            status = await client.share(address, port=port, https=https)
        except StoaError:
            self._show.start(self._ask_reach(client))  # the panel shows what is shared all the same
            raise
        await self._reaching.show(client, status)

    async def take_back(self) -> None:
        client = self._here()
        await self._reaching.show(client, await client.withdraw())

    @property
    def accounts(self) -> AccountsDesk:
        return self._here().accounts

    @property
    def audit_log(self) -> AuditDesk:
        return self._here().audit_log

    async def admin_link(self) -> str:
        invite = await self._here().invite("admin", label="admin")
        return invite.link or ""

    async def links(self) -> list[Link]:
        return [
            link_of(one)
            for one in reversed(await self._here().invites())
            if not one.revoked and one.role != "admin" and not (one.account and one.used)
        ]

    async def new_link(self, role: str) -> Link:
        return link_of(await self._here().invite(role, uses=0 if role == "viewer" else 1))

    async def link_qr(self, link: str) -> str:
        return (await self._here().invite_qr(link)).decode()

    async def take_link_back(self, link: str) -> None:
        client = self._here()
        await client.revoke_invite(link)
        await self._ask_reach(client)  # it may have been the one that is shown

    async def command(
        self,
        action: str,
        target: str = "",
        *,
        text: str = "",
        role: str = "",
        seconds: int = 0,
        to: str = "",
        ends: dict[str, int | None] | None = None,
    ) -> None:
        client, id = self._here(), secrets.token_urlsafe(12)
        self._given.add(id)
        try:
            await client.command(action, target=target, text=text, role=role, seconds=seconds, to=to, ends=ends, id=id)
        except StoaError:
            self._given.discard(id)
            raise


def link_of(invite: Invite) -> Link:
    """An invite as the window lists it."""
    used = (f"{invite.used} of " if invite.uses else "") + words.count(invite.uses or invite.used, "time")
    expires = f", good until {words.clock(invite.expires)}" if invite.expires else ""
    facts = f"made {words.clock(invite.created)}, " + (f"used {used}" if invite.used else "not used yet")
    return Link(invite.id, invite.role, invite.label, invite.link or "", facts + expires, invite.account)
