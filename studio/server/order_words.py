"""What is said of each command: to whom it is about, and to the admins of what holds now."""

from __future__ import annotations

from studio.server.messages import EVERYONE, AnnounceTo, CommandAction
from studio.server.right_words import ROLE_WORDS
from studio.server.rights import Role

TOLD = {
    CommandAction.MUTE_AUDIO: "{admin} switched your sound off. Only an admin can switch it on again.",
    CommandAction.UNMUTE_AUDIO: "{admin} switched your sound on again.",
    CommandAction.MUTE_VIDEO: "{admin} switched your picture off. Only an admin can switch it on again.",
    CommandAction.UNMUTE_VIDEO: "{admin} switched your picture on again.",
    CommandAction.STOP: "{admin} ended the show. Go live again needs an admin's release.",
    CommandAction.RELEASE: "{admin} released the session: you may go live again.",
    CommandAction.KICK: "{admin} removed you from the session.",
    CommandAction.READMIT: "{admin} let you back in.",
    CommandAction.BAN: "{admin} banned you from the session {span}.",
    CommandAction.UNBAN: "{admin} lifted your ban.",
    CommandAction.PROMOTE: "{admin} made you {role}.",
    CommandAction.DEMOTE: "{admin} made you {role}.",
    CommandAction.GRANT: "{admin} set how long you may take part: {ends}.",
    CommandAction.LOWER_HAND: "{admin} lowered your hand.",
    CommandAction.RECORD_START: "{admin} asks the studio to record.",
    CommandAction.RECORD_STOP: "{admin} asks the studio to stop recording.",
    CommandAction.LOCK: "{admin} locked the session: nobody new can come in.",
    CommandAction.UNLOCK: "{admin} unlocked the session.",
    CommandAction.END: "{admin} ended the session for all.",
    CommandAction.ANNOUNCE: "{admin} announces: {text}",
}
HOLDS = {
    CommandAction.MUTE_AUDIO: "The sound is not forwarded any more.",
    CommandAction.UNMUTE_AUDIO: "The sound is forwarded again.",
    CommandAction.MUTE_VIDEO: "The picture is not forwarded any more.",
    CommandAction.UNMUTE_VIDEO: "The picture is forwarded again.",
    CommandAction.STOP: "The session is ended; Go live needs a release.",
    CommandAction.RELEASE: "The session may go live again.",
    CommandAction.KICK: "They are out, and their tokens are dead.",
    CommandAction.READMIT: "They may come in again, by a link that is good now.",
    CommandAction.BAN: "They are out, and cannot come back {until}.",
    CommandAction.UNBAN: "They may come in again, by a link that is good now.",
    CommandAction.PROMOTE: "They are {role} now.",
    CommandAction.DEMOTE: "They are {role} now; what that role may not do has ended.",
    CommandAction.GRANT: "It holds from now on: {ends}.",
    CommandAction.LOWER_HAND: "Their hand is down.",
    CommandAction.RECORD_START: "The studio was asked to record.",
    CommandAction.RECORD_STOP: "The studio was asked to stop recording.",
    CommandAction.LOCK: "Nobody new can come in; who was here may return.",
    CommandAction.UNLOCK: "Whoever has a good link can come in.",
    CommandAction.END: "The session is ended for all.",
    CommandAction.ANNOUNCE: "It was sent to {whom}.",
}
ALREADY = "It was so already."
NO_STUDIO = "No studio is connected, so nothing was done."
WHOM = {
    AnnounceTo.ALL: "everyone who is here",
    AnnounceTo.HOSTS: "the hosts and directors",
    AnnounceTo.PERSON: "them",
}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def span_words(seconds: int) -> str:
    """How long a ban holds: "for 10 minutes", "for good" where `seconds` is 0."""
    for unit_s, name in _UNITS:
        if seconds and seconds % unit_s == 0:
            count = seconds // unit_s
            return f"for {count} {name}{'' if count == 1 else 's'}"
    return "for good"


def also_out(names: list[str]) -> str:
    """Who is out together with whom the command is about; empty for nobody."""
    return f"They were here as {' and '.join(names)} too, and are out as such." if names else ""


def told(action: CommandAction, admin: str, text: str, *, role: str = "", seconds: int = 0, ends: str = "") -> str:
    """The command in words for whom it is about."""
    words = TOLD[action].format(
        admin=admin or "An admin", text=text, role=_role_words(role), span=span_words(seconds), ends=ends
    )
    return words if action is CommandAction.ANNOUNCE or not text else f"{words} Reason given: {text}"


def holds(
    action: CommandAction, *, target: str = "", role: str = "", seconds: int = 0, to: str = "", ends: str = ""
) -> str:
    """What is so now, for the admins."""
    whom = WHOM[AnnounceTo(to)] if to else ""
    until = span_words(seconds) if seconds else "until an admin lifts the ban"
    words = HOLDS[action].format(role=_role_words(role), until=until, whom=whom, ends=ends)
    return f"For everyone who may send: {words}" if target == EVERYONE else words


def _role_words(role: str) -> str:
    return ROLE_WORDS.get(Role(role), role) if role else ""
