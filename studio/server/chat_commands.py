"""Commands in the chat: `!uptime`, `!help`, and the host's own. The server answers, once for each cool-down."""

from __future__ import annotations

from datetime import datetime

from studio.media.clock import NS_PER_S, Clock
from studio.server.caller import SERVER
from studio.server.chat_messages import ChatMessage
from studio.server.chat_model import ChatRow
from studio.server.chat_text import folded
from studio.server.messages import Envelope, EventType, SessionState
from studio.server.model import SessionRow
from studio.server.record import Transaction

BUILT_IN = ("uptime", "help")
BUILT_IN_COOL_DOWN_S = 10


def command_name(text: str) -> str:
    """The name of a command as it is known; empty for what cannot be one."""
    name = text.strip().removeprefix("!").casefold()
    return name if name.replace("_", "").replace("-", "").isalnum() else ""


class ChatCommands:
    """Answers, and remembers when it did."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answered_ns: dict[tuple[str, str], int] = {}

    def answer(self, transaction: Transaction, session_id: str, message: Envelope) -> None:
        """Answer a message that is a command. Work inside a transaction."""
        text = str(message.data["text"])
        if not text.startswith("!"):
            return
        name = command_name(text.split()[0])
        found = self._find(transaction, session_id, name)
        if found is None:
            return
        words, cool_down_s = found
        now_ns = self._clock.now_ns()
        last_ns = self._answered_ns.get((session_id, name))
        if last_ns is not None and now_ns - last_ns < cool_down_s * NS_PER_S:
            return
        self._answered_ns[session_id, name] = now_ns
        answer = ChatMessage(text=words, reply_to=message.seq)
        transaction.say(session_id, EventType.CHAT_MESSAGE, SERVER, answer, words=folded(words))

    def _find(self, transaction: Transaction, session_id: str, name: str) -> tuple[str, int] | None:
        row = transaction.db.get(ChatRow, session_id)
        own = {str(command["name"]): command for command in (row.commands if row else ())}
        if name == "uptime":
            return _uptime(transaction, session_id), BUILT_IN_COOL_DOWN_S
        if name == "help":
            return "Commands: " + ", ".join(f"!{each}" for each in (*BUILT_IN, *own)) + ".", BUILT_IN_COOL_DOWN_S
        command = own.get(name)
        return (str(command["answer"]), int(command["cool_down_s"])) if command else None


def _uptime(transaction: Transaction, session_id: str) -> str:
    session = transaction.db.get_one(SessionRow, session_id)
    if session.state != SessionState.LIVE.value:
        return "The show is not on air now."
    since_s = datetime.fromisoformat(session.since).timestamp()
    minutes = max(0, transaction.now_s - int(since_s)) // 60
    hours, minutes = divmod(minutes, 60)
    spent = f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else "less than a minute"
    return f"On air for {spent}."
