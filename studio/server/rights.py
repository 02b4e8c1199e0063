"""Who may do what: one table, from which the checks, the tests and the documents are made."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """The closed list of CONTRACT.md. `broadcaster` is the host and every co-host."""

    OWNER = "owner"
    ADMIN = "admin"
    DIRECTOR = "director"
    BROADCASTER = "broadcaster"
    GUEST = "guest"
    VIEWER = "viewer"


class Right(StrEnum):
    """One thing that a person in a session may do or may not."""

    WATCH = "watch"
    CHAT = "chat"
    CHAT_BACKSTAGE = "chat_backstage"
    CHAT_MODERATE = "chat_moderate"
    REACT = "react"
    RAISE_HAND = "raise_hand"
    PIN = "pin"
    POLL = "poll"
    VOTE = "vote"
    SEE_PEOPLE = "see_people"
    SEE_CONNECTIONS = "see_connections"
    PUBLISH = "publish"
    ACKNOWLEDGE = "acknowledge"
    MUTE_AUDIO = "mute_audio"
    UNMUTE_AUDIO = "unmute_audio"
    MUTE_VIDEO = "mute_video"
    UNMUTE_VIDEO = "unmute_video"
    STOP = "stop"
    RELEASE = "release"
    KICK = "kick"
    READMIT = "readmit"
    BAN = "ban"
    UNBAN = "unban"
    PROMOTE = "promote"
    DEMOTE = "demote"
    GRANT = "grant"
    LOWER_HAND = "lower_hand"
    RECORD_START = "record_start"
    RECORD_STOP = "record_stop"
    LOCK = "lock"
    UNLOCK = "unlock"
    END = "end"
    ANNOUNCE = "announce"
    INVITE_VIEWER = "invite_viewer"
    INVITE_BROADCASTER = "invite_broadcaster"
    INVITE_ADMIN = "invite_admin"
    MANAGE_ACCOUNTS = "manage_accounts"
    SEE_SCHEDULE = "see_schedule"
    SEE_PLANS = "see_plans"
    PLAN = "plan"
    CHANGE_PLAN = "change_plan"
    CANCEL_PLAN = "cancel_plan"
    READ_AUDIT = "read_audit"
    SHARE = "share"


_EVERYONE = frozenset(Role)
_STAGE = frozenset({Role.OWNER, Role.BROADCASTER})
_BACKSTAGE = frozenset({Role.OWNER, Role.ADMIN})
_TEAM = frozenset({Role.OWNER, Role.ADMIN, Role.DIRECTOR, Role.BROADCASTER})
_BOOTH = _BACKSTAGE | {Role.DIRECTOR}
_ADMIN = frozenset({Role.ADMIN})
_OWNER = frozenset({Role.OWNER})

MATRIX: Mapping[Right, frozenset[Role]] = MappingProxyType(
    {
        Right.WATCH: _EVERYONE,
        Right.CHAT: _EVERYONE,
        # Private messages: the team (who may chat backstage) writes to anyone, everyone else to the team.
        Right.CHAT_BACKSTAGE: _TEAM,
        Right.CHAT_MODERATE: _TEAM,
        Right.REACT: _EVERYONE,
        Right.RAISE_HAND: _EVERYONE,
        Right.PIN: _TEAM,
        Right.POLL: _TEAM,
        Right.VOTE: _EVERYONE,
        Right.SEE_PEOPLE: _EVERYONE,
        # Other people's devices and connections; everybody sees their own.
        Right.SEE_CONNECTIONS: _TEAM,
        Right.PUBLISH: _STAGE,
        Right.ACKNOWLEDGE: _STAGE,
        # What takes something away: an admin, and the owner of the machine.
        Right.MUTE_AUDIO: _BACKSTAGE,
        Right.MUTE_VIDEO: _BACKSTAGE,
        Right.STOP: _BACKSTAGE,
        Right.KICK: _BACKSTAGE,
        Right.BAN: _BACKSTAGE,
        Right.LOCK: _BACKSTAGE,
        Right.UNLOCK: _BACKSTAGE,
        Right.END: _BACKSTAGE,
        Right.ANNOUNCE: _BACKSTAGE,
        # Who an admin is, only the owner decides (studio.server.promotions).
        Right.PROMOTE: _BACKSTAGE,
        Right.DEMOTE: _BACKSTAGE,
        # How long somebody may take part, and with what (studio.server.grant_ends).
        Right.GRANT: _BACKSTAGE,
        # What runs the show.
        Right.RECORD_START: _BOOTH,
        Right.RECORD_STOP: _BOOTH,
        Right.LOWER_HAND: _BOOTH | {Role.BROADCASTER},
        # Who comes in again: the owner too, but not their own host (studio.server.orders).
        Right.READMIT: _BACKSTAGE,
        Right.UNBAN: _BACKSTAGE,
        # What gives it back: an admin only, since the owner's machine is where the host sits.
        Right.UNMUTE_AUDIO: _ADMIN,
        Right.UNMUTE_VIDEO: _ADMIN,
        Right.RELEASE: _ADMIN,
        Right.INVITE_VIEWER: _BACKSTAGE | {Role.BROADCASTER},
        Right.INVITE_BROADCASTER: _BACKSTAGE,
        Right.INVITE_ADMIN: _OWNER,
        # Accounts belong to the server: roles, disabling, new passwords (studio.server.account_admin).
        Right.MANAGE_ACCOUNTS: _BACKSTAGE,
        # What comes and when is seen by everyone, the plans behind it by the team (studio.server.schedule_api).
        Right.SEE_SCHEDULE: _EVERYONE,
        Right.SEE_PLANS: _TEAM,
        Right.PLAN: _BACKSTAGE,
        Right.CHANGE_PLAN: _BACKSTAGE,
        Right.CANCEL_PLAN: _BACKSTAGE,
        Right.READ_AUDIT: _BACKSTAGE,
        Right.SHARE: _OWNER,
    }
)


def may(role: Role, right: Right) -> bool:
    """Whether a person of this role has this right."""
    return role in MATRIX[right]


def below(role: Role, other: Role) -> bool:
    """Whether `role` stands below `other` in the order of the list."""
    order = list(Role)
    return order.index(role) > order.index(other)


def rights_of(role: Role) -> tuple[Right, ...]:
    """Every right of a role, in the order of the list."""
    return tuple(right for right in Right if may(role, right))


def as_markdown() -> str:
    """The table as docs/reference/rights.md has it."""
    head = "| right | " + " | ".join(role.value for role in Role) + " |"
    line = "|---|" + "---|" * len(Role)
    rows = (
        f"| `{right.value}` | " + " | ".join("yes" if may(role, right) else "–" for role in Role) + " |"
        for right in Right
    )
    return "\n".join((head, line, *rows)) + "\n"
