"""Who can reach the session, as the room shows it: asked of the session's server, its viewers' link with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from studio.media import StoaError
from studio.session import Invite, SessionClient, ShareStatus
from ui.room import Address, Reach, Room

REACH_AFTER_S = 2.0  # what was shared before comes back without a message


class Reaching:
    """Belongs to the window's thread. `is_here`: whether this client's session is still the one that is shown."""

    def __init__(self, room: Room, is_here: Callable[[SessionClient], bool]) -> None:
        self._room, self._is_here = room, is_here
        self._asked = False

    async def ask(self, client: SessionClient, *, own: bool) -> None:
        """As it is now. `own`: the session is this machine's; who reaches another's is its owner's to decide, and there
        is the viewers' link alone, for whom may give it. Raises StoaError.
        """
        if not self._is_here(client):
            return
        if own:
            await self.show(client, await client.share_status())
        elif self._may_invite():
            link, qr = await self._viewers_link(client)
            if self._is_here(client) and self._may_invite():  # they may have been demoted meanwhile
                self._room.set_reach(Reach(link=link, qr_svg=qr))
        else:
            self._room.set_reach(Reach())

    def _may_invite(self) -> bool:
        return "invite_viewer" in self._room.rights

    async def show(self, client: SessionClient, status: ShareStatus) -> None:
        """What the owner's own server said. Raises StoaError."""
        link, qr = await self._viewers_link(client)
        self._room.set_reach(
            Reach(
                status.shared,
                status.address,
                status.port,
                str(status.https),
                link,
                qr,
                status.reach_words,
                status.firewall_words,
                status.warning_words,
                tuple(Address(one.address, one.interface, one.words) for one in status.choices),
            )
        )
        if status.returning and not self._asked:
            self._asked = True
            self._room.start(self._ask_again(client))

    async def _ask_again(self, client: SessionClient) -> None:
        await asyncio.sleep(REACH_AFTER_S)
        self._asked = False
        try:
            await self.ask(client, own=True)
        except StoaError:
            return  # the line says that it is lost, and asks when it is back

    async def _viewers_link(self, client: SessionClient) -> tuple[str, str]:
        """The window's own, made where there is none; and it as a QR code."""
        invite = next((one for one in await client.invites() if _is_the_windows(one)), None)
        if invite is None:
            invite = await client.invite("viewer", label="window")
        return invite.link or "", (await client.invite_qr(invite.id)).decode()


def _is_the_windows(invite: Invite) -> bool:
    return invite.role == "viewer" and invite.label == "window" and not invite.revoked
