"""Linux: an inhibitor lock of logind, else of the desktop's screen saver; both by D-Bus.

https://systemd.io/INHIBITOR_LOCKS/: the lock is a file descriptor; closing the last copy of it, as a process does when
it ends in whatever way, lets go. The screen saver's (freedesktop.org, Idle Inhibition Service) lasts as long as the
connection that asked for it.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

from jeepney import DBusAddress, DBusErrorResponse, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

ANSWER_LIMIT_S = 5.0
WHO = "Stoa Studio"
WHY = "A show is on air or being recorded"
LOGIND = DBusAddress("/org/freedesktop/login1", "org.freedesktop.login1", "org.freedesktop.login1.Manager")
SCREEN_SAVER = DBusAddress("/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver", "org.freedesktop.ScreenSaver")


class DesktopLock:
    """See `WakeLock`."""

    def __init__(self) -> None:
        self._descriptor = -1
        self._session: DBusConnection | None = None

    def take(self) -> None:
        try:
            self._descriptor = _ask_logind()
        except OSError as first:
            try:
                self._session = _ask_screen_saver()
            except OSError as second:
                raise OSError(f"logind: {first}; screen saver: {second}") from None

    def drop(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _ask_logind() -> int:
    with contextlib.closing(_connect("SYSTEM")) as bus:
        (held,) = _call(bus, LOGIND, "Inhibit", "ssss", ("sleep:idle", WHO, WHY, "block"))
        descriptor = held.to_raw_fd()
    os.set_inheritable(descriptor, False)
    return int(descriptor)


def _ask_screen_saver() -> DBusConnection:
    bus = _connect("SESSION")
    try:
        _call(bus, SCREEN_SAVER, "Inhibit", "ss", (WHO, WHY))
    except OSError:
        bus.close()
        raise
    return bus


def _connect(bus: str) -> DBusConnection:
    """Raises OSError where there is none."""
    address = bus
    if bus == "SESSION" and not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        address = f"unix:path={os.environ.get('XDG_RUNTIME_DIR', '/nonexistent')}/bus"  # where systemd puts it
    try:
        return open_dbus_connection(address, enable_fds=bus == "SYSTEM", auth_timeout=ANSWER_LIMIT_S)
    except (OSError, RuntimeError, ValueError) as cause:  # the last two: an address that is none
        raise OSError(f"no {bus.lower()} bus ({cause})") from cause


def _call(bus: DBusConnection, to: DBusAddress, method: str, signature: str, body: tuple[str, ...]) -> tuple[Any, ...]:
    """Raises OSError with what the other side says."""
    try:
        reply = bus.send_and_get_reply(new_method_call(to, method, signature, body), timeout=ANSWER_LIMIT_S)
    except TimeoutError:
        raise OSError("it does not answer") from None
    except RuntimeError as cause:
        raise OSError(str(cause)) from cause
    if reply.header.message_type.name == "error":
        raise OSError(str(DBusErrorResponse(reply)))
    return tuple(reply.body)
