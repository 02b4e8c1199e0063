"""`stoa`: one studio for each home, whose parts outlive each other."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import httpx
import psutil
import pytest

from studio.engine.runtime import ring_folder, ring_place
from studio.process.log_size import PART_BYTES
from studio.session import SessionClient
from tests.fixtures.home import processes_of
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.programs import Programs
from tests.fixtures.waiting import until
from tests.fixtures.whole_studio import COMMAND, StartStudio, WholeStudio

pytestmark = [pytest.mark.timeout(240), pytest.mark.alone]


@pytest.fixture
def studio(start_studio: StartStudio) -> WholeStudio:
    """A studio whose every part is there."""
    started = start_studio()
    started.wait_whole()
    return started


def another_launcher(studio: WholeStudio) -> None:
    """kill -9 of the launcher; the next one adopts what it left."""
    studio.launcher.kill()
    studio.start()
    until(studio.is_attended, 30, "the next launcher to adopt")


def go_live(studio: WholeStudio, url: str) -> None:
    studio.ctl("source.add", {"spec": "testcard", "place": True})
    studio.ctl("destination.add", {"url": url, "name": "A"})
    studio.ctl("program.start")
    until(lambda: states(studio) == {"This session": "live", "A": "live"}, 40, f"both live: {states(studio)}")


def states(studio: WholeStudio) -> dict[str, str]:
    return {item["name"]: item["state"] for item in studio.ctl("destination.list")["destinations"]}


def frames(studio: WholeStudio, name: str) -> int:
    found = studio.ctl("destination.list")["destinations"]
    return next(int(item["frames"]) for item in found if item["name"] == name)


def test_it_starts_whole_and_sigterm_ends_everything(studio: WholeStudio, stoa_home: Path) -> None:
    assert not (stoa_home / "run").stat().st_mode & 0o077
    assert studio.end() == 143
    until(lambda: not studio.processes(), 5, "every process to be gone")
    assert [path.name for path in (stoa_home / "run").iterdir()] == ["studio.lock"]
    assert not (stoa_home / "journal").exists() and not list(ring_folder(stoa_home).iterdir())
    ring_folder(stoa_home).rmdir()


def test_a_second_stoa_raises_the_first_ones_window(studio: WholeStudio) -> None:
    first, window = studio.launcher, studio.pid_of("window")
    second = studio.start()
    until(lambda: not second.running(), 20, "the second to leave")
    assert second.process.returncode == 0 and first.running() and studio.pid_of("window") == window
    studio.launcher = first
    studio.end()


def test_a_killed_launcher_costs_nothing_and_the_next_one_adopts(studio: WholeStudio, nginx_rtmp: NginxRtmp) -> None:
    go_live(studio, nginx_rtmp.url())
    before = {kind: studio.pid_of(kind) for kind in ("engine", "owner", "window")}
    studio.launcher.kill()
    sent = frames(studio, "A")
    until(lambda: frames(studio, "A") > sent + 60, 20, "the show to go on without a launcher")
    (log,) = (studio.home / "logs").glob("studio-*.log")
    with log.open("ab") as more:
        more.write(b"much\n" * (PART_BYTES // 5 + 1))
    until(lambda: log.stat().st_size < PART_BYTES, 20, "the engine to hold down the log that it writes into")
    studio.start()
    until(studio.is_attended, 30, "the next launcher to adopt")
    assert {kind: studio.pid_of(kind) for kind in before} == before, "nothing was started again"
    assert studio.ctl("destination.list")["destinations"][1]["reconnects"] == 0
    os.kill(before["engine"], signal.SIGKILL)
    until(lambda: studio.pid_of("engine") not in (0, before["engine"]), 20, "an adopted engine is kept alive too")
    until(lambda: states(studio) == {"This session": "live", "A": "live"}, 40, "both destinations to be live again")
    assert studio.end() == 143
    until(lambda: not studio.processes(), 8, "every process to be gone")


@pytest.mark.slow
def test_an_adopted_engine_that_hangs_is_ended_and_followed_and_one_that_hangs_at_the_end_holds_nothing_up(
    studio: WholeStudio, stoa_home: Path
) -> None:
    another_launcher(studio)
    first, window = studio.pid_of("engine"), studio.pid_of("window")
    os.kill(first, signal.SIGSTOP)
    until(lambda: studio.pid_of("engine") not in (0, first), 30, "another engine in the hanging one's place")
    assert not psutil.pid_exists(first) and studio.pid_of("window") == window
    until(lambda: studio.ctl("session.status")["joined"], 40, "the new engine to join the session")
    another_launcher(studio)
    os.kill(studio.pid_of("engine"), signal.SIGSTOP)
    assert studio.end() == 143
    until(lambda: not studio.processes(), 8, "every process to be gone")
    assert [path.name for path in (stoa_home / "run").iterdir()] == ["studio.lock"]
    assert not ring_place(stoa_home).exists()


@pytest.mark.slow
def test_an_adopted_window_that_hangs_is_opened_again(studio: WholeStudio) -> None:
    another_launcher(studio)
    engine, first = studio.pid_of("engine"), studio.pid_of("window")
    os.kill(first, signal.SIGSTOP)
    until(lambda: studio.pid_of("window") not in (0, first), 40, "another window in the hanging one's place")
    assert studio.pid_of("engine") == engine
    assert studio.end() == 143


async def share(run_folder: Path) -> str:
    """Let others reach the session at a second address of this machine; the base of its links from now on."""
    client = await SessionClient.join_as_owner(run_folder=run_folder)
    try:
        return (await client.share("127.0.0.2")).links_base
    finally:
        await client.close()


def answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/api/v1/health").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.slow
def test_what_is_shared_comes_back_with_a_killed_server_and_leaves_nothing_at_the_end(
    studio: WholeStudio, start_studio: StartStudio, stoa_home: Path
) -> None:
    base = asyncio.run(share(stoa_home / "run"))
    for _ in range(2):
        before = studio.pid_of("owner")
        os.kill(before, signal.SIGKILL)
        until(lambda gone=before: studio.pid_of("owner") not in (0, gone), 40, "another server")  # type: ignore[misc]
        until(lambda: answers(base), 30, "the share to be back at the same address and port")
    assert studio.end() == 143
    until(lambda: not studio.processes(), 8, "every process to be gone")
    assert [path.name for path in (stoa_home / "run").iterdir()] == ["studio.lock"]
    again = start_studio()
    again.wait_whole()
    assert not answers(base), "a fresh start shares nothing"
    again.end()


def test_without_a_display_it_says_so_and_starts_nothing(
    start_studio: StartStudio, stoa_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from studio.launcher.commands import run

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert run([]) == 2
    assert capsys.readouterr().err == (
        "stoa: There is no display to open the window on. Start a desktop first, or use stoa live.\n"
    )
    assert not list(stoa_home.iterdir())


def test_a_display_that_does_not_answer_is_told(programs: Programs, stoa_home: Path) -> None:
    environ = {**os.environ, "DISPLAY": ":4711", "QT_QPA_PLATFORM": "xcb"}
    studio = programs.start([*COMMAND, "--port", "0"], package="python3", environ=environ)
    until(lambda: not studio.running(), 60, "it to give up")
    assert studio.process.returncode == 2
    assert studio.log() == "stoa: The display :4711 does not answer. Start a desktop first, or use stoa live.\n"
    assert not processes_of(stoa_home)
