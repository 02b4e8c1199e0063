"""Reading a session's audit log: page by page, filtered, and all of it as CSV (studio/server/routes_audit.py)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from studio.session.calls import SessionCalls
from studio.session.messages import AuditEntry, AuditList


@dataclass(frozen=True, slots=True)
class AuditWanted:
    """What a line must have; empty is anything.

    `person`: an id, or a part of the name of who did it or to whom. `action`: the whole word, or its beginning up to a
    full stop. `since` and `until`: ISO 8601 with a zone, both included.
    """

    person: str = ""
    action: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""

    @property
    def query(self) -> str:
        """As the server's paths take it."""
        return urlencode({name: value for name, value in asdict(self).items() if value})


EVERYTHING = AuditWanted()


class AuditDesk:
    """Calls of whoever has the right read_audit. Each raises SessionError for a refusal, StoaError."""

    def __init__(self, calls: SessionCalls, path: str) -> None:
        self._calls = calls
        self._path = path

    async def page(
        self, wanted: AuditWanted = EVERYTHING, *, after: int = 0, limit: int = 200
    ) -> tuple[tuple[AuditEntry, ...], bool]:
        """Lines behind the one of number `after`, the oldest first, and whether there are more."""
        query = f"after={after}&limit={limit}&{wanted.query}".rstrip("&")
        answer = await self._calls.call("GET", f"{self._path}/audit?{query}", AuditList)
        return answer.entries, answer.more

    async def csv(self, wanted: AuditWanted = EVERYTHING) -> bytes:
        """All such lines as CSV (RFC 4180, UTF-8), each with its hash."""
        return await self._calls.fetch("GET", f"{self._path}/audit.csv?{wanted.query}".rstrip("?"))
