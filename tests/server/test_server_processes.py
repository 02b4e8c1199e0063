"""The server's real processes: killed, restarted, ended; what was acknowledged is there, and clients catch up."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import psutil
import pytest

from studio.media.errors import ErrorKind, StoaError
from studio.process import ChildPlan, Fault, SupervisedChild, Watchdog
from studio.server.front import Front, Shared
from studio.server.kept_share import FILE_NAME, KeptShare
from studio.server.parent import ServerPair, ServerPlan
from studio.server.serve import serve
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
    assert [entry.action for entry in (await studio.audit())[0]].count("joined") == 4
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


def stoa(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "studio", "serve", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What it says up to the line that holds `words`."""
    said = ""
    for line in process.stderr or ():
        said += line
        if words in line:
            return said
    raise AssertionError(f"it ended with: {said}")


def test_stoa_serve_serves_until_sigterm_and_leaves_nothing(stoa_home: Path) -> None:
    links = set()
    for _ in range(2):
        process = stoa("--port", "0")
        try:
            said = read_until(process, "Only this machine")
            children = psutil.Process(process.pid).children(recursive=True)
            assert len(children) == 2
            link = said.partition("Viewers: ")[2].split()[0]
            assert httpx.get(link).status_code == 200
            links.add(link.partition("#")[2])
            assert "admin" not in said, "a one-time link is for a terminal, not for a log"
            process.terminate()
            process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0
        gone, alive = psutil.wait_procs(children, timeout=10)
        assert len(gone) == 2 and not alive
        assert not list((stoa_home / "run").iterdir())
    assert len(links) == 1, "the viewers' link changed between two starts"


def test_at_a_terminal_stoa_serve_gives_a_link_for_one_admin(stoa_home: Path) -> None:
    ours, its = os.openpty()
    process = subprocess.Popen([sys.executable, "-m", "studio", "serve", "--port", "0"], stderr=its, stdout=its)
    os.close(its)
    try:
        said = b""
        while b"Only this machine" not in said:
            said += os.read(ours, 4096)
        link = parse_link(said.decode().partition("One admin, once: ")[2].split()[0])
        answer = httpx.post(f"{link.base}/api/v1/join", json={"invite": link.invite, "name": "Eva"})
        assert answer.json()["person"]["role"] == "admin"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_children_end_by_themselves_when_stoa_serve_is_killed(stoa_home: Path) -> None:
    process = stoa("--port", "0")
    try:
        until(lambda: list((stoa_home / "run").glob("owner-*.json")), START_LIMIT_S, "the owner's file")
        children = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.communicate()
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert len(gone) == 2 and not alive
    with pytest.raises(StoaError):
        running_server(stoa_home / "run")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--port", "70000"], "a port is a number from 0 to 65535"),
        (["--port", "many"], "invalid int value"),
        (["--tls-cert", "a.pem"], "--tls-cert and --tls-key belong together"),
        (["--nonsense"], "unrecognized arguments"),
        (["--port", "0", "--host", "203.0.113.9"], "This machine cannot listen on 203.0.113.9"),
        (["--port", "0", "--tls-cert", "no.pem", "--tls-key", "no.key"], "is not there"),
    ],
)
def test_an_argument_that_cannot_be_right_is_one_sentence_and_status_2(
    stoa_home: Path, words: list[str], sentence: str
) -> None:
    process = stoa(*words)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    told = [line for line in said.splitlines() if line.startswith("stoa serve: ")]
    assert len(told) == 1 and sentence in told[0] and "Traceback" not in said


def test_a_port_in_use_is_one_sentence_and_status_2(stoa_home: Path) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = stoa("--port", str(port))
        _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"stoa serve: Port {port} on 127.0.0.1 is in use by another program. Choose another port with --port" in said


def test_a_home_that_is_a_file_is_one_sentence_and_status_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").write_text("in the way")
    monkeypatch.setenv("STOA_HOME", str(tmp_path / "home"))
    process = stoa("--port", "0")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.count("\n") == 1 and said.startswith("stoa serve: ") and "a file is in its place" in said


def test_a_stop_while_it_starts_is_not_waited_for(stoa_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stop = threading.Event()
    stop.set()
    assert serve(["--port", "0"], stop) == 0
    assert capsys.readouterr().err == "", "it greets nobody who has gone"


@pytest.mark.parametrize("place", ["file", "file/data"])
def test_a_data_folder_that_cannot_be_used_is_one_sentence_and_status_2(
    stoa_home: Path, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    process = stoa("--port", "0", "--data", tmp_path / place)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said == (
        f"stoa serve: The server's data folder {tmp_path / place} cannot be written: a file is in its place. "
        "Choose another with --data, or let yourself write to it.\n"
    )


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
