"""An admin's order to record: begun and ended as by the window's button, and told as it really was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from studio.engine import recordings
from studio.engine.attendance import Attendance
from studio.engine.engine import Engine
from studio.engine.record_orders import record_start, record_stop
from studio.engine.show import ProgramShape
from studio.media import ErrorKind, StudioClock
from studio.process import Fault
from studio.recording.contract import Chapter, RecordingClosed, RecordingStarted
from studio.session import Command, Sender, SessionEvent
from tests.unit.engine.test_engine import SHAPE, Counted

EVA = Sender("p_eva", "Eva", "admin")


class Client:
    """A session's client that keeps what is acknowledged."""

    me = None

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.orders: asyncio.Queue[SessionEvent] = asyncio.Queue()

    async def acknowledge(self, command: str, outcome: str, words: str = "") -> None:
        self.said.append((command, outcome, words))

    async def events(self) -> AsyncIterator[SessionEvent]:
        while True:
            yield await self.orders.get()

    def order(self, id: str, action: str, **more: Any) -> None:
        command = Command(action, "", "", "", f"Eva: {action}.", **more)
        self.orders.put_nowait(SessionEvent(1, id, "command", "", EVA, command))

    async def answered(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.said) < count:
                await asyncio.sleep(0.005)

    async def close(self) -> None: ...


Test = Callable[[Engine], Awaitable[None]]


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Test], None]:
    """Runs a coroutine with an engine whose recorder is counted only."""
    Counted.made = []
    monkeypatch.setattr(recordings, "SupervisedChild", Counted)

    async def live(test: Test) -> None:
        clock = StudioClock()
        shape: ProgramShape = SHAPE
        engine = Engine(tmp_path, shape, clock=clock, started_ns=0, keep_secret=lambda name, it: None, log_to=None)
        engine.start()
        try:
            await test(engine)
        finally:
            await engine.close(keep_journal=False)

    return lambda test: asyncio.run(live(test))


async def recorder() -> Counted:
    """The recorder that was just begun."""
    async with asyncio.timeout(10):
        while not Counted.made or Counted.made[-1].ended:
            await asyncio.sleep(0.005)
    return Counted.made[-1]


def begun(child: Counted) -> None:
    child.plan.on_message(RecordingStarted("/x/show.mp4"))


def test_it_is_done_once_the_file_holds_a_picture_and_then_already_so(
    inside: Callable[[Test], None],
) -> None:
    async def test(engine: Engine) -> None:
        starting = asyncio.create_task(record_start(engine))
        child = await recorder()
        assert not starting.done()
        begun(child)
        outcome, words = await starting
        assert outcome == "done" and words.startswith("It records to Stoa ")
        assert (await record_start(engine))[0] == "already"
        stopping = asyncio.create_task(record_stop(engine))
        assert (await stopping)[0] == "done" and not engine.recordings.active
        assert await record_stop(engine) == ("already", "Nothing is recorded.")

    inside(test)


def test_a_full_disk_is_told_in_words_whenever_it_shows(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine) -> None:
        starting = asyncio.create_task(record_start(engine))
        (await recorder()).plan.on_message(Fault(ErrorKind.NO_SPACE, "The disk is full.", "Free space."))
        assert await starting == ("failed", "The disk is full. Free space.")
        starting = asyncio.create_task(record_start(engine))
        child = await recorder()
        begun(child)
        assert (await starting)[0] == "done"
        closed = RecordingClosed("/x/show.mp4", 7, 700, "The disk is full.", ErrorKind.NO_SPACE)
        child.plan.on_message(closed)
        await asyncio.sleep(0.01)
        assert (await record_stop(engine))[0] == "already", "it had ended by itself"

    inside(test)


def test_a_library_that_cannot_be_made_is_a_failure_in_words(inside: Callable[[Test], None], tmp_path: Path) -> None:
    async def test(engine: Engine) -> None:
        (tmp_path / "library").symlink_to("/proc")
        outcome, words = await record_start(engine)
        assert outcome == "failed" and "cannot be written" in words
        assert Counted.made == []

    inside(test)


