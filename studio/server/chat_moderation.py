"""What those who run the session do in its chat: its rules, mutes, and what becomes of held messages.

Work inside a transaction; all of it stands in the audit log.
"""

from __future__ import annotations

from studio.server.api import ErrorCode
from studio.server.caller import Caller
from studio.server.chat_commands import BUILT_IN, command_name
from studio.server.chat_messages import (
    ChatDecide,
    ChatDecided,
    ChatRules,
    ChatRulesData,
    ChatRulesSend,
)
from studio.server.chat_model import ChatRow, HeldRow
from studio.server.chat_say import Said, release, rules_of
from studio.server.chat_text import with_emoji
from studio.server.chat_words import clean_word
from studio.server.errors import Refusal
from studio.server.messages import EventType
from studio.server.model import EventRow
from studio.server.record import Audience, Transaction
from studio.server.wording import clean_text


def public_rules(row: ChatRow) -> ChatRules:
    """The rules as everyone is told; the words of the filter are for moderators."""
    return ChatRules(slow_s=row.slow_s, links=row.links, hold=row.hold)


def full_rules(row: ChatRow) -> ChatRulesData:
    """The rules as moderators edit them."""
    return ChatRulesData.model_validate(
        {
            "slow_s": row.slow_s,
            "links": row.links,
            "hold": row.hold,
            "words": tuple(row.words),
            "commands": tuple(row.commands),
        }
    )


def set_rules(transaction: Transaction, caller: Caller, session_id: str, message: ChatRulesSend) -> int:
    """All rules anew. Raises Refusal(BAD_REQUEST, TEXT_BAD) for a word or a command that cannot be one."""
    data = message.data
    words = list(dict.fromkeys(_checked_word(word) for word in data.words))
    commands: dict[str, dict[str, object]] = {}
    for command in data.commands:
        name = command_name(command.name)
        if not name or name in BUILT_IN or name in commands:
            raise Refusal(
                ErrorCode.BAD_REQUEST,
                f"!{command.name} cannot be a command of your own.",
                "Take a name of letters and digits that no other command has.",
            )
        answer = clean_text(with_emoji(command.answer))
        commands[name] = {"name": name, "answer": answer, "cool_down_s": command.cool_down_s}
    row = rules_of(transaction, session_id)
    before = public_rules(row), row.words, row.commands
    row.slow_s, row.links, row.hold = data.slow_s, data.links, data.hold
    row.words, row.commands = words, list(commands.values())
    if (public_rules(row), row.words, row.commands) == before:
        return 0
    told = public_rules(row)
    transaction.audit(
        session_id,
        caller.sender,
        "chat.rules",
        words=f"Slow mode {told.slow_s} s, links {'on' if told.links else 'off'}, hold {'on' if told.hold else 'off'}, "
        f"{len(words)} filtered words, {len(commands)} commands.",
        address=caller.address,
    )
    return transaction.say(session_id, EventType.CHAT_RULES, caller.sender, told, id=message.id).seq


def _checked_word(word: str) -> str:
    if not clean_word(word):
        raise Refusal(ErrorCode.BAD_REQUEST, f"{word!r} is no word to look for.", "Give words of letters.")
    return " ".join(word.casefold().split())


def decide(transaction: Transaction, caller: Caller, session_id: str, message: ChatDecide) -> Said:
    """A held message appears now, or never. Raises Refusal(NOT_FOUND) where it was decided already."""
    held = transaction.db.get(HeldRow, message.data.held)
    if held is None or held.session_id != session_id:
        raise Refusal(ErrorCode.NOT_FOUND, "This message does not wait any more.", "Somebody else has decided it.")
    told = transaction.db.get_one(EventRow, (session_id, held.seq))
    told.data = {**told.data, "text": ""}
    shown = release(transaction, session_id, held) if message.data.allow else None
    transaction.db.delete(held)
    transaction.audit(
        session_id,
        caller.sender,
        "chat.allow" if shown else "chat.refuse",
        target=held.person_id,
        target_name=held.name,
        words=f"Message {shown.seq}." if shown else "",
        address=caller.address,
    )
    decided = ChatDecided(
        held=held.id, person=held.person_id, allowed=shown is not None, message=shown.seq if shown else 0
    )
    seq = transaction.say(
        session_id,
        EventType.CHAT_DECIDED,
        caller.sender,
        decided,
        audience=Audience.MODERATORS,
        person=held.person_id,
        id=message.id,
    ).seq
    return Said(seq, open=shown)
