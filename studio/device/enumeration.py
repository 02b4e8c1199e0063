"""The engine's side: ask a fresh process what is plugged in, and be told when that changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import IO

from studio.device.inventory import DeviceKind, Devices
from studio.device.messages import DevicesChanged, DevicesFound, ListDevices, ListerToEngine, WatchDevices
from studio.media import Clock, ErrorKind, StoaError
from studio.process import ChildPlan, Fault, Heartbeat, SpawnedChild, SupervisedChild, Watchdog

LIMIT_S = 4.0
START_GRACE_S = 8.0


def enumerate_all(
    kinds: Iterable[DeviceKind] = (), *, limit_s: float = LIMIT_S, log_to: IO[bytes] | int | None = None
) -> Devices:
    """Everything that is plugged in now (or only some lists), looked up by a fresh process. Blocks; any thread.

    A list that does not answer within `limit_s` is empty and has its obstacle. Raises StoaError(TIMEOUT) where the
    process itself gives no answer, StoaError(INTERNAL) where it cannot be started.
    """
    child = SpawnedChild("devices", ListerToEngine | Heartbeat | Fault, log=log_to)
    killer = threading.Timer(limit_s + START_GRACE_S, child.kill)
    killer.daemon = True
    killer.start()
    try:
        child.link.send(ListDevices(list(kinds), limit_s))
        while (message := child.link.receive()) is not None:
            if isinstance(message, DevicesFound):
                return message.devices
    finally:
        killer.cancel()
        child.link.close_writer()
        child.kill()
        child.wait()
        child.link.close_reader()
    raise StoaError(
        ErrorKind.TIMEOUT,
        "The devices could not be listed: the process that looks at them gave no answer.",
        remedy="Try again; unplug a device that hangs.",
    )


class DeviceWatch:
    """Calls `on_change(kinds)` on a thread of its own whenever something is plugged in or out."""

    def __init__(
        self,
        on_change: Callable[[list[DeviceKind]], None],
        watchdog: Watchdog,
        *,
        log_to: IO[bytes] | int | None = None,
        clock: Clock | None = None,
    ) -> None:
        def hear(message: DevicesChanged | Fault) -> None:
            if isinstance(message, DevicesChanged):
                on_change(message.kinds)

        plan = ChildPlan("devices", ListerToEngine, lambda: [WatchDevices()], hear)
        self._watchdog = watchdog
        self._child = SupervisedChild(plan, log_to=log_to, clock=clock)

    def start(self) -> None:
        """Returns at once."""
        self._watchdog.add(self._child)
        self._child.start()

    def end(self, *, wait: bool = True) -> None:
        """No more calls."""
        self._watchdog.remove(self._child)
        self._child.end(wait=wait)
