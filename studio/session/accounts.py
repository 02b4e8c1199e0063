"""What is done about the accounts of a server, by its owner and by admins (studio/server/account_admin.py)."""

from __future__ import annotations

from typing import Any

from studio.session.account_messages import Account, AccountList, ResetLink
from studio.session.calls import SessionCalls
from studio.session.messages import Done, Invite


class AccountsDesk:
    """Calls of whoever has the right manage_accounts. Each raises SessionError for a refusal, StoaError."""

    def __init__(self, calls: SessionCalls, session: str) -> None:
        self._calls = calls
        self._session = session

    async def all(self) -> tuple[Account, ...]:
        """The oldest first."""
        return (await self._calls.call("GET", "/api/v1/accounts", AccountList)).accounts

    async def invite(self, role: str) -> Invite:
        """A link by which one person makes an account of this standing role; told once, good once and for a day."""
        body = {"role": role, "account": True, "label": "account"}
        return await self._calls.call("POST", f"/api/v1/sessions/{self._session}/invites", Invite, body)

    async def change(self, account: str, *, role: str = "", disabled: bool | None = None) -> Account:
        """Another standing role, locked (`disabled`) or good again; what is left out stays."""
        body: dict[str, Any] = {"role": role} if role else {}
        if disabled is not None:
            body["disabled"] = disabled
        return await self._calls.call("PATCH", f"/api/v1/accounts/{account}", Account, body)

    async def sign_out(self, account: str) -> bool:
        """Every sign-in of theirs is dead, and so is who joined by it. False where there was none."""
        return (await self._calls.call("POST", f"/api/v1/accounts/{account}/sign-out", Done)).changed

    async def reset_link(self, account: str) -> ResetLink:
        """A link to a new password, told once; the one before is dead."""
        return await self._calls.call("POST", f"/api/v1/accounts/{account}/reset", ResetLink)
