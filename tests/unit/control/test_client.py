"""The client of the control API, against a pretended engine on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from studio.control import api
from studio.control.address import EngineAddress, running_engines, the_engine
from studio.control.client import ControlClient
from studio.control.follow import Attached, Detached, follow
from studio.media import ErrorKind, StoaError
from tests.fakes.engine import FakeEngine

LIMIT_S = 10


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    fake = FakeEngine(tmp_path)
    yield fake
    fake.stop()


async def _refused(awaitable: object) -> StoaError:
    with pytest.raises(StoaError) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value


class TestFinding:
    def test_engines_that_run_are_found_by_their_file(self, engine: FakeEngine, tmp_path: Path) -> None:
        assert the_engine(folder=tmp_path / "run") == engine.address

    def test_no_engine_is_told_with_a_remedy(self, tmp_path: Path) -> None:
        with pytest.raises(StoaError) as caught:
            the_engine(folder=tmp_path)
        assert caught.value.kind is ErrorKind.NOT_FOUND and "stoa" in caught.value.remedy

    def test_a_dead_engine_and_a_broken_file_are_none(self, tmp_path: Path) -> None:
        dead = EngineAddress(2**22 + 17, 1, "t", "0")  # beyond the largest process id
        (tmp_path / f"engine-{dead.pid}.json").write_bytes(msgspec.json.encode(dead))
        (tmp_path / "engine-1.json").write_text('{"pid": 1')
        assert running_engines(tmp_path) == []

    def test_of_several_one_must_be_named(self, engine: FakeEngine, tmp_path: Path) -> None:
        other = EngineAddress(1, 9, "t", "0")
        (tmp_path / "run" / "engine-1.json").write_bytes(msgspec.json.encode(other))
        with pytest.raises(StoaError) as caught:
            the_engine(folder=tmp_path / "run")
        assert caught.value.kind is ErrorKind.CONFLICT and "--pid" in caught.value.remedy
        assert the_engine(1, tmp_path / "run") == other

    def test_the_token_is_not_in_the_repr(self, engine: FakeEngine) -> None:
        assert engine.token not in repr(engine.address)


class TestCalling:
    async def test_a_call_gives_its_struct(self, engine: FakeEngine) -> None:
        async with await ControlClient.connect(engine.address) as client:
            made = await client.call("source.add", api.SourceAdd("testcard", place=True))
            status = await client.call("engine.status")
        assert [source.id for source in status.sources] == [made.id]
        assert status.placements[0].source == made.id

    async def test_a_refusal_is_the_engines_own_error(self, engine: FakeEngine) -> None:
        engine.refuse["program.start"] = StoaError(ErrorKind.DENIED, "No.", remedy="Ask.", permanent=True)
        async with await ControlClient.connect(engine.address) as client:
            error = await _refused(client.call("program.start"))
        assert (error.kind, error.message, error.remedy, error.permanent) == (ErrorKind.DENIED, "No.", "Ask.", True)

    async def test_answers_find_their_calls_in_any_order(self, engine: FakeEngine) -> None:
        engine.delay_s["device.list"] = 0.3
        async with await ControlClient.connect(engine.address) as client:
            slow = asyncio.ensure_future(client.call("device.list"))
            await client.call("source.list")
            assert not slow.done()
            assert isinstance(await slow, api.DeviceList)

    async def test_a_wrong_token_is_denied(self, engine: FakeEngine) -> None:
        wrong = msgspec.structs.replace(engine.address, token="no")
        assert (await _refused(ControlClient.connect(wrong))).kind is ErrorKind.DENIED

    async def test_an_engine_that_is_not_there_is_unreachable(self, engine: FakeEngine) -> None:
        engine.stop()
        assert (await _refused(ControlClient.connect(engine.address))).kind is ErrorKind.UNREACHABLE

    async def test_a_lost_connection_refuses_what_waits_and_what_comes(self, engine: FakeEngine) -> None:
        engine.delay_s["device.list"] = 30
        client = await ControlClient.connect(engine.address)
        waiting = asyncio.ensure_future(client.call("device.list"))
        await client.call("source.list")
        engine.drop_connections()
        assert (await _refused(waiting)).kind is ErrorKind.LOST
        assert client.closed
        assert (await _refused(client.call("source.list"))).kind is ErrorKind.LOST
        assert await client.next_event() is None
        await client.close()

    async def test_an_answer_too_late_is_a_timeout(self, engine: FakeEngine) -> None:
        engine.delay_s["device.list"] = 30
        async with await ControlClient.connect(engine.address) as client:
            assert (await _refused(client.call("device.list", limit_s=0.05))).kind is ErrorKind.TIMEOUT

    async def test_only_methods_and_structs_of_the_api_are_sent(self, engine: FakeEngine) -> None:
        async with await ControlClient.connect(engine.address) as client:
            assert (await _refused(client.call("engine.dance"))).kind is ErrorKind.BAD_ARGUMENT
            assert (await _refused(client.call("source.remove", api.Nothing()))).kind is ErrorKind.BAD_ARGUMENT
        assert engine.calls == []

    async def test_json_goes_in_and_out_for_the_command_line(self, engine: FakeEngine) -> None:
        async with await ControlClient.connect(engine.address) as client:
            made = json.loads(await client.call_json("source.add", '{"spec": "tone"}'))
            assert made["id"]
            unknown = await _refused(client.call_json("source.add", '{"spec": "tone", "colour": 1}'))
            assert unknown.kind is ErrorKind.BAD_ARGUMENT and "colour" in unknown.message
            near = await _refused(client.call_json("source.delete"))
            assert "source.remove" in near.remedy


class TestFollowing:
    async def test_events_come_after_the_snapshot(self, engine: FakeEngine) -> None:
        engine.show.source_add(api.SourceAdd("testcard"))
        async with asyncio.timeout(LIMIT_S):
            stream = follow(lambda: engine.address)
            first = await anext(stream)
            assert isinstance(first, Attached) and not first.restarted
            assert len(first.status.sources) == 1
            engine.show.source_add(api.SourceAdd("testcard"))
            event = await anext(stream)
            assert isinstance(event, api.Event) and event.seq == first.status.seq + 1
            await stream.aclose()

    async def test_missed_events_follow_after_a_lost_connection(self, engine: FakeEngine) -> None:
        async with asyncio.timeout(LIMIT_S):
            stream = follow(lambda: engine.address, retry_s=0.01)
            await anext(stream)
            seen = asyncio.ensure_future(anext(stream))
            while not engine._subscribers:
                await asyncio.sleep(0.01)
            engine.drop_connections()
            assert isinstance(await seen, Detached)
            notice = engine.show.raise_notice("admin", "Muted.")
            again = await anext(stream)
            assert isinstance(again, Attached) and not again.restarted
            event = await anext(stream)
            assert isinstance(event, api.Event) and event.data["id"] == notice
            await stream.aclose()

    async def test_another_engine_is_told_as_restarted(self, engine: FakeEngine, tmp_path: Path) -> None:
        current = [engine]
        async with asyncio.timeout(LIMIT_S):
            stream = follow(lambda: current[0].address if current else None, retry_s=0.01)
            await anext(stream)
            seen = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0)
            current.clear()
            engine.stop()
            assert isinstance(await seen, Detached)
            current.append(FakeEngine(tmp_path, pid=1))
            again = await anext(stream)
            assert isinstance(again, Attached) and again.restarted and again.status.pid == 1
            await stream.aclose()
            current[0].stop()
