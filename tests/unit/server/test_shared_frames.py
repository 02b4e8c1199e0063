"""What many connections get: one frame, written at once to who waits, and never before what came earlier."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from studio.server.caller import SERVER, Caller
from studio.server.hub import Connection, Hub
from studio.server.messages import Envelope, EventType
from studio.server.record import Audience, Entry
from studio.server.rights import Role
from studio.server.shared_frames import frame_writer, text_frame


def parsed(data: bytes) -> Frame:
    reader = StreamReader()
    reader.feed_data(data)
    parsing = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as found:
        next(parsing)
    frame: Frame = found.value.value
    return frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70000])
def test_a_frame_of_any_size_is_what_the_library_reads(size: int) -> None:
    frame = parsed(text_frame("é" * (size // 2) + "a" * (size % 2)))
    assert (frame.opcode, frame.fin, len(frame.data)) == (Opcode.TEXT, True, size)


def test_without_a_listener_that_offers_it_everything_takes_the_long_way() -> None:
    assert frame_writer({})(b"frame") is False


def entry(seq: int) -> Entry:
    envelope = Envelope(seq=seq, id=f"e{seq}", type=EventType.NOTICE, at="", sender=SERVER, data={})
    return Entry("studio", envelope, Audience.ALL, "", f"text {seq}")


class Line:
    """A connection whose line takes frames, or not."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.takes = True
        caller = Caller("p_1", "Ann", Role.VIEWER, "studio", "t_1", "127.0.0.1")
        self.connection = Connection(caller, self._write)
        self.connection.begin_replay()
        self.hub = Hub()
        self.hub.add(self.connection)

    def _write(self, frame: bytes) -> bool:
        if self.takes:
            self.written.append(frame)
        return self.takes

    def publish(self, *seqs: int) -> None:
        self.hub.publish([entry(seq) for seq in seqs])

    def queued(self) -> list[Any]:
        return list(self.connection.take()[1])


@pytest.fixture
async def waiting() -> Any:
    """A line whose writer has nothing to do."""
    line = Line()
    task = asyncio.create_task(line.connection.wait())
    await asyncio.sleep(0)
    yield line
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_who_waits_gets_it_at_once_and_once(waiting: Line) -> None:
    waiting.publish(1, 2)
    waiting.publish(2)
    assert [parsed(frame).data for frame in waiting.written] == [b"text 1", b"text 2"]
    assert waiting.connection.sent == 2 and waiting.queued() == []


async def test_what_comes_behind_something_that_waits_waits_too(waiting: Line) -> None:
    waiting.takes = False
    waiting.publish(1)
    waiting.takes = True
    waiting.publish(2)
    assert waiting.written == [] and len(waiting.queued()) == 2


async def test_an_answer_that_was_given_first_goes_out_first(waiting: Line) -> None:
    assert waiting.connection.answer("an ack")
    waiting.publish(1)
    assert waiting.written == [] and len(waiting.queued()) == 1


def test_nothing_is_written_past_a_replay() -> None:
    line = Line()
    line.publish(1)
    assert line.written == [] and len(line.queued()) == 1
