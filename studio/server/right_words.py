"""Rights and roles as people call them: what a refusal says in place of their names in code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from studio.server.rights import MATRIX, Right, Role

ROLE_WORDS: Mapping[Role, str] = MappingProxyType(
    {
        Role.OWNER: "the owner",
        Role.ADMIN: "an admin",
        Role.DIRECTOR: "a director",
        Role.BROADCASTER: "a host",
        Role.GUEST: "a guest",
        Role.VIEWER: "a viewer",
    }
)
RIGHT_WORDS: Mapping[Right, str] = MappingProxyType(
    {
        Right.WATCH: "watch the show",
        Right.CHAT: "write in the chat",
        Right.CHAT_BACKSTAGE: "take part backstage",
        Right.CHAT_MODERATE: "moderate the chat",
        Right.REACT: "react to messages",
        Right.RAISE_HAND: "raise a hand",
        Right.PIN: "pin messages",
        Right.POLL: "open or close polls",
        Right.VOTE: "vote",
        Right.SEE_PEOPLE: "see who is here",
        Right.SEE_CONNECTIONS: "see others' connections",
        Right.PUBLISH: "send sound or picture",
        Right.ACKNOWLEDGE: "answer for a studio",
        Right.MUTE_AUDIO: "mute others' sound",
        Right.UNMUTE_AUDIO: "switch sound on again that an admin switched off",
        Right.MUTE_VIDEO: "switch others' picture off",
        Right.UNMUTE_VIDEO: "switch a picture on again that an admin switched off",
        Right.STOP: "stop the show",
        Right.RELEASE: "allow Go live again",
        Right.KICK: "remove people",
        Right.READMIT: "let people back in",
        Right.BAN: "ban people",
        Right.UNBAN: "lift bans",
        Right.PROMOTE: "give people a higher role",
        Right.DEMOTE: "give people a lower role",
        Right.GRANT: "set how long others take part",
        Right.LOWER_HAND: "lower others' hands",
        Right.RECORD_START: "start the studio's recording",
        Right.RECORD_STOP: "stop the studio's recording",
        Right.LOCK: "lock the session",
        Right.UNLOCK: "unlock the session",
        Right.END: "end the session",
        Right.ANNOUNCE: "make announcements",
        Right.INVITE_VIEWER: "invite viewers",
        Right.INVITE_BROADCASTER: "invite anybody but viewers",
        Right.INVITE_ADMIN: "invite admins",
        Right.MANAGE_ACCOUNTS: "manage accounts",
        Right.SEE_SCHEDULE: "see the schedule",
        Right.SEE_PLANS: "see the plans behind the schedule",
        Right.PLAN: "plan shows",
        Right.CHANGE_PLAN: "change plans",
        Right.CANCEL_PLAN: "call off what is planned",
        Right.READ_AUDIT: "read the audit log",
        Right.SHARE: "choose who can reach the server",
    }
)


def sentence_start(right: Right) -> str:
    """What it lets somebody do, to begin a line with."""
    words = RIGHT_WORDS[right]
    return f"{words[:1].upper()}{words[1:]}"


def may_not(role: Role, right: Right) -> tuple[str, str]:
    """Why it is refused, and whom to ask: "As a host you may not mute others' sound."."""
    ask = "Ask an admin of the session." if Role.ADMIN in MATRIX[right] else "Ask the owner of the studio."
    return f"As {ROLE_WORDS[role]} you may not {RIGHT_WORDS[right]}.", ask
