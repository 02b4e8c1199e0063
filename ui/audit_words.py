"""The audit log in words of people: what was done, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui import words
from ui.room import ROLES

if TYPE_CHECKING:  # the client of a session is loaded after the first paint
    from studio.session import AuditEntry

ACTIONS = {
    "mute_audio": "Sound off",
    "unmute_audio": "Sound on",
    "mute_video": "Picture off",
    "unmute_video": "Picture on",
    "stop": "Stop the show",
    "release": "Allow Go live",
    "kick": "Remove",
    "readmit": "Let back in",
    "ban": "Ban",
    "unban": "Lift the ban",
    "promote": "Higher role",
    "demote": "Lower role",
    "grant": "Set the time",
    "lower_hand": "Lower the hand",
    "record_start": "Start recording",
    "record_stop": "Stop recording",
    "lock": "Lock the session",
    "unlock": "Unlock the session",
    "end": "End for all",
    "announce": "Announce",
    "command.done": "Answer to a command",
    "joined": "Came in",
    "left": "Left",
    "person.renamed": "Another name",
    "ban.over": "Ban is over",
    "grant.over": "Time is over",
    "invite.made": "Link made",
    "invite.revoked": "Link taken back",
    "chat.rules": "Rules of the chat",
    "chat.delete": "Message deleted",
    "chat.allow": "Held message shown",
    "chat.refuse": "Held message refused",
    "chat.mute": "Muted in the chat",
    "chat.unmute": "May write again",
    "poll.open": "Poll opened",
    "poll.close": "Poll closed",
    "session.waiting": "Session waits",
    "session.live": "Session on air",
    "session.ended": "Session ended",
    "plan.made": "Show planned",
    "plan.changed": "Plan changed",
    "plan.cancelled": "Plan called off",
    "show.scheduled": "Show waits again",
    "show.live": "Show on air",
    "show.ended": "Show ended",
    "share.opened": "Shared",
    "share.closed": "Sharing ended",
    "account.made": "Account made",
    "account.role": "Role of an account",
    "account.disabled": "Account locked",
    "account.enabled": "Account unlocked",
    "account.password": "Password changed",
    "account.reset": "Link to a new password",
    "account.reset_ended": "Link to a password ended",
    "account.signed_in": "Sign-in",
    "account.signed_out": "Sign-out",
    "account.signed_out_everywhere": "Signed out everywhere",
    "backup.restored": "Backup restored",
}
KINDS = (
    ("", "Everything"),
    ("kick", "Removals"),
    ("ban", "Bans"),
    ("mute_audio", "Sound off"),
    ("mute_video", "Picture off"),
    ("grant", "Times that were set"),
    ("announce", "Announcements"),
    ("joined", "Who came in"),
    ("invite", "Links"),
    ("chat", "Moderation of the chat"),
    ("poll", "Polls"),
    ("plan", "Plans"),
    ("show", "Shows"),
    ("session", "On air and off"),
    ("account", "Accounts"),
)
"""What one looks for; the server takes the beginning of an action up to its full stop."""
OUTCOMES = (
    ("", "Any outcome"),
    ("done", "Done"),
    ("effective", "In force"),
    ("already", "Already so"),
    ("refused", "Refused"),
    ("failed", "Failed"),
)


def action_words(action: str) -> str:
    """What was done. An action that this window does not know yet is told by its name, without its signs."""
    plain = action.replace("_", " ").replace(".", " ")
    return ACTIONS.get(action) or f"{plain[:1].upper()}{plain[1:]}"


def outcome_words(entry: AuditEntry) -> str:
    """What became of it: the outcome, then the server's words."""
    outcome = dict(OUTCOMES).get(entry.outcome, entry.outcome) if entry.outcome else ""
    return ": ".join(filter(None, (outcome, entry.words)))


def whole(entry: AuditEntry) -> str:
    """All of a line, as it is read out and copied."""
    role = ROLES.get(entry.actor_role or "", "")
    who = f"{entry.actor_name or 'Somebody'} ({role})" if role else entry.actor_name
    parts = (words.moment(entry.at), who, action_words(entry.action), entry.target_name, outcome_words(entry))
    line = " · ".join(part for part in parts if part)
    return f"{line} · from {entry.address}" if entry.address else line
