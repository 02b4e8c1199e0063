"""Who is connected now, and the handing of new entries to them.

Each connection has a short queue of its own. One that cannot keep up loses nothing: its queue is dropped and it reads
the record from where it was (`behind`), at its own pace.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from studio.server.caller import Caller
from studio.server.connections import client_of
from studio.server.messages import CloseCode, EventType, PersonChange
from studio.server.record import Entry
from studio.server.shared_frames import FrameWriter, text_frame

QUEUE_ENTRIES = 256
DIRECT_LINES = 64


class Connection:
    """One WebSocket. All methods belong to the event loop.

    `barred`: an admin put this person out; they still learn what is about them. `expelled`: not even that.
    `is_page`: a browser's, which sends nothing yet and so has no commands to obey.
    `sent`: the seq up to which the record has been sent. `write_frame`: sends at once, where the line can take it.
    """

    def __init__(
        self, caller: Caller, write_frame: FrameWriter = lambda frame: False, *, is_page: bool = False
    ) -> None:
        self.caller = caller
        self.is_page = is_page
        self.sent = 0
        self._write_frame = write_frame
        self._waits = False
        self.behind = True
        self.barred = False
        self.expelled = False
        self.closing: tuple[CloseCode, str] | None = None
        self._queue: deque[Entry] = deque()
        self._direct: deque[str] = deque()
        self._wake = asyncio.Event()

    def may_read(self, entry: Entry) -> bool:
        """Whether this person, as they are now, may see an entry: asked again for each that is sent."""
        return entry.seen_by(self.caller) and (not self.barred or entry.person == self.caller.person_id)

    def offer(self, entry: Entry, frame: bytes = b"") -> None:
        """A new entry of the record that the caller may see. Its `frame` is written at once where nothing waits."""
        if self.expelled or self.closing:
            return
        if frame and self._waits and not self._wake.is_set():
            if entry.envelope.seq <= self.sent:
                return
            if self._write_frame(frame):
                self.sent = entry.envelope.seq
                return
        if len(self._queue) >= QUEUE_ENTRIES:
            self.fall_behind()
        else:
            self._queue.append(entry)
            self._wake.set()

    def fall_behind(self) -> None:
        """Go on from the record, from where it was: nothing later is sent before what stands there."""
        self._queue.clear()
        self.behind = True
        self._wake.set()

    def answer(self, line: str) -> bool:
        """A line for this connection only. False where it does not read what it asked for."""
        if len(self._direct) >= DIRECT_LINES:
            return False
        self._direct.append(line)
        self._wake.set()
        return True

    def whisper(self, line: str) -> bool:
        """A line that may be lost: only where it would be sent at once. False where it was lost."""
        if self.behind or self._queue or self._direct or self.closing or self.barred or self.expelled:
            return False
        self._direct.append(line)
        self._wake.set()
        return True

    def begin_replay(self) -> None:
        """From now on new entries are queued; what was queued is in the record."""
        self._queue.clear()
        self.behind = False

    def take(self) -> tuple[list[str], list[Entry]]:
        """All that waits: direct lines, and entries."""
        lines, entries = list(self._direct), list(self._queue)
        self._direct.clear()
        self._queue.clear()
        self._wake.clear()
        return lines, entries

    async def wait(self) -> None:
        """Until there is something to take, or to close. All that was taken has been sent."""
        self._waits = True
        try:
            await self._wake.wait()
        finally:
            self._waits = False

    def close(self, code: CloseCode, reason: str) -> None:
        """Close once what waits has been sent."""
        if self.closing is None:
            self.closing = (code, reason)
        self._wake.set()


class Hub:
    """All connections. Belongs to the event loop. `when_in_doubt`: what is known of people may be old.

    `when_changed`: somebody's role is another. It is called before anybody is told, so that who asks at once what they
    may do is answered as who they are now.
    """

    def __init__(self) -> None:
        self.when_in_doubt: Callable[[], object] = lambda: None
        self.when_changed: Callable[[], object] = lambda: None
        self._by_session: dict[str, dict[Connection, None]] = {}
        self._addresses: Counter[str] = Counter()

    def add(self, connection: Connection) -> None:
        self._by_session.setdefault(connection.caller.session_id, {})[connection] = None
        self._addresses[client_of(connection.caller.address)] += 1

    def remove(self, connection: Connection) -> None:
        if self._by_session.get(connection.caller.session_id, {}).pop(connection, 0) is None:
            self._addresses[client_of(connection.caller.address)] -= 1
            self._addresses += Counter()

    def from_address(self, address: str) -> int:
        """How many connections the client of an address has."""
        return self._addresses[client_of(address)]

    def of_person(self, session_id: str, person_id: str) -> Iterator[Connection]:
        """The connections of a person."""
        for connection in list(self._by_session.get(session_id, ())):
            if connection.caller.person_id == person_id:
                yield connection

    def of_tokens(self, tokens: tuple[str, ...]) -> list[Connection]:
        """The connections of these tokens."""
        dead = frozenset(tokens)
        return [one for session in self._by_session.values() for one in session if one.caller.token_id in dead]

    @property
    def tokens(self) -> frozenset[str]:
        """By which somebody is here."""
        return frozenset(one.caller.token_id for session in self._by_session.values() for one in session)

    def bar(self, session_id: str, person_id: str) -> None:
        """An admin put this person out: from now on they learn what is about them, and nothing else."""
        for connection in self.of_person(session_id, person_id):
            connection.barred = True

    def of_session(self, session_id: str) -> list[Connection]:
        """The connections of a session."""
        return list(self._by_session.get(session_id, ()))

    def publish(self, entries: list[Entry]) -> None:
        """Hand new entries to all who may see them, in order. Who has another role has it from that entry on."""
        for entry in entries:
            if entry.envelope.type is EventType.PERSON_CHANGED:
                self.when_changed()
                self._change(entry)
            frame = text_frame(entry.text)
            for connection in self._by_session.get(entry.session_id, ()):
                if connection.may_read(entry):
                    connection.offer(entry, frame)

    def doubt(self, entries: list[Entry]) -> None:
        """Nobody knows whether these were committed: all of their sessions read the record before anything later.

        Whose role may be another by them comes back by a new line, as who they are then, from their own place.
        """
        self.when_in_doubt()
        for entry in entries:
            if entry.envelope.type is EventType.PERSON_CHANGED:
                person_id = PersonChange.model_validate(entry.envelope.data).person.id
                for connection in self.of_person(entry.session_id, person_id):
                    connection.close(CloseCode.RESTART, "The server looks anew at who you are. Come back.")
        for session_id in {entry.session_id for entry in entries}:
            for connection in self.of_session(session_id):
                if connection.closing is None:
                    connection.fall_behind()

    def _change(self, entry: Entry) -> None:
        """What somebody may do and see changes over their open connections too."""
        person = PersonChange.model_validate(entry.envelope.data).person
        if person.role is None:
            return
        for connection in self.of_person(entry.session_id, person.id):
            connection.caller = replace(connection.caller, role=person.role, name=person.name)

    def close_all(self, code: CloseCode, reason: str) -> None:
        """The server ends."""
        for connections in self._by_session.values():
            for connection in list(connections):
                connection.close(code, reason)
