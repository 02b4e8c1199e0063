"""The client of a session: sign in, join, chat, people, notices, commands. Used by the window and by the engine."""

from studio.session.address import OwnerAddress, SessionLink, parse_link, running_server
from studio.session.client import LineChange, LineState, SessionClient, SessionEvent
from studio.session.messages import (
    Accepted,
    AuditEntry,
    ChatMessage,
    Command,
    CommandDone,
    Invite,
    Me,
    Notice,
    Person,
    PersonChange,
    Presence,
    Sender,
    SessionStatus,
    ShareStatus,
    StateChange,
    Welcome,
)

__all__ = [
    "Accepted",
    "AuditEntry",
    "ChatMessage",
    "Command",
    "CommandDone",
    "Invite",
    "LineChange",
    "LineState",
    "Me",
    "Notice",
    "OwnerAddress",
    "Person",
    "PersonChange",
    "Presence",
    "Sender",
    "SessionClient",
    "SessionEvent",
    "SessionLink",
    "SessionStatus",
    "ShareStatus",
    "StateChange",
    "Welcome",
    "parse_link",
    "running_server",
]
