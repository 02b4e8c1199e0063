"""The server's real processes: killed, restarted, ended; what was acknowledged is there, and clients catch up."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from studio.media.errors import ErrorKind, StoaError
from studio.process import ChildPlan, Fault, SupervisedChild, Watchdog
from studio.server.data_folder import FILE_NAME as DATABASE
from studio.server.front import Front, Shared
from studio.server.kept_share import FILE_NAME, KeptShare
from studio.server.parent import ServerPair, ServerPlan
from studio.server.standing import OpenServer, ServerReady, ServerToLauncher, others_are_running
from studio.session import ChatMessage, LineChange, LineState, SessionClient, SessionEvent, parse_link, running_server
from tests.fixtures.waiting import until

START_LIMIT_S = 45.0
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def pair(stoa_home: Path, request: pytest.FixtureRequest) -> Iterator[ServerPair]:
    """A running server on SQLite; on PostgreSQL where the test asks for that."""
    url: str = request.getfixturevalue("new_database")() if hasattr(request, "param") and request.param else ""
    with (stoa_home / "server.log").open("ab") as log:
        running = ServerPair(ServerPlan(stoa_home / "server", stoa_home / "run", Front(), log_to=log, database=url))
        running.start()
        try:
            running.wait_ready(START_LIMIT_S)
            yield running
        finally:
            running.end()


class Listener:
    """Follows a client in the background, and keeps what it got."""

    def __init__(self, client: SessionClient) -> None:
        self.client = client
        self.seqs: list[int] = []
        self.texts: list[str] = []
        self.states: list[LineState] = []
        self._changed = asyncio.Condition()
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async for event in self.client.events():
            async with self._changed:
                if isinstance(event, LineChange):
                    self.states.append(event.state)
                elif isinstance(event, SessionEvent) and event.seq:
                    self.seqs.append(event.seq)
                    if isinstance(event.data, ChatMessage):
                        self.texts.append(event.data.text)
                self._changed.notify_all()

    async def has(self, text: str) -> None:
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: text in self.texts)

    async def is_in(self, state: LineState, count: int = 1) -> None:
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: self.states.count(state) >= count)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.client.close()


async def say_surely(client: SessionClient, text: str, id: str) -> None:
    """Until it is acknowledged; the same id makes it one message."""
    async with asyncio.timeout(30):
        while True:
            try:
                await client.say(text, id=id)
                return
            except StoaError:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", ["people", "router"])
def test_a_death_is_told_once(pair: ServerPair, name: str, caplog: pytest.LogCaptureFixture) -> None:
    child = getattr(pair, name)
    first = child.pid
    os.kill(first, signal.SIGKILL)
    until(lambda: child.pid not in (None, first), 30, "another life")
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1 and told[0].startswith(f"{name}: it ended with status -9; again in")


def test_people_who_cannot_start_say_why_once_and_are_not_tried_again(
    stoa_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (stoa_home / "server").mkdir()
    (stoa_home / "server" / DATABASE).write_bytes(b"no database" * 1000)
    pair = ServerPair(ServerPlan(stoa_home / "server", stoa_home / "run", Front(), log_to=subprocess.DEVNULL))
    pair.start()
    try:
        with pytest.raises(StoaError, match="cannot be opened: file is not a database"):
            pair.wait_ready(START_LIMIT_S)
        until(lambda: not pair.people.alive, 30, "the end of the only life")
    finally:
        pair.end()
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.slow
@pytest.mark.parametrize("pair", [False, True], ids=["sqlite", "postgresql"], indirect=True)
async def test_kill_9_of_people_loses_nothing_that_was_acknowledged(pair: ServerPair, stoa_home: Path) -> None:
    studio = await SessionClient.join_as_owner(run_folder=stoa_home / "run")
    link = (await studio.invite()).link
    assert link is not None
    viewers = [await SessionClient.join(parse_link(link), f"Viewer {number}") for number in range(3)]
    listeners = [Listener(client) for client in (studio, *viewers)]
    for listener in listeners:
        await listener.is_in(LineState.CONNECTED)
    router = pair.router.pid
    said = []
    for life in range(2):
        for number in range(4):
            text = f"life {life} number {number}"
            await say_surely(viewers[number % 3], text, f"message-{life}-{number}")
            said.append(text)
        victim = pair.people.pid
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        text = f"life {life} after the end"
        await say_surely(viewers[0], text, f"message-{life}-after")
        said.append(text)
        for listener in listeners:
            await listener.has(text)
    for listener in listeners:
        assert listener.texts == said, "a message was lost, doubled or out of order"
        assert listener.seqs == sorted(set(listener.seqs))
        assert listener.states.count(LineState.RECONNECTING) >= 2
    people = await studio.people()
    assert people.present == 4 and pair.router.pid == router, "the router was touched"
    assert [entry.action for entry in (await studio.audit_log.page())[0]].count("joined") == 4
    for listener in listeners:
        await listener.close()


async def test_kill_9_of_the_router_is_told_and_it_comes_back(pair: ServerPair, stoa_home: Path) -> None:
    studio = await SessionClient.join_as_owner(run_folder=stoa_home / "run")
    listener = Listener(studio)
    await listener.is_in(LineState.CONNECTED)
    people, router = pair.people.pid, pair.router.pid
    assert router is not None
    os.kill(router, signal.SIGKILL)
    until(lambda: pair.router.pid not in (None, router), 30, "another router")
    await studio.say("still here")
    await listener.has("still here")
    assert pair.people.pid == people and listener.states.count(LineState.RECONNECTING) == 0
    await listener.close()


def test_the_owners_file_is_private_new_at_each_start_and_gone_at_the_end(stoa_home: Path) -> None:
    tokens = set()
    for _ in range(2):
        pair = ServerPair(ServerPlan(stoa_home / "server", stoa_home / "run", Front(), log_to=subprocess.DEVNULL))
        pair.start()
        try:
            pair.wait_ready(START_LIMIT_S)
            path = stoa_home / "run" / f"owner-{os.getpid()}.json"
            assert path.stat().st_mode & 0o777 == 0o600
            tokens.add(running_server(stoa_home / "run").token)
            assert json.loads(path.read_bytes())["port"] == int(
                running_server(stoa_home / "run").url.rpartition(":")[2]
            )
        finally:
            pair.end()
        assert not path.exists()
    assert len(tokens) == 2


def test_a_data_folder_that_cannot_be_used_is_told_before_anything_starts(stoa_home: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    pair = ServerPair(ServerPlan(tmp_path / "data", stoa_home / "run", Front(), log_to=subprocess.DEVNULL))
    with pytest.raises(StoaError) as refused:
        pair.start()
    assert not pair.people.alive and not pair.router.alive
    pair.end()
    assert refused.value.kind is ErrorKind.DENIED and refused.value.permanent


class Launcher:
    """The launcher's end of a standing server."""

    def __init__(self, home: Path, log: Path, *, restarts: bool = False) -> None:
        self.ready: list[ServerReady] = []
        self.faults: list[Fault] = []
        self._home = home
        self._log = log.open("ab")
        self.child = SupervisedChild(
            ChildPlan("server", ServerToLauncher, self._open, self._heard, restarts=restarts, end_limit_s=10.0),
            log_to=self._log,
        )
        self.watchdog = Watchdog()
        self.watchdog.add(self.child)

    def _open(self) -> tuple[OpenServer]:
        front = Front(port=self.ready[-1].port) if self.ready else Front()
        return (OpenServer(str(self._home / "server"), str(self._home / "run"), front, resume=bool(self.ready)),)

    def _heard(self, message: msgspec.Struct) -> None:
        if isinstance(message, ServerReady):
            self.ready.append(message)
        elif isinstance(message, Fault):
            self.faults.append(message)

    def start(self) -> ServerReady:
        self.child.start()
        self.watchdog.start()
        return until(lambda: self.ready, START_LIMIT_S, "a standing server")[0]

    def close(self) -> None:
        self.watchdog.stop()
        self.child.end()
        self._log.close()


