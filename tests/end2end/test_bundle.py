"""The bundle of ./dev package starts without the source tree and does the whole job: it broadcasts and serves."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import av
import psutil
import pytest

from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.programs import Programs
from tests.fixtures.waiting import until
from tests.fixtures.whole_studio import WholeStudio
from tests.fixtures.xvfb import Screen

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("bundle")]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle's program, built anew, far from the source tree."""
    target = tmp_path_factory.mktemp("bundle")
    subprocess.run([sys.executable, ROOT / "packaging/build.py", "--to", target], check=True, timeout=800)
    return target / "stoa/stoa"


def bare_environ(stoa_home: Path) -> dict[str, str]:
    """What a program gets that was started by nobody in particular: nothing of this checkout, nothing of Python."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(stoa_home), "STOA_HOME": str(stoa_home), "LANG": "C.UTF-8"}


def files_of_the_source_tree(pid: int) -> list[str]:
    """Files below this checkout that a process or its children have mapped."""
    root = psutil.Process(pid)
    found = []
    for process in [root, *root.children(recursive=True)]:
        try:
            found += [mapped.path for mapped in process.memory_maps() if mapped.path.startswith(f"{ROOT}/")]
        except psutil.NoSuchProcess:
            continue
    return found


def test_it_broadcasts_the_test_card(bundle: Path, nginx_rtmp: NginxRtmp, stoa_home: Path, tmp_path: Path) -> None:
    command = [bundle, "live", "--video", "testcard", "--audio", "tone", "--to", nginx_rtmp.url("bundle")]
    command += ["--size", "320x180", "--record", tmp_path / "show.mp4", "--duration", "5", "--json"]
    with (tmp_path / "errors").open("wb") as errors:
        process = subprocess.Popen(
            command, env=bare_environ(stoa_home), cwd="/", stdout=subprocess.PIPE, stderr=errors, text=True
        )
        nginx_rtmp.wait_for_recording("bundle", limit_s=30, at_least_bytes=10_000)
        assert files_of_the_source_tree(process.pid) == []
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, (tmp_path / "errors").read_text()
    told = json.loads(output)
    assert told["destinations"][0]["state"] == "ended"
    for file in (nginx_rtmp.recordings("bundle")[0], tmp_path / "show.mp4"):
        with av.open(file) as container:
            assert sum(1 for _ in container.decode(video=0)) >= 100, file
        with av.open(file) as container:
            assert sum(1 for _ in container.decode(audio=0)) >= 100, file


def test_it_serves_its_pages(bundle: Path, stoa_home: Path, programs: Programs, free_port: Callable[[], int]) -> None:
    port = free_port()
    command = [bundle, "serve", "--host", "127.0.0.1", "--port", str(port), "--data", stoa_home / "server"]
    server = programs.start(command, package="the bundle", environ=bare_environ(stoa_home), folder=Path("/"))

    def page(path: str) -> bytes:
        assert server.running(), server.log()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
                content: bytes = answer.read()
        except OSError:
            return b""
        return content

    until(lambda: b"<!doctype html>" in page("/admin").lower(), 30, f"the admin's page comes: {server.log()}")
    assert b"openapi" in page("/openapi.json")
    assert server.stop(limit_s=10) == 143, server.log()


def test_it_opens_its_window_and_goes_live(
    bundle: Path, stoa_home: Path, programs: Programs, shared_xvfb: Screen, nginx_rtmp: NginxRtmp
) -> None:
    environ = bare_environ(stoa_home) | {"DISPLAY": shared_xvfb.display, "QT_QPA_PLATFORM": "xcb"}
    studio = WholeStudio(programs, stoa_home, shared_xvfb, [bundle], environ)
    studio.wait_whole()
    until(lambda: "painted" in studio.logs(), 30, f"the window to be painted: {studio.logs()[-1000:]}")
    studio.ctl("source.add", {"spec": "testcard", "place": True})
    studio.ctl("destination.add", {"url": nginx_rtmp.url("window")})
    studio.ctl("program.start")
    nginx_rtmp.wait_for_recording("window", limit_s=30, at_least_bytes=10_000)
    assert files_of_the_source_tree(studio.launcher.pid) == []
    assert studio.end() == 143
