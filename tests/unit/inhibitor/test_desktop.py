"""Linux keeps awake by D-Bus: a real bus, with a logind and a screen saver that remember who asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.inhibitor.desktop import WHO, WHY, DesktopLock
from studio.inhibitor.wakefulness import Wakefulness
from tests.fixtures.dbus import LOGIND, SCREEN_SAVER, Desktop
from tests.fixtures.waiting import until

StartDesktop = Callable[..., Desktop]

HOLDER = """
import sys
from studio.inhibitor.wakefulness import Wakefulness
Wakefulness().want(True)
sys.stdin.read()
"""


def test_logind_holds_sleep_and_idleness_until_it_is_let_go(start_desktop: StartDesktop) -> None:
    desktop = start_desktop(LOGIND, SCREEN_SAVER)
    lock = DesktopLock()
    for turn in (1, 2):
        lock.take()
        assert desktop.asked == [("sleep:idle", WHO, WHY, "block")] * turn
        assert (desktop.locks, desktop.savers) == (1, 0)
        lock.drop()
        until(lambda: desktop.locks == 0, 5, "let go")


def test_the_lock_is_not_inherited_by_children(start_desktop: StartDesktop) -> None:
    desktop = start_desktop(LOGIND)
    lock = DesktopLock()
    lock.take()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    lock.drop()
    until(lambda: desktop.locks == 0, 5, "let go")
    child.communicate(b"\n", 10)


@pytest.mark.parametrize("end", ["kill", "close"])
def test_the_lock_ends_with_its_process(start_desktop: StartDesktop, end: str) -> None:
    desktop = start_desktop(LOGIND)
    root = Path(__file__).parents[3]
    process = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, cwd=root)
    until(lambda: desktop.locks == 1, 20, "it is held")
    if end == "kill":
        process.kill()
    process.communicate(timeout=10)
    until(lambda: desktop.locks == 0, 5, "let go")


def test_without_logind_the_screen_saver_is_asked(start_desktop: StartDesktop) -> None:
    desktop = start_desktop(SCREEN_SAVER)
    lock = DesktopLock()
    lock.take()
    assert desktop.asked == [(WHO, WHY)] and desktop.savers == 1
    lock.drop()
    until(lambda: desktop.savers == 0, 5, "its connection is gone")


def test_both_refusals_are_said(start_desktop: StartDesktop) -> None:
    start_desktop(LOGIND, SCREEN_SAVER, refuses=True)
    with pytest.raises(OSError, match=r"logind: .*Permission denied.*screen saver: .*Permission denied"):
        DesktopLock().take()


def test_a_bus_without_both_says_so(start_desktop: StartDesktop) -> None:
    start_desktop()
    with pytest.raises(OSError, match=r"login1.*ScreenSaver"):
        DesktopLock().take()


@pytest.mark.parametrize("address", ["unix:path=/nonexistent/bus", "tcp:host=localhost", "nonsense", ""])
def test_no_bus_is_a_refusal_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address or f"unix:path={tmp_path}/none")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match=r"no system bus .*no session bus"):
        DesktopLock().take()
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    awake = Wakefulness()
    awake.want(True)
    until(lambda: caplog.records, 5, "said")
    awake.close()
    assert len(caplog.records) == 1
