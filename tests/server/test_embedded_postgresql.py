"""The studio's own server on PostgreSQL: `stoa --child server` is given the URL over its pipe, and shows it nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from studio.process import ChildPlan, Fault, SupervisedChild
from studio.server.front import Front
from studio.server.standing import OpenServer, ServerReady, ServerToLauncher
from studio.session import SessionClient
from tests.fixtures.postgresql import Cluster
from tests.fixtures.waiting import until

PASSWORD = "hunter2-secret"
START_LIMIT_S = 40.0


class Server:
    """A standing server as the launcher starts it."""

    def __init__(self, home: Path, log: Path, database: str) -> None:
        self.heard: list[ServerReady | Fault] = []
        opening = OpenServer(str(home / "server"), str(home / "run"), Front(), database=database)
        self._log = log.open("ab")
        plan = ChildPlan("server", ServerToLauncher, lambda: (opening,), self._take, restarts=False, end_limit_s=10.0)
        self.child = SupervisedChild(plan, log_to=self._log)
        self.child.start()

    def _take(self, message: msgspec.Struct) -> None:
        if isinstance(message, ServerReady | Fault):
            self.heard.append(message)

    def said(self) -> ServerReady | Fault:
        return until(lambda: self.heard, START_LIMIT_S, "it is there, or says why not")[0]

    def close(self) -> None:
        self.child.end()
        self._log.close()


@pytest.fixture
def begin(stoa_home: Path, tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    made: list[Server] = []

    def start(database: str) -> Server:
        made.append(Server(stoa_home, tmp_path / "log", database))
        return made[-1]

    yield start
    for server in made:
        server.close()


def with_password(url: str) -> str:
    return url.replace("stoa@", f"stoa:{PASSWORD}@")


async def test_its_data_is_in_postgresql_and_its_url_nowhere(
    begin: Callable[[str], Server],
    new_database: Callable[..., str],
    postgresql: Cluster,
    stoa_home: Path,
    tmp_path: Path,
) -> None:
    url = new_database()
    server = begin(with_password(url))
    ready = server.said()
    assert isinstance(ready, ServerReady)
    client = await SessionClient.join_as_owner(run_folder=stoa_home / "run")
    await client.say("kept in PostgreSQL")
    await client.close()
    name = url.partition("@/")[2].partition("?")[0]
    (row,) = postgresql.run("SELECT count(*) FROM event WHERE data::text LIKE '%kept in PostgreSQL%'", name)
    assert row == (1,)
    assert not list((stoa_home / "server").glob("*.db*")) and not list((stoa_home / "server").glob("*.sqlite*"))
    family = [psutil.Process(ready.pid), *psutil.Process(ready.pid).children(recursive=True)]
    for process in family:
        assert PASSWORD not in " ".join(process.cmdline()) + str(process.environ())
    assert PASSWORD not in (tmp_path / "log").read_text(errors="replace")
    for path in stoa_home.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes()


def test_a_database_that_is_not_there_is_said_in_words(
    begin: Callable[[str], Server], postgresql: Cluster, tmp_path: Path
) -> None:
    fault = begin(with_password(postgresql.url("no_such_one"))).said()
    assert isinstance(fault, Fault) and "no_such_one" in fault.message and fault.remedy
    assert PASSWORD not in fault.message + fault.remedy + (tmp_path / "log").read_text(errors="replace")
