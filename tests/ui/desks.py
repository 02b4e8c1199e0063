"""The window's place in the session of a real server, as far as its accounts and its audit log go."""

from __future__ import annotations

from studio.server.rights import Role, rights_of
from studio.session import AccountsDesk, AuditDesk
from studio.session.calls import SessionCalls
from tests.fakes.house_thread import HouseThread
from tests.fakes.server_house import OWNER_TOKEN
from tests.ui.conftest import Driver
from ui.room import Presence


class Desks:
    """Stands for `ui.attendance.SessionAttendance`."""

    def __init__(self, base: str, bearer: str) -> None:
        self.calls = SessionCalls(base, bearer)
        self.accounts = AccountsDesk(self.calls, "studio")
        self.audit_log = AuditDesk(self.calls, "/api/v1/sessions/studio")


def attend(studio: Driver, house: HouseThread, role: Role = Role.OWNER, bearer: str = OWNER_TOKEN) -> None:
    """The window is in the session with this role's rights."""
    studio.room.attendance = Desks(house.base, bearer)  # type: ignore[assignment]
    studio.room.set_presence(Presence.JOINED)
    rights = frozenset(right.value for right in rights_of(role))
    owner = role is Role.OWNER
    studio.room.set_rights(share=owner, remove=True, invite_admins=owner, rights=rights)


def leave(studio: Driver) -> None:
    """Give its connections back, where it attended."""
    if isinstance(studio.room.attendance, Desks):
        studio.run(studio.room.attendance.calls.close())
