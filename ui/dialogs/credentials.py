"""What every dialogue that signs somebody in asks and says."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from ui.account import Account
from ui.show import Show

READABLE = "This address is without encryption: others in the network can read the password on its way."


def password_field(words: str) -> QLineEdit:
    """A field that shows dots."""
    made = QLineEdit()
    made.setEchoMode(QLineEdit.EchoMode.Password)
    made.setMaxLength(1024)
    made.setAccessibleName(words)
    return made


def is_in_use(show: Show, account: Account) -> bool:
    """Whether the studio is in a session by the sign-in that another one would end."""
    session = show.session
    return session.joined and session.by_account and session.server == account.before


def why_not_at(show: Show, account: Account, server: str) -> str:
    """Why nobody can sign in at this server now, in words; empty where one can."""
    session = show.session
    if not is_in_use(show, account) or server == session.server:
        return ""
    host = session.server.partition("://")[2]
    return f"The studio is in a session by your account at {host}. Leave the session first."
