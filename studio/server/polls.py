"""Polls: one question at a time, one vote for each person, and the result while it grows.

Votes are told together, a few times a second at most, and by the server: who voted for what is nobody's business.
A second vote takes the place of the first, also of one that was given before leaving and coming in again; where that is
only probable (studio.server.visitors) one vote of somebody who is gone is replaced, and theirs no more to give.
"""

from __future__ import annotations

from sqlalchemy import func, select

from studio.media.clock import NS_PER_S, Clock
from studio.server.api import ErrorCode
from studio.server.caller import SERVER, Caller
from studio.server.chat_messages import Poll, PollClose, PollOpen, PollVote
from studio.server.chat_model import PollRow, VoteRow
from studio.server.chat_text import with_emoji
from studio.server.errors import Refusal
from studio.server.messages import EventType, Sender
from studio.server.model import PersonRow
from studio.server.record import Record, Transaction
from studio.server.tokens import new_id
from studio.server.visitors import first_came, neighbours, selves
from studio.server.wording import clean_text

TOLD_EVERY_S = 0.5
OPTION_CHARACTERS = 80
QUESTION_CHARACTERS = 200
REPLACED = -1


def poll_of(transaction: Transaction, row: PollRow) -> Poll:
    """The poll and how it stands."""
    query = select(VoteRow.option, func.count()).where(VoteRow.poll_id == row.id).group_by(VoteRow.option)
    votes = [0] * len(row.options)
    for option, count in transaction.db.execute(query.where(VoteRow.option != REPLACED)):
        votes[option] = count
    return Poll(
        poll=row.id,
        question=row.question,
        options=tuple(row.options),
        votes=tuple(votes),
        voters=sum(votes),
        open=row.open,
    )


def newest(transaction: Transaction, session_id: str) -> PollRow | None:
    """The session's last poll, open or closed."""
    query = select(PollRow).where(PollRow.session_id == session_id).order_by(PollRow.seq.desc()).limit(1)
    return transaction.db.scalar(query)


def open_poll(transaction: Transaction, caller: Caller, session_id: str, message: PollOpen) -> int:
    """Raises Refusal(BAD_REQUEST) while another is open, and for two options that are the same; TEXT_BAD."""
    last = newest(transaction, session_id)
    if last is not None and last.open:
        raise Refusal(ErrorCode.BAD_REQUEST, "A poll is open already.", "Close it first.", status=409)
    question = _short(message.data.question, QUESTION_CHARACTERS)
    options = [_short(option, OPTION_CHARACTERS) for option in message.data.options]
    if len({option.casefold() for option in options}) < len(options):
        raise Refusal(ErrorCode.BAD_REQUEST, "Two options are the same.", "Make each a different one.")
    row = PollRow(
        id=new_id("v"),
        session_id=session_id,
        seq=transaction.head(session_id) + 1,
        question=question,
        options=options,
        open=True,
        changes=0,
        told=0,
    )
    transaction.db.add(row)
    transaction.db.flush()
    transaction.audit(session_id, caller.sender, "poll.open", target=row.id, words=question, address=caller.address)
    return _tell(transaction, row, caller.sender, id=message.id)


def _short(text: str, characters: int) -> str:
    clean = clean_text(with_emoji(text))
    if len(clean) > characters:
        raise Refusal(
            ErrorCode.TEXT_BAD, f"This is longer than {characters} signs: {clean[:20]}…", "Say it in fewer words."
        )
    return clean


def vote(transaction: Transaction, caller: Caller, session_id: str, message: PollVote) -> int:
    """Raises Refusal(NOT_FOUND, BAD_REQUEST) for a poll or an option that is not there, or over."""
    row = _open(transaction, session_id, message.data.poll)
    if message.data.option >= len(row.options):
        raise Refusal(ErrorCode.BAD_REQUEST, "The poll has no such option.", "Choose one of its options.")
    given = _given(transaction, row, caller.person_id)
    if given is None:
        given = VoteRow(poll_id=row.id, person_id=caller.person_id, option=message.data.option, at=transaction.at)
        if (other := _of_neighbour(transaction, row, caller.person_id)) is not None:
            other.option = REPLACED
        transaction.db.add(given)
    elif given.option == REPLACED:
        raise Refusal(
            ErrorCode.BAD_REQUEST,
            "Somebody who came from your network by the same link has voted in your place after you had left.",
            "Wait for the next poll, or sign in with an account to have a vote of your own.",
            status=409,
        )
    elif given.option == message.data.option:
        return 0
    else:
        given.option = message.data.option
    row.changes += 1
    return 0


