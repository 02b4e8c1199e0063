"""The tables of the people process. Times are ISO 8601 in UTC. Changed by migrations only."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

HEAD = "0010"


class Table(DeclarativeBase):
    """What all tables share: whole numbers have 64 bits in PostgreSQL, as they have in SQLite."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger().with_variant(Integer(), "sqlite")}


class ServerRow(Table):
    """This server: one row."""

    __tablename__ = "server"

    id: Mapped[str] = mapped_column(primary_key=True)
    signing_key: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[str]


class SessionRow(Table):
    """One show. `needs_release`: an admin stopped it. `why`: the last change's, as in messages.StateChange.

    `locked`: nobody new may come in.
    """

    __tablename__ = "session"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    state: Mapped[str]
    since: Mapped[str]
    why: Mapped[str]
    needs_release: Mapped[bool]
    locked: Mapped[bool] = mapped_column(default=False)


class AccountRow(Table):
    """Somebody who may sign in. `login_key`: the login as it is compared. `reset_hash`: of the newest link to a new
    password, good until `reset_ends_s`, empty for none; `reset_by`: who made it, a person, an account or the owner.
    `password_hash`: studio.server.passwords.
    """

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str]
    login_key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    created: Mapped[str]
    disabled: Mapped[bool]
    reset_hash: Mapped[str]
    reset_ends_s: Mapped[int]
    reset_by: Mapped[str] = mapped_column(default="")


class SignInRow(Table):
    """One place where an account is signed in. `secret_hash`: of what the cookie or bearer holds."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("sign_in_by_account", "account_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    secret_hash: Mapped[str] = mapped_column(unique=True)
    created: Mapped[str]
    seen_s: Mapped[int]
    expires_s: Mapped[int]
    dead: Mapped[bool]
    address: Mapped[str]
    device: Mapped[str]


class InviteRow(Table):
    """An invite. `secret` is kept for viewers' invites only, `secret_hash` for all. `uses` 0 is any number.

    `account`: it is good for making an account, and for nothing else.
    """

    __tablename__ = "invite"

    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"))
    role: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    secret: Mapped[str | None]
    label: Mapped[str]
    uses: Mapped[int]
    used: Mapped[int]
    created: Mapped[str]
    created_s: Mapped[int]
    expires_s: Mapped[int]
    revoked: Mapped[bool]
    made_by: Mapped[str]
    account: Mapped[bool] = mapped_column(default=False)


class PersonRow(Table):
    """A person of a session. `gone`: left, the name is free. `removed_s`: when an admin kicked them, else 0.

    `chat_muted_s`: until when they may not write, 0 for not so; `chat_muted_at`: when that began or was lifted.
    `banned`: kicked, and not to be let in by any invite before `ban_ends_s` (0: for good). `hand_s`: when they raised
    their hand, 0 while it is down (studio.server.hands). `end_heard`: the command's number (studio.server.endings).
    """

    __tablename__ = "person"
    __table_args__ = (
        Index("person_by_name", "session_id", "name_key"),
        Index("person_by_account", "account_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"))
    name: Mapped[str]
    name_key: Mapped[str]
    role: Mapped[str]
    invite_id: Mapped[str | None] = mapped_column(ForeignKey("invite.id"))
    since: Mapped[str]
    joined_s: Mapped[int]
    present: Mapped[bool]
    gone: Mapped[bool]
    removed_s: Mapped[int]
    muted_audio: Mapped[bool]
    muted_video: Mapped[bool]
    chat_muted_s: Mapped[int] = mapped_column(default=0)
    chat_muted_at: Mapped[str] = mapped_column(default="")
    banned: Mapped[bool] = mapped_column(default=False)
    ban_ends_s: Mapped[int] = mapped_column(default=0)
    hand_s: Mapped[int] = mapped_column(default=0)
    end_heard: Mapped[int] = mapped_column(default=0)
    account_id: Mapped[str | None]


class TokenRow(Table):
    """A token that was handed out. `dead`: not good any more, whatever its signature says.

    `sign_in_id`: it was given to somebody with an account, by this sign-in. `visitor` and `client`: what they are known
    by when they come back (studio.server.visitors); a token that takes another one's place takes both over.
    """

    __tablename__ = "token"
    __table_args__ = (
        Index("token_by_person", "person_id"),
        Index("token_by_sign_in", "sign_in_id"),
        Index("token_by_visitor", "visitor"),
        Index("token_by_client", "client", "invite_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    invite_id: Mapped[str | None]
    created: Mapped[str]
    expires_s: Mapped[int]
    dead: Mapped[bool]
    sign_in_id: Mapped[str | None]
    visitor: Mapped[str] = mapped_column(default="")
    client: Mapped[str] = mapped_column(default="")


class EventRow(Table):
    """The record of a session. Who sees `audience` (and `audience_person`) says `studio.server.record.sees`.

    `words`: a chat message's, folded for the search (studio.server.chat_text), else empty.
    """

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("session_id", "sender_id", "type", "id", name="event_once"),)

    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str]
    type: Mapped[str]
    at: Mapped[str]
    sender_id: Mapped[str]
    sender_name: Mapped[str]
    sender_role: Mapped[str | None]
    audience: Mapped[str]
    audience_person: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    words: Mapped[str] = mapped_column(default="")


class CommandRow(Table):
    """An admin's command. `stage`: accepted, effective (told to people), acknowledged; `seq` of its event, 0 before.

    `role`, `seconds` and `audience` are the request's role, seconds and to; empty or 0 where it had none. `ends` are
    its ends in JSON, empty for none.
    """

    __tablename__ = "command"

    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    action: Mapped[str]
    target: Mapped[str]
    target_name: Mapped[str]
    text: Mapped[str]
    role: Mapped[str] = mapped_column(default="")
    seconds: Mapped[int] = mapped_column(default=0)
    audience: Mapped[str] = mapped_column(default="")
    ends: Mapped[str] = mapped_column(default="")
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    actor_role: Mapped[str]
    address: Mapped[str]
    stage: Mapped[str]
    seq: Mapped[int]
    outcome: Mapped[str]
    words: Mapped[str]


class AuditRow(Table):
    """One line of the audit log. The database itself refuses to change or delete it. `hash`: audit_chain."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[str]
    session_id: Mapped[str]
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    actor_role: Mapped[str | None]
    action: Mapped[str]
    target: Mapped[str]
    target_name: Mapped[str]
    command: Mapped[str]
    outcome: Mapped[str]
    words: Mapped[str]
    address: Mapped[str]
    hash: Mapped[str]


class AuditHeadRow(Table):
    """How many lines the audit log has, and the hash of the last: one row, `id` 1."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str]
