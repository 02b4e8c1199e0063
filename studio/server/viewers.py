"""Who receives media now, as the router tells it: people by their own token, and whoever shows a bare link.

Who watches by a person's token is that person, and present, with or without a line: an admin sees and removes them. Who
watches by a bare link is nobody to be named: they are counted, and end with the link.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from studio.server.caller import BARE_LINK, OWNER_ID, Caller
from studio.server.model import InviteRow
from studio.server.presence import Presence
from studio.server.record import Transaction
from studio.server.rights import Right, may
from studio.server.router_pipe import Direction, RouterState, ViewerJoined, ViewerLeft

HOW_TO_END = (
    "Take the link back and they are out, as is everyone who came by it; or remove somebody who came by it:"
    " the others with a name stay then, and the link is made anew."
)


@dataclass(frozen=True, slots=True)
class _Watches:
    session: str
    person: str

    @property
    def has_name(self) -> bool:
        return self.person != OWNER_ID and not self.person.startswith(BARE_LINK)


class Viewers:
    """Follows the router's viewers. Belongs to the event loop; `by_link` may be asked by the database's thread too."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._open: dict[str, _Watches] = {}

    async def joined(self, message: ViewerJoined) -> bool:
        """Somebody begins to receive media. True where a person has another name by it."""
        return await self._opened({message.resource: _Watches(message.session, message.person)})

    def left(self, message: ViewerLeft) -> None:
        """Somebody ceased to."""
        self._closed(message.resource)

    async def are(self, message: RouterState) -> bool:
        """Everything that the router carries: what was missed is made up for. True where a person has another name."""
        now = {
            one.resource: _Watches(one.session, one.person)
            for one in message.resources
            if one.connected and one.direction is Direction.SUBSCRIBE
        }
        for resource in self._open.keys() - now.keys():
            self._closed(resource)
        return await self._opened(now)

    def lost(self) -> None:
        """The router is gone, and every connection with it."""
        for resource in list(self._open):
            self._closed(resource)

    def by_link(self, session_id: str) -> Counter[str]:
        """How many watch by each bare link, by the id of the invite."""
        return Counter(
            one.person.removeprefix(BARE_LINK)
            for one in tuple(self._open.values())
            if one.session == session_id and one.person.startswith(BARE_LINK)
        )

    async def _opened(self, resources: dict[str, _Watches]) -> bool:
        new = [one.person for resource, one in resources.items() if one.has_name and resource not in self._open]
        known = [one.person for resource, one in resources.items() if one.has_name and resource in self._open]
        self._open.update(resources)
        renamed = await self._presence.watch(new)
        return await self._presence.still_watch(known) or renamed

    def _closed(self, resource: str) -> None:
        watches = self._open.pop(resource, None)
        if watches is not None and watches.has_name:
            self._presence.watches_no_more(watches.person)


def link_words(transaction: Transaction, caller: Caller, counts: Counter[str]) -> str:
    """Who watches by a bare link, and what can be done about it; for those who may remove people, else empty."""
    if not counts or not may(caller.role, Right.KICK):
        return ""
    rows = transaction.db.scalars(select(InviteRow).where(InviteRow.id.in_(list(counts))).order_by(InviteRow.created))
    links = [f"{counts[row.id]} by {f'“{row.label}”' if row.label else 'one without a label'}" for row in rows]
    count = counts.total()
    verb = "watches" if count == 1 else "watch"
    listed = f" ({', '.join(links)})" if links else ""
    return f"{count} {verb} by the bare viewers' link, without a name{listed}. {HOW_TO_END}"