def my_vote(transaction: Transaction, row: PollRow, person_id: str) -> int:
    """What this person voted for, also under another name; -1 for nothing."""
    given = _given(transaction, row, person_id)
    return given.option if given else REPLACED


def _given(transaction: Transaction, row: PollRow, person_id: str) -> VoteRow | None:
    """The one vote of this person and of all that are certainly the same one; one that counts comes first."""
    mine = selves(transaction, row.session_id, person_id)
    query = select(VoteRow).where(VoteRow.poll_id == row.id, VoteRow.person_id.in_(mine))
    return transaction.db.scalar(query.order_by(VoteRow.option.desc()).limit(1))


def _of_neighbour(transaction: Transaction, row: PollRow, person_id: str) -> VoteRow | None:
    """The last vote of somebody who is gone, whom this person may have been, where they came after it."""
    came = first_came(transaction, row.session_id, person_id)
    gone = neighbours(transaction, row.session_id, person_id).where(~PersonRow.present)
    query = select(VoteRow).where(
        VoteRow.poll_id == row.id, VoteRow.option != REPLACED, VoteRow.at < came, VoteRow.person_id.in_(gone)
    )
    return transaction.db.scalar(query.order_by(VoteRow.at.desc()).limit(1))


def close_poll(transaction: Transaction, caller: Caller, session_id: str, message: PollClose) -> int:
    """The result stays. Raises Refusal(NOT_FOUND, BAD_REQUEST)."""
    row = _open(transaction, session_id, message.data.poll)
    row.open = False
    transaction.audit(
        session_id, caller.sender, "poll.close", target=row.id, words=row.question, address=caller.address
    )
    return _tell(transaction, row, caller.sender, id=message.id)


def _open(transaction: Transaction, session_id: str, poll_id: str) -> PollRow:
    row = transaction.db.get(PollRow, poll_id)
    if row is None or row.session_id != session_id:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such poll here.", "Look at the one that is open.")
    if not row.open:
        raise Refusal(ErrorCode.BAD_REQUEST, "This poll is closed.", "Wait for the next one.", status=409)
    return row


def _tell(transaction: Transaction, row: PollRow, by: Sender, *, id: str = "") -> int:
    row.told = row.changes
    return transaction.say(row.session_id, EventType.POLL, by, poll_of(transaction, row), id=id).seq


class Telling:
    """Tells of new votes. Belongs to the event loop."""

    def __init__(self, record: Record, clock: Clock) -> None:
        self._record = record
        self._clock = clock
        self._due_ns: dict[str, int] = {}
        self._told_ns: dict[str, int] = {}

    def changed(self, poll_id: str) -> None:
        """Somebody voted."""
        after_ns = self._told_ns.get(poll_id, 0) + int(TOLD_EVERY_S * NS_PER_S)
        self._due_ns.setdefault(poll_id, max(self._clock.now_ns(), after_ns))

    async def begin(self) -> None:
        """After a start: votes that nobody was told of."""

        def work(transaction: Transaction) -> list[str]:
            return list(transaction.db.scalars(select(PollRow.id).where(PollRow.open, PollRow.told != PollRow.changes)))

        for poll_id in await self._record.run(work):
            self.changed(poll_id)

    async def sweep(self) -> None:
        """Call a few times a second."""
        now_ns = self._clock.now_ns()
        for poll_id in [poll_id for poll_id, due_ns in self._due_ns.items() if now_ns >= due_ns]:
            due_ns = self._due_ns.pop(poll_id)
            self._told_ns[poll_id] = now_ns
            try:
                await self._record.run(lambda transaction, id=poll_id: _tell_votes(transaction, id))  # type: ignore[misc]
            except BaseException:
                self._due_ns.setdefault(poll_id, due_ns)
                raise


def _tell_votes(transaction: Transaction, poll_id: str) -> None:
    row = transaction.db.get(PollRow, poll_id)
    if row is not None and row.open and row.told != row.changes:
        _tell(transaction, row, SERVER)
