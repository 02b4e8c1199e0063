"""The command `stoa`: one function per word of the command line, each loaded only when it is asked for."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    child = arguments[:1] == ["--child"] and len(arguments) == 2
    # Before anything else is loaded: loading takes longer than it takes to change one's mind.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_IGN if child else _leave)
    if child:
        from studio.process.child import run_child

        return run_child(arguments[1])
    from studio.launcher.commands import run

    return run(arguments)


def _leave(number: int, frame: FrameType | None) -> None:
    """Ctrl-C before a command takes it over: what was begun ends by itself as its pipe closes."""
    os._exit(INTERRUPTED)