def test_a_launcher_starts_a_standing_server_and_ends_it(stoa_home: Path, tmp_path: Path) -> None:
    launcher = Launcher(stoa_home, tmp_path / "log")
    try:
        ready = launcher.start()
        assert running_server(stoa_home / "run").pid == ready.pid
        children = psutil.Process(ready.pid).children()
        assert len(children) == 2
    finally:
        launcher.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive and not list((stoa_home / "run").glob("owner-*"))


async def test_what_is_shared_comes_back_by_itself_when_the_servers_parent_is_killed(
    stoa_home: Path, tmp_path: Path
) -> None:
    launcher = Launcher(stoa_home, tmp_path / "log", restarts=True)
    try:
        ready = launcher.start()
        async with asyncio.timeout(60):
            studio = await SessionClient.join_as_owner(run_folder=stoa_home / "run")
            shared = await studio.share("127.0.0.2", https="self_made")
            await studio.close()
            assert (stoa_home / "run" / FILE_NAME).stat().st_mode & 0o777 == 0o600
            os.kill(ready.pid, signal.SIGKILL)
            again = until(lambda: launcher.ready[1:], START_LIMIT_S, "another life")[0]
            assert again.port == ready.port and again.pid != ready.pid
            studio = await SessionClient.join_as_owner(run_folder=stoa_home / "run")
            while (status := await studio.share_status()).returning:
                await asyncio.sleep(0.1)
            await studio.close()
        assert (status.shared, status.links_base, status.https) == (True, shared.links_base, "self_made")
        assert status.fingerprint == shared.fingerprint
    finally:
        launcher.close()
    assert not list((stoa_home / "run").iterdir()), "an orderly end leaves nothing"


