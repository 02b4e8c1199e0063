"""People who get another name because theirs is somebody else's. Work inside a transaction.

A name is free again once its holder is away (studio.server.admission), and they may come back: of two of one name who
would be here together, the one who comes is called otherwise, and is told so. Who runs the session keeps theirs.
"""

from __future__ import annotations

from itertools import count

from sqlalchemy import Select, select

from studio.server.api import NAME_CHARACTERS, ErrorCode
from studio.server.caller import SERVER
from studio.server.errors import Refusal
from studio.server.messages import EventType, Notice, PersonChange, Sender
from studio.server.model import PersonRow
from studio.server.record import Audience, Transaction
from studio.server.rights import Right, Role, may
from studio.server.wording import name_key


def rename(transaction: Transaction, person: PersonRow, name: str, why: str, audited: str) -> None:
    """From now on they are called so. `why`: told to them; `audited`: written down beside it."""
    person.name, person.name_key = name, name_key(name)
    transaction.db.flush()
    who = Sender(id=person.id, name=person.name, role=Role(person.role))
    transaction.say(person.session_id, EventType.PERSON_CHANGED, who, PersonChange(person=who))
    notice = Notice(text=f"{why} You are called {name} now.", level="warning", to="person")
    transaction.say(person.session_id, EventType.NOTICE, SERVER, notice, audience=Audience.PERSON, person=person.id)
    transaction.audit(
        person.session_id, SERVER, "person.renamed", target=person.id, target_name=person.name, words=audited
    )


def give_way(transaction: Transaction, person: PersonRow) -> bool:
    """Call when somebody comes. False where nobody who is here has their name."""
    other = transaction.db.scalar(_here(person).limit(1))
    if other is None:
        return False
    keeps = _runs_it(person) and not _runs_it(other)
    gives = other if keeps else person
    old = gives.name
    name = _free(transaction, gives)
    rename(transaction, gives, name, f"Somebody else here is called {old}.", f"was {old}, as somebody else here is")
    return True


def refuse_namesake(transaction: Transaction, person_id: str) -> None:
    """Raises Refusal(NAME_TAKEN) for who is away, and by whose name somebody else is here now."""
    person = transaction.db.get(PersonRow, person_id)
    if person is not None and not person.present and transaction.db.scalar(_here(person).limit(1)) is not None:
        raise Refusal(
            ErrorCode.NAME_TAKEN,
            f"Somebody else is here as {person.name} now.",
            "Open the session again: you get another name.",
        )


def _here(person: PersonRow) -> Select[PersonRow]:
    """Who else is here by the name of this person."""
    return select(PersonRow).where(
        PersonRow.session_id == person.session_id,
        PersonRow.name_key == person.name_key,
        PersonRow.id != person.id,
        PersonRow.present,
    )


def _runs_it(person: PersonRow) -> bool:
    return may(Role(person.role), Right.CHAT_BACKSTAGE)


def _free(transaction: Transaction, person: PersonRow) -> str:
    """Their name with the first number behind it that makes it nobody else's."""
    for number in count(2):
        end = f" {number}"
        name = person.name[: NAME_CHARACTERS - len(end)].rstrip() + end
        query = select(PersonRow.id).where(
            PersonRow.session_id == person.session_id, PersonRow.name_key == name_key(name), ~PersonRow.gone
        )
        if transaction.db.scalar(query.limit(1)) is None:
            return name
    raise AssertionError("there is always a further number")
