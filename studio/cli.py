"""The command `stoa`: one function per word of the command line, each loaded only when it is asked for."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == ["--child"] and len(arguments) == 2:
        from studio.process.child import run_child

        return run_child(arguments[1])
    from studio.launcher.commands import run

    return run(arguments)
