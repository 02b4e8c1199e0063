"""Trying encoders, each in a child with a time limit: a graphics driver may hang or take its process down."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from typing import IO

import msgspec

from encoders.probe import ProbeResult, probe
from studio.media import StoaError
from studio.process import ChildLink, ChildPipes, End, Fault, Heartbeat, SpawnedChild
from studio.process.priority import put_last

LIMIT_S = 12.0
LOOK_EVERY_S = 0.1
log = logging.getLogger(__name__)


class ProbeEncoder(msgspec.Struct, frozen=True, tag="probe"):
    """Owner to child: try this encoder, answer with a ProbeResult, and end."""

    name: str


def run(pipes: ChildPipes) -> None:
    """The child "probe": one encoder, one answer."""
    put_last()  # a show that is on air comes first
    asked = threading.Event()
    names: list[str] = []

    def on_message(message: ProbeEncoder) -> None:
        names.append(message.name)
        asked.set()

    link: ChildLink[ProbeEncoder] = ChildLink(pipes, ProbeEncoder, on_message, on_stop=asked.set)
    link.start()
    asked.wait()
    if names:
        link.beat(LIMIT_S)
        link.send(probe(names[0]))


def probe_in_child(
    name: str,
    *,
    limit_s: float = LIMIT_S,
    stopped: Callable[[], bool] = lambda: False,
    log_to: IO[bytes] | int | None = None,
) -> ProbeResult:
    """Try one encoder in a child; blocks until it has answered, died, `stopped` says so, or `limit_s` is over."""
    try:
        child = SpawnedChild("probe", ProbeResult | Heartbeat | Fault, log=log_to or subprocess.DEVNULL)
    except StoaError as error:
        return ProbeResult(name, True, False, error.message)
    killed, over = threading.Event(), threading.Event()

    def watch() -> None:
        end_s = time.monotonic() + limit_s
        while not over.wait(LOOK_EVERY_S):
            if stopped() or time.monotonic() > end_s:
                killed.set()
                child.kill()
                return

    threading.Thread(target=watch, name="probe watch", daemon=True).start()
    result: ProbeResult | None = None
    try:
        child.link.send(ProbeEncoder(name))
        while result is None and (message := child.link.receive()) is not None:
            if isinstance(message, ProbeResult):
                result = message
    except StoaError:
        log.exception("the probe of %s answered nonsense", name)
    finally:
        child.link.send(End())
        child.link.close_writer()
        if result is not None and child.wait(2.0) is None:
            child.kill()
        status = child.wait()
        over.set()
        child.link.close_reader()
    if result is not None:
        return result
    why = f"it gave no answer within {limit_s:g} s" if killed.is_set() else f"its process died (status {status})"
    return ProbeResult(name, True, False, why)


def probe_all(
    names: Iterable[str], stopped: Callable[[], bool] = lambda: False, *, log_to: IO[bytes] | int | None = None
) -> list[ProbeResult]:
    """Try one after the other until `stopped` says so; one that was cut short does not count."""
    results: list[ProbeResult] = []
    for name in names:
        if stopped():
            break
        result = probe_in_child(name, stopped=stopped, log_to=log_to)
        if result.works or not stopped():
            results.append(result)
    return results
