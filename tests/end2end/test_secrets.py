"""A stream key, a passphrase and a token, looked for wherever they must not be: while the show runs, and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from studio.engine.runtime import ring_folder
from tests.fixtures.live_show import CARD, SMALL, LiveShow, StartShow
from tests.fixtures.network_cameras import MjpegCamera
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.srt_listener import SrtListener
from tests.fixtures.waiting import until

pytestmark = pytest.mark.timeout(120)
KEY, PASSPHRASE, TOKEN, PASSWORD = "Key-7f3a9c51", "Passphrase-b2e86d04", "Token-41d7e0aa", "Password-9b1c22ef"
SECRETS = [secret.encode() for secret in (KEY, PASSPHRASE, TOKEN, PASSWORD)]


def of_processes(show: LiveShow, *, launcher: bool = True) -> Iterator[tuple[str, bytes]]:
    """Arguments and environment of every process of the show; without its `launcher`, of its children."""
    for process in show.processes():
        if process.pid == show.pid and not launcher:
            continue
        for name in ("cmdline", "environ"):
            yield f"{name} of {process.info['cmdline'][-1]}", Path(f"/proc/{process.pid}/{name}").read_bytes()


def of_files(show: LiveShow) -> Iterator[tuple[str, bytes]]:
    """Everything that was written: logs, journal, settings, run files, picture memory, standard error and output."""
    folders = [show.home, ring_folder(show.home)]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    for path in [*paths, show.program.log_path, *show.home.parent.glob("*.json")]:
        yield str(path), path.read_bytes()


def assert_nowhere(places: Iterator[tuple[str, bytes]]) -> int:
    """How many places were looked at."""
    count = 0
    for name, content in places:
        count += 1
        for secret in SECRETS:
            assert secret not in content, f"{secret.decode()} stands in {name}"
    return count


@pytest.mark.slow
def test_secrets_stay_in_memory(
    start_show: StartShow,
    nginx_rtmp: NginxRtmp,
    start_srt_listener: Callable[..., SrtListener],
    tmp_path: Path,
    free_port: Callable[[], int],
) -> None:
    listener = start_srt_listener(passphrase=PASSPHRASE)
    addresses = {
        "rtmp": nginx_rtmp.url(KEY),
        "srt": listener.url(passphrase=PASSPHRASE),
        "whip": f"whip+http://127.0.0.1:{free_port()}/whip/endpoint/show",
        "token": TOKEN,
    }
    for name, text in addresses.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    to = [word for name in ("rtmp", "srt", "whip") for word in ("--to", f"file:{tmp_path / name}")]
    show = start_show(*CARD, *SMALL, *to, "--whip-token", f"file:{tmp_path / 'token'}")
    show.wait_live(2)
    assert_nowhere(of_processes(show))
    assert b"\xe2\x80\xa2" in msgspec.json.encode(show.status()), "keys are shown as dots"
    assert_nowhere(iter([("engine.status", msgspec.json.encode(show.status()))]))

    show.child("rtmp").kill()
    until(lambda: show.status().destinations[0].state != "live", 10, "the loss is noticed")
    show.wait_live(2)
    show.child("engine").kill()
    until(lambda: show.children("engine") and show.engine(), 20, "a new engine listens")
    show.wait_live(2)
    assert len(list(of_files(show))) > 3
    assert assert_nowhere(of_processes(show)) >= 2 * 6
    assert_nowhere(of_files(show))
    nginx_rtmp.kill()
    listener.program.kill()
    until(lambda: show.status().destinations[1].state == "reconnecting", 20, "their ends are noticed")
    assert_nowhere(iter([("engine.status", msgspec.json.encode(show.status()))]))
    show.interrupt()
    show.result(status=130)
    assert_nowhere(of_files(show))


def test_a_key_that_was_typed_is_warned_about_once_and_masked(start_show: StartShow, nginx_rtmp: NginxRtmp) -> None:
    show = start_show(*CARD, *SMALL, "--to", nginx_rtmp.url(KEY), "--duration", "1")
    show.wait_live()
    children = [process for process in show.processes() if process.pid != show.pid]
    assert children
    assert all(KEY not in " ".join(process.info["cmdline"]) for process in children)
    told = show.result()
    assert KEY not in str(told)
    assert KEY not in show.said()
    assert show.said().count("can be seen in the process list") == 1


def test_a_cameras_password_comes_from_the_environment_and_goes_no_further(
    start_show: StartShow, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    camera = MjpegCamera(free_port(), password=PASSWORD)
    camera.start()
    try:
        show = start_show(
            *("--video", "env:CAMERA_ADDRESS", *SMALL, "--record", tmp_path / "a.mp4"),
            environ={"CAMERA_ADDRESS": camera.url},
        )
        until(lambda: show.status().recording.frames > 30, 30, "pictures to be recorded")
        assert assert_nowhere(of_processes(show, launcher=False)) >= 2 * 3
        assert_nowhere(iter([("engine.status", msgspec.json.encode(show.status()))]))
        camera.stop()
        until(lambda: show.status().sources[0].problem, 20, "the loss is noticed")
        assert_nowhere(iter([("engine.status", msgspec.json.encode(show.status()))]))
        show.interrupt()
        assert PASSWORD not in str(show.result(status=130)) and PASSWORD not in show.said()
        assert "process list" not in show.said()
        assert_nowhere(of_files(show))
    finally:
        camera.stop()
