"""The table of what runs out: one line for each grant of a person that has an end. Changed by migrations only."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from studio.server.model import Table


class GrantEndRow(Table):
    """When one grant of one person is over. No line: it has no end of its own.

    `ends_s` 0: an admin said that it has none, against an end of others (studio.server.chat_time).
    `grant`: studio.token.grants. `told`: how many of the words before and at the end were said (grant_watch).
    """

    __tablename__ = "grant_end"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    grant: Mapped[str] = mapped_column(primary_key=True)
    ends_s: Mapped[int]
    told: Mapped[int]
