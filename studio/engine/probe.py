"""Trying encoders, each in a child with a time limit: a graphics driver may hang or take its process down.

At the first start each encoder is probed once; what a show is about to use is rehearsed with the show's own settings.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from typing import IO

import msgspec

from encoders.findings import Findings
from encoders.probe import ProbeResult, probe, rehearse
from encoders.settings import VideoSettings
from studio.media import ErrorKind, StoaError
from studio.process import ChildLink, ChildPipes, End, Fault, Heartbeat, SpawnedChild
from studio.process.priority import put_last

LIMIT_S = 12.0
LOOK_EVERY_S = 0.1
PROBE_AFTER_S = 5.0
PROBE_END_S = 3.0
log = logging.getLogger(__name__)


class ProbeEncoder(msgspec.Struct, frozen=True, tag="probe"):
    """Owner to child: try this encoder, answer with a ProbeResult, and end."""

    name: str


class RehearseEncoder(msgspec.Struct, frozen=True, tag="rehearse"):
    """Owner to child: open this encoder as a show will, answer with a ProbeResult, and end."""

    settings: VideoSettings


Question = ProbeEncoder | RehearseEncoder


def run(pipes: ChildPipes) -> None:
    """The child "probe": one encoder, one answer."""
    asked = threading.Event()
    questions: list[Question] = []

    def on_message(message: Question) -> None:
        questions.append(message)
        asked.set()

    link: ChildLink[Question] = ChildLink(pipes, Question, on_message, on_stop=asked.set)
    link.start()
    asked.wait()
    if not questions:
        return
    link.beat(LIMIT_S)
    # A driver that hangs with the interpreter's lock keeps every Python thread here from seeing that the owner is gone.
    faulthandler.dump_traceback_later(LIMIT_S, exit=True, file=os.open(os.devnull, os.O_WRONLY))
    question = questions[0]
    if isinstance(question, RehearseEncoder):
        link.send(rehearse(question.settings))
    else:
        put_last()  # a show that is on air comes first
        link.send(probe(question.name))


def probe_in_child(
    name: str,
    *,
    limit_s: float = LIMIT_S,
    stopped: Callable[[], bool] = lambda: False,
    log_to: IO[bytes] | int | None = None,
) -> ProbeResult:
    """Try one encoder in a child; blocks until it has answered, died, `stopped` says so, or `limit_s` is over."""
    answer = _ask(ProbeEncoder(name), limit_s, stopped, log_to)
    return ProbeResult(name, True, False, answer) if isinstance(answer, str) else answer


def rehearse_in_child(settings: VideoSettings, *, limit_s: float, stopped: Callable[[], bool] = lambda: False) -> None:
    """Open the encoder of a show in a child; blocks for `limit_s` at most, but where the system cannot kill the child.

    Raises StoaError: NOT_SUPPORTED where it cannot run so, CRASHED where its driver hung or took the child down."""
    answer = _ask(RehearseEncoder(settings), limit_s, stopped, None)
    if isinstance(answer, str):
        raise StoaError(
            ErrorKind.CRASHED,
            f"The encoder {settings.name} did not open: {answer}.",
            remedy="Choose libx264; if its driver hangs, starting the computer anew frees it.",
        )
    if not answer.works:
        raise StoaError(ErrorKind.NOT_SUPPORTED, answer.why, remedy="Choose another, or `auto`.", permanent=True)


def _ask(
    question: Question, limit_s: float, stopped: Callable[[], bool], log_to: IO[bytes] | int | None
) -> ProbeResult | str:
    """The child's answer, or why it gave none."""
    try:
        child = SpawnedChild("probe", ProbeResult | Heartbeat | Fault, log=log_to or subprocess.DEVNULL)
    except StoaError as error:
        return error.message.rstrip(".")
    killed, over = threading.Event(), threading.Event()

    def watch() -> None:
        end_s = time.monotonic() + limit_s
        while not over.wait(LOOK_EVERY_S):
            if stopped() or time.monotonic() > end_s:
                killed.set()
                child.kill()
                return

    # The end of this process waits for it.
    threading.Thread(target=watch, name="probe watch", daemon=False).start()
    result: ProbeResult | None = None
    try:
        child.link.send(question)
        while result is None and (message := child.link.receive()) is not None:
            if isinstance(message, ProbeResult):
                result = message
    except StoaError:
        log.exception("a probe answered nonsense")
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
    return f"it gave no answer within {limit_s:g} s" if killed.is_set() else f"its process died (status {status})"


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


class Probing:
    """Tries the encoders that were never tried, beside the show, in children one after the other."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._probe, name="probing", daemon=True)

    def start(self) -> None:
        """Begin after a while, where there is something to try (returns at once)."""
        if self._findings.missing():
            self._thread.start()

    def stop(self) -> None:
        """End what is being tried."""
        self._stop.set()

    def join(self) -> None:
        """Wait for the end, a short while. Blocks."""
        if self._thread.is_alive():
            self._thread.join(PROBE_END_S)

    def _probe(self) -> None:
        if self._stop.wait(PROBE_AFTER_S):
            return
        try:
            self._findings.remember(probe_all(self._findings.missing(), self._stop.is_set))
        except OSError:
            log.warning("what the probes found could not be written")
