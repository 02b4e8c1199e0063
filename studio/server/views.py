"""A session as the API tells it: made from the database and from who is on stage now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import select

from studio.server import chat_view, grant_ends, shows
from studio.server.api import Person, SessionStatus
from studio.server.bans import ends_words
from studio.server.caller import Caller
from studio.server.messages import EventType
from studio.server.model import PersonRow, SessionRow
from studio.server.on_air import OnAir, OnStage, state_of
from studio.server.presence import present_count
from studio.server.quality import About, QualityDesk
from studio.server.record import Transaction, recent
from studio.server.rights import Role
from studio.server.viewers import link_words
from studio.token.grants import Grant

RECENT = 50
NOTHING = About()


def person_of(
    row: PersonRow, stage: OnStage | None, about: About = NOTHING, ends: Mapping[Grant, int] | None = None
) -> Person:
    """A person as the API tells them, with the `ends` of their grants where whoever asks may know them."""
    on_stage = stage is not None and stage.person == row.id
    return Person(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        present=row.present,
        since=row.since,
        publishing=tuple(kind.value for kind in stage.kinds) if stage and on_stage else (),
        muted_audio=row.muted_audio,
        muted_video=row.muted_video,
        removed=row.removed_s > 0,
        hand_s=row.hand_s,
        banned=row.banned,
        ban_ends=ends_words(row),
        ends=dict(ends or {}),
        device=about.device,
        quality=about.quality,
    )


def caller_person(transaction: Transaction, caller: Caller, stage: OnStage | None) -> Person:
    """Who asks; the owner is no person of a session, but is told as one."""
    row = transaction.db.get(PersonRow, caller.person_id)
    if row is not None:
        return person_of(row, stage, ends=grant_ends.ends_of(transaction, row.id))
    return Person(id=caller.person_id, name=caller.name, role=caller.role, present=False, since=transaction.at)


def people(
    transaction: Transaction, caller: Caller, session_id: str, stage: OnStage | None, quality: QualityDesk
) -> tuple[Person, ...]:
    """Who is here; for admins and the owner also the hosts who are not, and who was removed."""
    rows = transaction.db.scalars(
        select(PersonRow).where(PersonRow.session_id == session_id).order_by(PersonRow.since, PersonRow.id)
    )
    hosts = (Role.BROADCASTER.value,)
    ends = grant_ends.ends_in(transaction, session_id)
    return tuple(
        person_of(
            row,
            stage,
            quality.about(caller, session_id, row.id),
            ends.get(row.id) if caller.sees_all or row.id == caller.person_id else None,
        )
        for row in rows
        if row.present
        or (stage is not None and stage.person == row.id)
        or (caller.sees_all and (row.removed_s or (row.role in hosts and not row.gone)))
    )


def status(
    transaction: Transaction,
    caller: Caller,
    session: SessionRow,
    on_air: OnAir,
    quality: QualityDesk,
    by_link: Counter[str],
) -> SessionStatus:
    """Everything a client needs to begin, as of one seq. `by_link`: of Viewers."""
    stage = on_air.on_stage(session.id)
    state = state_of(transaction, session, stage.person if stage else "")
    messages, _ = recent(transaction.db, session.id, caller, (EventType.CHAT_MESSAGE, EventType.NOTICE), limit=RECENT)
    return SessionStatus(
        id=session.id,
        title=session.title,
        state=state.state,
        words=state.words,
        since=state.since,
        needs_release=state.needs_release,
        muted_audio=state.muted_audio,
        muted_video=state.muted_video,
        locked=state.locked,
        why=state.why,
        over_audio=state.over_audio,
        over_video=state.over_video,
        present=present_count(transaction.db, session.id),
        watching=on_air.watching(session.id),
        by_link=by_link.total(),
        by_link_words=link_words(transaction, caller, by_link),
        people=people(transaction, caller, session.id, stage, quality),
        recent=tuple(messages),
        seq=transaction.head(session.id),
        show=shows.current(transaction, session.id, caller),
        now=transaction.at,
        chat=chat_view.state(transaction, caller, session.id, messages),
    )
