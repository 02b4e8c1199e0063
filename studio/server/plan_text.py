"""A plan in words: what a title may be, when it takes place, and what the states of a show are called."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.recurrence import Rule
from studio.server.schedule_api import DESCRIPTION_CHARACTERS, TITLE_CHARACTERS, Repeats, Weekday

WHY = {
    "planned": "It has not begun yet.",
    "on_air": "On air.",
    "off_air": "The show is over.",
    "missed": "Nobody went live; its time is over.",
    "cancelled": "It was cancelled.",
    "ended": "The show was ended.",
    "stopped": "An admin ended the show.",
    "lost": "The studio's connection was lost and did not come back.",
    "removed": "The show is over.",
}
_JOINERS = "\u200c\u200d"
_NAMES = dict(zip(Weekday, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PERIODS = {Repeats.DAILY: "day", Repeats.WEEKLY: "week", Repeats.MONTHLY: "month"}


def _shown(text: str, what: str) -> str:
    """A line as it is shown: without what hides. Raises Refusal(PLAN_BAD)."""
    kept = []
    for sign in unicodedata.normalize("NFC", text):
        category = unicodedata.category(sign)
        if category in ("Cs", "Cn"):
            raise Refusal(ErrorCode.PLAN_BAD, f"The {what} holds signs that cannot be shown.", "Write it again.")
        if category in ("Cc", "Zl", "Zp"):
            kept.append(" ")
        elif category != "Cf" or sign in _JOINERS:
            kept.append(sign)
    return " ".join("".join(kept).split())


def clean_title(text: str) -> str:
    """A title of one line. Raises Refusal(PLAN_BAD)."""
    shown = _shown(text, "title")
    if not shown.strip(_JOINERS):
        raise Refusal(ErrorCode.PLAN_BAD, "A title is needed.", "Say what the show is called.")
    if len(shown) > TITLE_CHARACTERS:
        raise Refusal(ErrorCode.PLAN_BAD, f"The title has more than {TITLE_CHARACTERS} letters.", "Shorten it.")
    return shown


def clean_description(text: str) -> str:
    """A description of any number of lines, at most one empty one between two. Raises Refusal(PLAN_BAD)."""
    lines: list[str] = []
    for line in text.splitlines():
        shown = _shown(line, "description")
        if shown or (lines and lines[-1]):
            lines.append(shown)
    shown = "\n".join(lines).strip("\n")
    if len(shown) > DESCRIPTION_CHARACTERS:
        raise Refusal(
            ErrorCode.PLAN_BAD, f"The description has more than {DESCRIPTION_CHARACTERS} signs.", "Shorten it."
        )
    return shown


def day_words(local: datetime) -> str:
    """`Thu 26 Nov 2026`, whatever the machine's language is."""
    return f"{_NAMES[list(Weekday)[local.weekday()]][:3]} {local.day} {_MONTHS[local.month - 1]} {local.year}"


def when_words(local: datetime, zone: str) -> str:
    """`Thu 26 Nov 2026, 19:00 (Europe/Berlin)`."""
    return f"{day_words(local)}, {local:%H:%M} ({zone})"


def rule_words(rule: Rule) -> str:
    """`Every Thursday at 19:00 (Europe/Berlin), until 30 Jun 2027`."""
    at = f"at {rule.starts:%H:%M} ({rule.zone})"
    if rule.repeats is Repeats.NONE:
        return when_words(rule.starts, rule.zone)
    period = _PERIODS[rule.repeats]
    every = f"Every {period}" if rule.interval == 1 else f"Every {rule.interval} {period}s"
    match rule.repeats:
        case Repeats.WEEKLY:
            of_week = list(Weekday)
            days = [_NAMES[day] for day in of_week if day in (rule.days or (of_week[rule.starts.weekday()],))]
            named = " and ".join(filter(None, (", ".join(days[:-1]), days[-1])))
            every = f"Every {named}" if rule.interval == 1 else f"{every} on {named}"
        case Repeats.MONTHLY:
            every = f"{every} on day {rule.starts.day}"
    end = ""
    if rule.until is not None:
        end = f", until {rule.until.day} {_MONTHS[rule.until.month - 1]} {rule.until.year}"
    elif rule.count:
        end = f", {rule.count} times" if rule.count > 1 else ", once"
    return f"{every} {at}{end}"


def length_words(seconds: int) -> str:
    """`2 days`, `3 hours`, `45 minutes`: the greatest unit that there is more than one of."""
    for unit_s, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * unit_s or (seconds >= unit_s and seconds % unit_s == 0):
            count = round(seconds / unit_s)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "a minute" if seconds > 60 else "a moment"
