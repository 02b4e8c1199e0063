"""A running people process inside each test, on SQLite and on PostgreSQL.

The quick run takes PostgreSQL for the tests of what databases do differently; with --slow all tests run on both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from studio.server.data_folder import FILE_NAME
from studio.server.store import open_engine
from tests.fakes.server_house import Place, running_house
from tests.fixtures.postgresql import Cluster

ON_BOTH_AT_ONCE = {
    "test_append_only",
    "test_audit_chain",
    "test_audit_log",
    "test_backup",
    "test_chat_sent",
    "test_database_url",
    "test_doubtful_commits",
    "test_names_of_accounts",
    "test_postgres",
    "test_presence",
    "test_pruning",
    "test_roles_at_once",
    "test_schedule_moves",
    "test_store",
}
"""Their tests on PostgreSQL are not marked slow."""


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database as a first start leaves it: made once, since Alembic is slow to load."""
    folder = tmp_path_factory.mktemp("empty")
    open_engine(folder).dispose()
    return (folder / FILE_NAME).read_bytes()


@pytest.fixture(scope="session")
def empty_template(postgresql: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same in PostgreSQL, to be copied."""
    name = postgresql.database()
    open_engine(tmp_path_factory.mktemp("empty"), postgresql.url(name)).dispose()
    return name


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that has a server is run on both, but for those that say which."""
    own = any("database" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "database" in metafunc.fixturenames and not own:
        marks = [] if Path(metafunc.module.__file__ or "").stem in ON_BOTH_AT_ONCE else [pytest.mark.slow]
        metafunc.parametrize("database", ["sqlite", pytest.param("postgresql", marks=marks)], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the data of a server in `tmp_path` is, as `open_engine` takes it: brought up to date, and empty."""
    if request.param == "sqlite":
        content: bytes = request.getfixturevalue("empty_database")
        (tmp_path / FILE_NAME).write_bytes(content)
        (tmp_path / FILE_NAME).chmod(0o600)
        yield ""
        return
    new: Callable[..., str] = request.getfixturevalue("new_database")
    yield new(request.getfixturevalue("empty_template"), "STRATEGY file_copy")


@pytest_asyncio.fixture
async def place(tmp_path: Path, database: str) -> AsyncIterator[Place]:
    async with running_house(tmp_path, database=database) as place:
        yield place