def test_who_stops_it_at_once_ends_the_waiting(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine) -> None:
        starting = asyncio.create_task(record_start(engine))
        await recorder()
        await engine.stop_recording()
        outcome, words = await starting
        assert outcome == "failed" and "stopped before anything was written" in words

    inside(test)


def test_the_order_is_acknowledged_once_done_and_again_with_the_same_when_it_comes_again(
    inside: Callable[[Test], None],
) -> None:
    async def test(engine: Engine) -> None:
        attending, client = Attendance(engine), Client()
        following = asyncio.create_task(attending._follow(client))  # type: ignore[arg-type]
        client.order("c1", "record_start")
        child = await recorder()
        client.order("c1", "record_start")
        begun(child)
        await client.answered(2)
        assert len(Counted.made) == 1
        assert {(id, outcome) for id, outcome, _ in client.said} == {("c1", "done")}
        (notice,) = [one for one in engine.notices.all if one.action == "record_start"]
        assert notice.words.startswith("Eva started the recording.")
        client.order("c2", "record_stop")
        await client.answered(3)
        assert client.said[-1][:2] == ("c2", "done") and not engine.recordings.active
        following.cancel()
        await attending.close()

    inside(test)


def test_a_stop_does_not_wait_for_a_recorder_that_says_nothing(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine) -> None:
        attending, client = Attendance(engine), Client()
        following = asyncio.create_task(attending._follow(client))  # type: ignore[arg-type]
        client.order("c1", "record_start")
        await recorder()
        client.order("c2", "stop")
        await client.answered(2)
        assert {id: outcome for id, outcome, _ in client.said} == {"c1": "failed", "c2": "done"}
        assert engine.show.refused and not engine.recordings.active
        following.cancel()
        await attending.close()

    inside(test)


def test_what_the_server_does_by_itself_is_not_acknowledged(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine) -> None:
        attending, client = Attendance(engine), Client()
        following = asyncio.create_task(attending._follow(client))  # type: ignore[arg-type]
        for number, action in enumerate(("lock", "unlock", "lower_hand", "end", "ban")):
            client.order(f"c{number}", action)
        await client.answered(2)
        assert [(id, outcome) for id, outcome, _ in client.said] == [("c3", "done"), ("c4", "done")]
        assert engine.show.refused == "Eva: ban.", "an end needs no release, a ban is as a kick"
        following.cancel()
        await attending.close()

    inside(test)


def test_what_an_admin_mutes_is_a_chapter_of_the_recording(
    inside: Callable[[Test], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(Counted, "send", lambda child, message: told.append(message))

    async def test(engine: Engine) -> None:
        attending, client = Attendance(engine), Client()
        following = asyncio.create_task(attending._follow(client))  # type: ignore[arg-type]
        starting = asyncio.create_task(record_start(engine))
        begun(await recorder())
        await starting
        encoding = engine.show.encoding
        assert encoding is not None
        async with asyncio.timeout(10):
            while engine.clock.now_ns() <= encoding.start_ns:
                await asyncio.sleep(0.005)
        instants_ns = [engine.clock.now_ns()]
        for number, action in enumerate(("mute_audio", "mute_video", "unmute_audio", "unmute_video")):
            client.order(f"c{number}", action)
            await client.answered(number + 1)
            instants_ns.append(engine.clock.now_ns())
        chapters = [message for message in told if isinstance(message, Chapter)]
        assert [chapter.title for chapter in chapters] == [
            "Sound muted by Eva",
            "Picture muted by Eva",
            "Sound unmuted by Eva",
            "Picture unmuted by Eva",
        ]
        for chapter, before_ns, after_ns in zip(chapters, instants_ns, instants_ns[1:], strict=False):
            assert before_ns <= encoding.start_ns + chapter.at_ns <= after_ns, "in the program's time"
        await engine.stop_recording()
        following.cancel()
        await attending.close()

    inside(test)
