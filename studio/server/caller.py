"""Who is asking: made from a token by `studio.server.admission`, passed along to whatever checks a right."""

from __future__ import annotations

from dataclasses import dataclass

from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.messages import Sender
from studio.server.right_words import may_not
from studio.server.rights import Right, Role, may

OWNER_ID = "owner"
BARE_LINK = "invite:"
"""Begins the id, of person and token, of whoever watches by a viewers' link itself; the invite's id follows."""
SERVER = Sender(id="server", name="Stoa", role=None)


def host_id(session_id: str) -> str:
    """The person that the owner of the machine is on stage."""
    return f"host.{session_id}"


@dataclass(frozen=True, slots=True)
class Caller:
    """A person with a good token. `hidden` ones (the owner's run token, a bare invite) are not counted as present.

    `visitor`: as whom the audience is known again (studio.server.visitors), empty for who has an account.
    `until_s`: when their time in the session is over (Unix seconds), 0 for never.
    """

    person_id: str
    name: str
    role: Role
    session_id: str
    token_id: str
    invite_id: str = ""
    hidden: bool = False
    address: str = ""
    until_s: int = 0
    visitor: str = ""

    @property
    def counts_as(self) -> str:
        """Whom limits count for: the same one also after leaving and coming in again."""
        return self.visitor or self.person_id

    @property
    def sender(self) -> Sender:
        return Sender(id=self.person_id, name=self.name, role=self.role)

    @property
    def sees_all(self) -> bool:
        return self.role in (Role.OWNER, Role.ADMIN)

    def require(self, right: Right) -> None:
        """Raises Refusal(NO_RIGHT) where the role has not this right."""
        if not may(self.role, right):
            words, remedy = may_not(self.role, right)
            raise Refusal(ErrorCode.NO_RIGHT, words, remedy, right=right)

    def require_session(self, session_id: str) -> None:
        """Raises Refusal(NOT_FOUND) for a session that is not the caller's; the owner is in all."""
        if self.role is not Role.OWNER and session_id != self.session_id:
            raise no_session(session_id)


def no_session(session_id: str) -> Refusal:
    """The words for a session that is not there."""
    return Refusal(ErrorCode.NOT_FOUND, f"There is no session {session_id[:64]!r} here.", "Check the link.")