async def test_a_fresh_start_does_not_share_what_a_crash_left(stoa_home: Path, tmp_path: Path) -> None:
    KeptShare(stoa_home / "run").keep(Shared("127.0.0.2", 0, "off"))
    launcher = Launcher(stoa_home, tmp_path / "log")
    try:
        launcher.start()
        studio = await SessionClient.join_as_owner(run_folder=stoa_home / "run")
        status = await studio.share_status()
        await studio.close()
        assert not status.shared and not status.returning
        assert not (stoa_home / "run" / FILE_NAME).exists()
    finally:
        launcher.close()


async def test_a_standing_server_outlives_its_launcher_while_an_engine_is_there_and_can_be_ended(
    stoa_home: Path, tmp_path: Path
) -> None:
    launcher = Launcher(stoa_home, tmp_path / "log")
    ready = launcher.start()
    process = psutil.Process(ready.pid)
    (stoa_home / "run" / f"engine-{os.getpid()}.json").write_text("{}")
    try:
        launcher.watchdog.stop()
        link = launcher.child._child.link  # type: ignore[union-attr]
        link.close_writer()
        client = await SessionClient.join_as_owner(run_folder=stoa_home / "run")
        assert (await client.status()).state == "waiting"
        await client.end_server()
        await client.close()
        assert psutil.wait_procs([process], timeout=15)[1] == []
    finally:
        if process.is_running():
            process.kill()
        launcher.close()


def test_a_server_that_cannot_start_tells_its_launcher_why(stoa_home: Path, tmp_path: Path) -> None:
    (stoa_home / "server").write_text("in the way")
    launcher = Launcher(stoa_home, tmp_path / "log")
    try:
        launcher.child.start()
        fault = until(lambda: launcher.faults, START_LIMIT_S, "the reason")[0]
    finally:
        launcher.close()
    assert fault.kind == ErrorKind.DENIED and fault.permanent and "data folder" in fault.message


def test_a_server_stays_for_an_engine_or_a_window_that_runs(tmp_path: Path) -> None:
    assert not others_are_running(tmp_path)
    (tmp_path / "engine-11.json").touch()
    (tmp_path / "window-12.json").touch()
    (tmp_path / "owner-13.json").touch()
    assert not others_are_running(tmp_path, lambda pid: pid == 13)
    assert others_are_running(tmp_path, lambda pid: pid == 12)
    assert others_are_running(tmp_path, lambda pid: pid == 11)
