"""What a client may ask of its session: chat, commands, acknowledgements, people, invites, sharing, the audit log."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote

from studio.session.accounts import AccountsDesk
from studio.session.audit_log import AuditDesk
from studio.session.calls import SessionCalls
from studio.session.chat_messages import ChatRulesData
from studio.session.messages import (
    Accepted,
    Done,
    Envelope,
    History,
    Invite,
    InviteList,
    Me,
    PeopleList,
    Plan,
    PlanList,
    Schedule,
    SessionStatus,
    ShareStatus,
)


class SessionDesk:
    """Calls of one joined client. Each raises SessionError for what the server refused, StoaError where it is away.

    What is the owner's (invites, sharing, the audit log) goes with the owner's token where there is one.
    """

    def __init__(self, calls: SessionCalls, session: str, owner_token: str = "") -> None:
        self._calls = calls
        self._owner = calls if not owner_token else calls.as_other(owner_token)
        self.session = session

    @property
    def _path(self) -> str:
        return f"/api/v1/sessions/{self.session}"

    async def close(self) -> None:
        """Give the connections back; the person stays joined."""
        await self._calls.close()
        if self._owner is not self._calls:
            await self._owner.close()

    async def leave(self) -> bool:
        """Leave the session: this client's token is dead afterwards."""
        return (await self._calls.call("POST", "/api/v1/leave", Done)).changed

    async def whoami(self) -> Me:
        """Who this client is, and its rights."""
        return await self._calls.call("GET", "/api/v1/me", Me)

    async def rights(self) -> tuple[str, ...]:
        """What may be commanded from here: the owner's rights, where there is the owner's token."""
        return (await self._owner.call("GET", "/api/v1/me", Me)).rights

    async def status(self) -> SessionStatus:
        """The session as it is now."""
        return await self._calls.call("GET", self._path, SessionStatus)

    async def people(self) -> PeopleList:
        """Who is here; for the owner also who was removed, and the hosts who are away."""
        return await self._owner.call("GET", f"{self._path}/people", PeopleList)

    async def history(self, *, before: int = 0, limit: int = 100) -> tuple[tuple[Envelope, ...], bool]:
        """Chat messages before a seq, oldest first, and whether there are older ones."""
        answer = await self.page(before=before, limit=limit)
        return answer.messages, answer.more

    async def page(self, *, before: int = 0, limit: int = 100, search: str = "") -> History:
        """As `history`, with the reactions; `search`: only messages with words that begin so."""
        query = f"before={before}&limit={limit}" + (f"&search={quote(search, safe='')}" if search else "")
        return await self._calls.call("GET", f"{self._path}/chat?{query}", History)

    async def chat_rules(self) -> ChatRulesData:
        """All rules of the chat, with the filter's words and the host's commands (moderators)."""
        return await self._calls.call("GET", f"{self._path}/chat/rules", ChatRulesData)

    async def say(self, text: str, *, id: str = "") -> Accepted:
        """Send a chat message. To send again what may have been lost, give the same `id`."""
        return await self._calls.call("POST", f"{self._path}/chat", Accepted, {"id": id or _id(), "text": text})

    async def chat(self, kind: str, *, id: str = "", **data: Any) -> Accepted:
        """Any message of the chat (`chat.send`, `chat.pin`, `poll.open`, …: studio/server/chat_messages.py)."""
        body = {"type": kind, "id": id or _id(), "data": data}
        return await self._calls.call("POST", f"{self._path}/messages", Accepted, body)

    async def command(
        self,
        action: str,
        *,
        target: str = "",
        text: str = "",
        role: str = "",
        seconds: int = 0,
        to: str = "",
        ends: dict[str, int | None] | None = None,
        id: str = "",
    ) -> Accepted:
        """Give a command (admins). It holds on the server when this returns.

        `role`: of promote and demote. `seconds`: how long a ban holds, 0 for good. `to`: who reads an announcement.
        `ends`: of grant, in seconds from now, None for never.
        """
        body: dict[str, Any] = {"id": id or _id(), "action": action, "target": target, "text": text}
        more = (("role", role), ("seconds", seconds), ("to", to), ("ends", ends))
        body |= {key: value for key, value in more if value}
        return await self._owner.call("POST", f"{self._path}/commands", Accepted, body)

    async def acknowledge(self, command: str, outcome: str, words: str = "") -> Accepted:
        """Say what the studio did about a command: done, already, refused, failed."""
        body = {"outcome": outcome, "words": words}
        return await self._calls.call("POST", f"{self._path}/commands/{command}/done", Accepted, body)

    async def invites(self) -> tuple[Invite, ...]:
        """All invites of the session."""
        return (await self._owner.call("GET", f"{self._path}/invites", InviteList)).invites

    async def invite(self, role: str = "viewer", *, uses: int = 0, expires_s: int = 0, label: str = "") -> Invite:
        """Make an invite; its link works from where the server is shared now. An admin's is good once."""
        body = {"role": role, "uses": uses, "expires_s": expires_s, "label": label}
        return await self._owner.call("POST", f"{self._path}/invites", Invite, body)

    async def revoke_invite(self, invite: str) -> bool:
        """Take an invite back; who came by it is out."""
        return (await self._owner.call("DELETE", f"{self._path}/invites/{invite}", Done)).changed

    async def invite_qr(self, invite: str) -> bytes:
        """A viewer's link as a QR code, SVG."""
        return await self._owner.fetch("GET", f"{self._path}/invites/{invite}/qr.svg")

    async def share_status(self) -> ShareStatus:
        """Who can reach the server, and the addresses to choose from."""
        return await self._owner.call("GET", "/api/v1/share", ShareStatus)

    async def share(
        self, address: str, *, port: int = 0, https: str = "off", certificate: str = "", key: str = ""
    ) -> ShareStatus:
        """Let others reach the server at this address. `https`: off, self_made, given."""
        body = {"address": address, "port": port, "https": https, "certificate": certificate, "key": key}
        return await self._owner.call("POST", "/api/v1/share", ShareStatus, body)

    async def withdraw(self) -> ShareStatus:
        """Back to this machine only."""
        return await self._owner.call("DELETE", "/api/v1/share", ShareStatus)

    @property
    def accounts(self) -> AccountsDesk:
        """The server's accounts, for who may manage them."""
        return AccountsDesk(self._owner, self.session)

    @property
    def audit_log(self) -> AuditDesk:
        """The session's audit log, for who may read it."""
        return AuditDesk(self._owner, self._path)

    async def end_server(self) -> None:
        """End the whole server of this machine. The owner only."""
        await self._owner.call("POST", "/api/v1/end", Done)

    async def schedule(self) -> Schedule:
        """What is live and what comes; `mine` of a show: this client's person is one of its hosts."""
        return await self._calls.call("GET", f"{self._path}/schedule", Schedule)

    async def calendar(self, plan: str = "") -> bytes:
        """The schedule, or one plan of it, as an .ics file."""
        return await self._calls.fetch("GET", f"{self._path}/schedule.ics?plan={plan}")

    async def plans(self) -> PlanList:
        """All plans, for who runs the session."""
        return await self._owner.call("GET", f"{self._path}/plans", PlanList)

    async def plan(self, title: str, starts: str, zone: str, **more: Any) -> Plan:
        """Plan a show (admins). `starts`: local time in `zone`; `more`: PlanRequest, studio/server/schedule_api.py."""
        body = {"title": title, "starts": starts, "zone": zone, **more}
        return await self._owner.call("POST", f"{self._path}/plans", Plan, body)

    async def change_plan(self, plan: Plan, **changes: Any) -> Plan:
        """Change a plan that was read; refused where somebody changed it meanwhile."""
        told = ("title", "description", "starts", "zone", "length_s", "repeats", "interval", "days", "until", "count")
        body = {name: getattr(plan, name) for name in (*told, "go_live_before_s", "sequence")}
        body |= {"hosts": [host.id for host in plan.hosts], **changes}
        return await self._owner.call("PUT", f"{self._path}/plans/{plan.id}", Plan, body)

    async def cancel_plan(self, plan: str) -> bool:
        """All that is to come of a plan."""
        return (await self._owner.call("DELETE", f"{self._path}/plans/{plan}", Done)).changed

    async def cancel_show(self, show: str) -> bool:
        """This one show only."""
        return (await self._owner.call("DELETE", f"{self._path}/shows/{show}", Done)).changed


def _id() -> str:
    return secrets.token_urlsafe(12)
