"""The control API of a real engine on air: what is refused (and nothing else happens), and that all methods answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from studio.control import api
from studio.control.address import EngineAddress
from studio.control.client import ControlClient
from studio.control.server import BAD_PARAMS, INVALID_REQUEST, MESSAGE_LIMIT_BYTES, NO_METHOD, PARSE_ERROR
from studio.media import ErrorKind, StoaError
from tests.fakes.mp4 import top_boxes
from tests.fixtures.live_show import CARD, SMALL, LiveShow, StartShow
from tests.fixtures.received import receive
from tests.fixtures.waiting import until

pytestmark = pytest.mark.timeout(90)
INTERNAL_WORDS = "Something went wrong inside the engine."


@pytest.fixture(scope="module")
def show(module_show: StartShow, tmp_path_factory: pytest.TempPathFactory) -> LiveShow:
    """A show that records, without an end."""
    running = module_show(*CARD, *SMALL, "--record", tmp_path_factory.mktemp("got") / "show.mp4")
    until(lambda: running.status().recording.frames > 0, 30, "it records", every_s=0.1)
    return running


@asynccontextmanager
async def connection(
    address: EngineAddress, path: str = "/control", token: str | None = None, **headers: str
) -> AsyncIterator[ClientConnection]:
    """A bare WebSocket to the engine; by default with its token in the header."""
    given = {"Authorization": f"Bearer {address.token if token is None else token}"} if token != "" else {}
    url = f"ws://127.0.0.1:{address.port}{path}"
    async with connect(url, additional_headers={**given, **headers}, proxy=None, max_size=None) as made:
        yield made


def settled(show: LiveShow) -> tuple[int, msgspec.Struct]:
    """What a refused call may not change."""
    status = show.status()
    return status.seq, msgspec.structs.replace(status, now_ns=0, seq=0, recording=None, sources=[])


@pytest.fixture
def unchanged(show: LiveShow) -> Any:
    """After the test nothing but the time is different."""
    before = settled(show)
    yield
    assert settled(show) == before


# -- who may come in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (401, {"token": "wrong"}),
        (403, {"Origin": "http://localhost"}),
        (403, {"Origin": "null"}),
        (404, {"path": "/"}),
        (404, {"path": "/control/../control?x"}),
    ],
)
@pytest.mark.usefixtures("unchanged")
async def test_a_stranger_is_refused_at_the_door(show: LiveShow, status: int, arguments: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connection(show.engine(), **arguments):
            pass
    assert caught.value.response.status_code == status


@pytest.mark.parametrize("first", ['{"token": "wrong"}', '{"token": 1}', "[]", "nonsense", b"\xff\x00", ""])
@pytest.mark.usefixtures("unchanged")
async def test_a_first_message_without_the_token_ends_the_connection(show: LiveShow, first: str | bytes) -> None:
    async with connection(show.engine(), token="") as made:
        await made.send(first)
        await made.send('{"jsonrpc": "2.0", "id": 1, "method": "engine.end", "params": {"force": true}}')
        with pytest.raises(ConnectionClosed) as caught:
            await made.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4401


async def test_the_token_may_come_in_the_first_message(show: LiveShow) -> None:
    address = show.engine()
    async with connection(address, token="") as made:
        await made.send(json.dumps({"token": address.token}))
        await made.send('{"jsonrpc": "2.0", "id": 7, "method": "scene.get"}')
        answer = json.loads(await made.recv())
    assert answer["id"] == 7
    assert len(answer["result"]["placements"]) == 1


def test_port_and_token_are_readable_by_their_owner_only(show: LiveShow) -> None:
    [path] = (show.home / "run").glob("engine-*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {"pid", "port", "token", "version"} <= set(json.loads(path.read_text()))


# -- what is no call -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", PARSE_ERROR),
        ('{"jsonrpc": "2.0", "id": 1, "method": "engine.end"', PARSE_ERROR),
        pytest.param('{"a":' * 50_000, PARSE_ERROR, id="nested without end"),
        ("[]", INVALID_REQUEST),
        ("17", INVALID_REQUEST),
        ('{"jsonrpc": "2.0", "id": 1}', INVALID_REQUEST),
        ('{"jsonrpc": "1.0", "id": 1, "method": "engine.end", "params": {"force": true}}', INVALID_REQUEST),
        ('{"id": 1, "method": "engine.end", "params": {"force": true}}', INVALID_REQUEST),
        ('{"jsonrpc": "2.0", "id": [1], "method": "engine.end", "params": {"force": true}}', INVALID_REQUEST),
        ('{"jsonrpc": "2.0", "id": 1, "method": 5}', INVALID_REQUEST),
        ('{"jsonrpc": "2.0", "id": 1, "method": "engine.explode"}', NO_METHOD),
        ('{"jsonrpc": "2.0", "id": 1, "method": "__class__"}', NO_METHOD),
        ('{"jsonrpc": "2.0", "id": 1, "method": "engine.end", "params": {"forse": true}}', BAD_PARAMS),
        ('{"jsonrpc": "2.0", "id": 1, "method": "engine.end", "params": {"force": 1}}', BAD_PARAMS),
        ('{"jsonrpc": "2.0", "id": 1, "method": "engine.end", "params": [true]}', BAD_PARAMS),
        ('{"jsonrpc": "2.0", "id": 1, "method": "scene.set", "params": {"placements": [{"source": 3}]}}', BAD_PARAMS),
        ('{"jsonrpc": "2.0", "id": 1, "method": "strip.set", "params": {"source": "s1", "gain_db": "x"}}', BAD_PARAMS),
    ],
)
@pytest.mark.usefixtures("unchanged")
async def test_a_malformed_call_gets_an_error_and_nothing_happens(show: LiveShow, text: str, code: int) -> None:
    async with connection(show.engine()) as made:
        await made.send(text)
        answer = json.loads(await made.recv())
        await made.send('{"jsonrpc": "2.0", "id": 2, "method": "scene.get"}')
        assert json.loads(await made.recv())["id"] == 2, "the connection goes on"
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    assert set(answer["error"]["data"]) == {"kind", "remedy", "permanent"}


@pytest.mark.usefixtures("unchanged")
async def test_a_message_that_is_too_large_ends_its_own_connection_only(show: LiveShow) -> None:
    address = show.engine()
    async with connection(address) as other, connection(address) as made:
        with contextlib.suppress(ConnectionClosed):
            await made.send('{"jsonrpc": "2.0", "id": 1, "method": "' + "x" * MESSAGE_LIMIT_BYTES + '"}')
        with pytest.raises(ConnectionClosed) as caught:
            await made.recv()
        assert caught.value.rcvd is None or caught.value.rcvd.code == 1009
        await other.send('{"jsonrpc": "2.0", "id": 3, "method": "scene.get"}')
        assert json.loads(await other.recv())["id"] == 3


@pytest.mark.parametrize(
    ("method", "params", "kind"),
    [
        ("source.replace", api.SourceReplace("s1", "camera:not-there"), ErrorKind.NOT_FOUND),
        ("source.replace", api.SourceReplace("s1", "file:/not/there.mp4"), ErrorKind.NOT_FOUND),
        ("source.replace", api.SourceReplace("s9", "testcard"), ErrorKind.NOT_FOUND),
        ("source.set", api.SourceSet("s1", render_delay_ms=2001), ErrorKind.BAD_ARGUMENT),
        ("strip.set", api.StripSet("s1", gain_db=21), ErrorKind.BAD_ARGUMENT),
        ("strip.set", api.StripSet("s1", sync_offset_ms=-951), ErrorKind.BAD_ARGUMENT),
        ("destination.add", api.DestinationAdd("gopher://host/x"), ErrorKind.BAD_ARGUMENT),
        ("destination.start", api.ById("d9"), ErrorKind.NOT_FOUND),
        ("placement.set", api.PlacementSet("p9", x=0.1), ErrorKind.NOT_FOUND),
        ("program.set", api.ProgramSet(width_px=640), ErrorKind.CONFLICT),
        ("program.set", api.ProgramSet(video_kbps=1), ErrorKind.BAD_ARGUMENT),
        ("recording.start", api.RecordingStart(), ErrorKind.CONFLICT),
        ("engine.end", api.EngineEnd(), ErrorKind.CONFLICT),
        ("notice.clear", api.ById("n9"), ErrorKind.NOT_FOUND),
    ],
)
@pytest.mark.usefixtures("unchanged")
async def test_what_cannot_be_is_refused_in_words_and_nothing_changes(
    show: LiveShow, method: str, params: msgspec.Struct, kind: ErrorKind
) -> None:
    async with await ControlClient.connect(show.engine()) as client:
        with pytest.raises(StoaError) as caught:
            await client.call(method, params)
    assert caught.value.kind is kind
    assert caught.value.message.endswith(".")
    assert caught.value.message != INTERNAL_WORDS


# -- events ----------------------------------------------------------------------------------------------------------


async def test_events_are_followed_without_a_gap_or_a_repeat(show: LiveShow) -> None:
    async with await ControlClient.connect(show.engine()) as client:
        first = await client.subscribe(0)
        assert not first.gap
        told = [await client.next_event() for _ in range(first.seq)]
        assert [event.seq for event in told if event] == list(range(1, first.seq + 1))
        await client.call("strip.set", api.StripSet("s1", gain_db=-1.0))
        changed = await client.next_event()
        assert changed is not None
        assert (changed.type, changed.data["gain_db"]) == (api.EventType.STRIP_CHANGED, -1.0)
        await client.call("strip.set", api.StripSet("s1", gain_db=0.0))
    async with await ControlClient.connect(show.engine()) as client:
        again = await client.subscribe(changed.seq)
        assert not again.gap
        missed = await client.next_event()
        assert missed is not None
        assert (missed.seq, missed.data["gain_db"]) == (changed.seq + 1, 0.0)
        assert (await client.subscribe(again.seq + 1000)).gap, "events of another engine's life"


# -- every method ----------------------------------------------------------------------------------------------------

Talk = Callable[[ControlClient], Awaitable[msgspec.Struct | None]]
NEEDS_A_THING = {
    "source.set": api.SourceSet("s1", name="the card"),
    "source.replace": api.SourceReplace("s1", "testcard"),
    "scene.set": api.SceneSet([api.Placement("s1")]),
    "placement.set": api.PlacementSet("p0", opacity=0.5),
    "strip.set": api.StripSet("s1", pan=0.1),
    "headphones.set": api.HeadphonesSet(None),
    "destination.set": api.DestinationSet("d0", name="x"),
    "program.set": api.ProgramSet(video_kbps=500),
    "recording.start": api.RecordingStart(),
    "preview.open": api.PreviewOpen(160, 90),
    "session.join": api.SessionJoin("http://127.0.0.1:9/watch/none#i=none", "test"),
    "source.add": api.SourceAdd("testcard"),
    "placement.add": api.Placement("s1"),
    "destination.add": api.DestinationAdd("rtmp://127.0.0.1:9/live/key", enabled=False),
    "events.subscribe": api.EventsSubscribe(),
}


async def test_every_method_answers(show: LiveShow) -> None:
    """With its result, or refuses in its own words: none is missing, none breaks inside."""
    wrong: dict[str, str] = {}
    async with await ControlClient.connect(show.engine()) as client:
        for name, method in api.METHODS.items():
            if name == "engine.end":
                continue
            by_id = api.ById("none") if method.params is api.ById else None
            try:
                answer = await client.call(name, NEEDS_A_THING.get(name, by_id))
            except StoaError as error:
                if error.kind is ErrorKind.INTERNAL or "no method" in error.message:
                    wrong[name] = error.message
            else:
                assert isinstance(answer, method.result), name
        await asyncio.sleep(0)
    assert wrong == {}


def test_engine_end_by_force_ends_the_show_in_order(show: LiveShow) -> None:
    """Last, since it ends the show of this module."""
    until(lambda: show.status().recording.frames > 30, 30, "a second of it is recorded")
    show.call("engine.end", api.EngineEnd(force=True))
    told = show.result(30, status=None)
    assert show.left_over() == []
    recording = Path(told["recording"]["path"])
    assert "moof" not in top_boxes(recording), "it was closed in place, as an ordinary file"
    assert len(receive(recording, bars=False).pictures) == told["recording"]["frames"] > 30
