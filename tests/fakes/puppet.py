"""Children that behave as tests need: `python -m tests.fakes.puppet KIND` answers, hangs, or will not end."""

from __future__ import annotations

import sys
import threading

import msgspec

from studio.media import ErrorKind, StoaError
from studio.process import ChildLink, ChildPipes, ChildPlan, SupervisedChild


class Say(msgspec.Struct, frozen=True, tag="say"):
    words: str


class Said(msgspec.Struct, frozen=True, tag="said"):
    words: str


def main(kind: str) -> None:
    if kind == "owner":
        own()
        return
    pipes = ChildPipes()
    held = threading.Event()

    def on_message(message: Say) -> None:
        link.send(Said(message.words))
        if kind == "hang":
            link.beat(0.2)

    def on_stop() -> None:
        if kind != "stubborn":
            link.send(Said("ended in order"))
            held.set()

    if kind == "deaf":
        threading.Event().wait()
    link: ChildLink[Say] = ChildLink(pipes, Say, on_message, on_stop=on_stop, grace_s=2)
    link.start()
    if kind == "faulty":
        link.fault(StoaError(ErrorKind.NOT_FOUND, "It is not there.", permanent=True))
        return
    held.wait()


def own() -> None:
    """An owner of a child that never ends by itself; tells its child's pid."""
    from studio.process import spawn

    spawn.child_command = lambda kind: [sys.executable, "-m", "tests.fakes.puppet", kind]
    started: list[int] = []
    SupervisedChild(
        ChildPlan("stubborn", Said, opening=lambda: (), on_message=lambda said: None, on_started=started.append)
    ).start()
    while not started:
        threading.Event().wait(0.01)
    print(started[0], flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
