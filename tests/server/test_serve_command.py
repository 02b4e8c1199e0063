"""`stoa serve` as people run it: what it says, its exit statuses, and that it leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import psutil
import pytest

from studio.media.errors import StoaError
from studio.server.serve import serve
from studio.session import parse_link, running_server
from tests.fixtures.waiting import until

START_LIMIT_S = 45.0
pytestmark = pytest.mark.timeout(120)


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
        assert process.returncode == 143
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


@pytest.mark.slow
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
        (["--port", "many"], "--port many: a port is a number from 0 to 65535"),
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
