"""The tables of the chat, beside the record of events. Changed by migrations only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from studio.server.model import Table


class SentRow(Table):
    """A client's message that was taken: the same id again has no second effect. `seq` as in messages.Ack.

    Kept for `studio.server.chat_sent.KEPT_S`.
    """

    __tablename__ = "chat_sent"
    __table_args__ = (Index("chat_sent_by_age", "at_ms"),)

    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    digest: Mapped[str]
    at_ms: Mapped[int]
    seq: Mapped[int]
    held: Mapped[bool]


class ChatRow(Table):
    """The rules of a session's chat, and what is pinned (a seq, 0 for nothing). No row: nothing was ever set."""

    __tablename__ = "chat"

    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"), primary_key=True)
    slow_s: Mapped[int] = mapped_column(default=0)
    links: Mapped[bool] = mapped_column(default=True)
    hold: Mapped[bool] = mapped_column(default=False)
    words: Mapped[list[str]] = mapped_column(JSON, default=list)
    commands: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    pinned: Mapped[int] = mapped_column(default=0)


class HeldRow(Table):
    """A message that waits for a moderator. `seq` is its chat.held's place, `message_id` the sender's own id."""

    __tablename__ = "chat_held"

    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"))
    seq: Mapped[int]
    person_id: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    message_id: Mapped[str]
    text: Mapped[str]
    reply_to: Mapped[int]


class ReactionRow(Table):
    """One person's emoji on one message."""

    __tablename__ = "chat_reaction"

    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"), primary_key=True)
    message: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    emoji: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)


class PollRow(Table):
    """A poll. `seq` is where it was opened. `changes` counts the votes, `told` how many of them people were told of."""

    __tablename__ = "poll"

    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"))
    seq: Mapped[int]
    question: Mapped[str]
    options: Mapped[list[str]] = mapped_column(JSON)
    open: Mapped[bool]
    changes: Mapped[int]
    told: Mapped[int]


class VoteRow(Table):
    """One person's vote. `option` -1: somebody who is probably the same one has voted since (studio.server.polls).

    `at`: when this person voted first (ISO 8601, UTC).
    """

    __tablename__ = "poll_vote"

    poll_id: Mapped[str] = mapped_column(ForeignKey("poll.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    option: Mapped[int]
    at: Mapped[str] = mapped_column(default="")
