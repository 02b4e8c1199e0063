"""Which device each person came with last. In memory only: whoever is here says it again when they connect anew."""

from __future__ import annotations

from collections import OrderedDict

from studio.server.device_words import device_of

REMEMBERED = 20_000
"""People; who came earliest is forgotten first."""


class Devices:
    """Belongs to the event loop; `of` may be asked from the database's thread too."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    def seen(self, session_id: str, person_id: str, user_agent: str, *, first_only: bool = False) -> None:
        """A person connects with this User-Agent. `first_only`: where nothing is known of them yet."""
        place = (session_id, person_id)
        if first_only and place in self._known:
            return
        device = device_of(user_agent)
        if device:
            self._known[place] = device
            self._known.move_to_end(place)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def of(self, session_id: str, person_id: str) -> str:
        """In words; empty where it is not known."""
        return self._known.get((session_id, person_id), "")
