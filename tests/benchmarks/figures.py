"""One figure of the bench: what was measured, what it may be at most (or at least), and how it came out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """`limit` None: only printed. `least`: the limit is a lower one. `detail` holds what else was seen."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    least: bool = False
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """None where there is no limit."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.least else self.value <= self.limit

    def row(self) -> str:
        """A line of the table."""
        bound = "" if self.limit is None else f"{'at least' if self.least else 'at most'} {self.limit:g}"
        verdict = {True: "reached", False: "MISSED", None: ""}[self.reached]
        return f"{self.what:<62} {self.value:>9.3f} {self.unit:<8} {bound:<14} {verdict}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"reached": self.reached}
