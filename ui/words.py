"""Figures as a person reads them."""

from __future__ import annotations

from datetime import datetime


def duration(seconds: float) -> str:
    """0:07, 12:34, 1:02:03."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count_bytes: float) -> str:
    """Bytes in powers of ten: 812 kB, 3.4 GB."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count_bytes >= factor:
            value = count_bytes / factor
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    return f"{count_bytes:.0f} B"


def rate(kbps: float) -> str:
    """A bitrate: 640 kb/s, 2.5 Mb/s."""
    return f"{kbps / 1000:.1f} Mb/s" if kbps >= 1000 else f"{kbps:.0f} kb/s"


def hours_left(free_bytes: float, kbps: float) -> str:
    """How long a recording of this bitrate fits, in words; "" where it cannot be told."""
    if kbps <= 0 or free_bytes <= 0:
        return ""
    hours = free_bytes * 8 / (kbps * 1000) / 3600
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    if hours >= 1:
        return f"{hours:.0f} h"
    return f"{hours * 60:.0f} min"


def count(number: int, one: str, many: str = "") -> str:
    """1 person, 3 people."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def clock(at: str) -> str:
    """An instant (ISO 8601) in the person's own time zone: 20:14, or 12 Nov 20:14 of another day; "" for none."""
    try:
        told = datetime.fromisoformat(at).astimezone()
    except ValueError:
        return ""
    today = datetime.now(told.tzinfo).date()
    return told.strftime("%H:%M") if told.date() == today else f"{told.day} {told:%b %H:%M}"


def moment(at: str) -> str:
    """An instant (ISO 8601) to the second, in the person's own time zone: 12 Nov 2026, 20:14:03; "" for none."""
    try:
        told = datetime.fromisoformat(at).astimezone()
    except ValueError:
        return ""
    return f"{told.day} {told:%b %Y, %H:%M:%S}"


def listed(parts: list[str]) -> str:
    """One, one and two, one, two and three."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
