"""How people's media do, as the window shows it: made from what the session tells."""

from __future__ import annotations

from collections.abc import Iterable

from studio.session.messages import ConnectionQuality, Person, QualityTold
from ui.room import Connection


def of_people(people: Iterable[Person]) -> dict[str, Connection]:
    """Of all whose connection one may see, anew."""
    return _merged({}, ((one.id, one.quality) for one in people))


def after(before: dict[str, Connection], told: QualityTold) -> dict[str, Connection]:
    """What was known, with what is news."""
    return _merged(before, ((one.person, one.quality) for one in told.people))


def _merged(
    before: dict[str, Connection], told: Iterable[tuple[str, ConnectionQuality | None]]
) -> dict[str, Connection]:
    found = dict(before)
    for person, quality in told:
        if quality is None:
            found.pop(person, None)
        else:
            found[person] = Connection(quality.word, quality.words, quality.down is not None)
    return found
