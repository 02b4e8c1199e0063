"""`stoa backup FILE` and `stoa restore FILE`: all that a server knows, into one file and back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from studio.media.command_words import Words
from studio.server.audit_command import told
from studio.server.database_url import Place
from studio.server.how_many import how_many
from studio.server.words import add_place, place_of


def backup(argv: Sequence[str]) -> int:
    """Returns the exit status. Raises StoaError."""
    parser = Words(prog="stoa backup", description="Write all that the server knows to a file, while it runs or not.")
    given, place = _given(parser, argv)
    from studio.server.backup import back_up

    done = back_up(place, given.file.absolute())
    _tell(f"{given.file} holds {_counted(done.rows, done.files)}. Keep it safe: there are keys in it.")
    _tell(told(done.audit))
    return 0


def restore(argv: Sequence[str]) -> int:
    """Returns the exit status. Raises StoaError; then nothing is changed."""
    parser = Words(prog="stoa restore", description="Read a backup into an empty place. The server must not run.")
    parser.add_argument("--replace", action="store_true", help="let the data go that is there")
    given, place = _given(parser, argv)
    from studio.server.backup import restore as read_back

    done = read_back(place, given.file.absolute(), replace=given.replace)
    _tell(f"{_counted(done.rows, done.files)} are back from {given.file}.")
    if done.ended is not None:
        _tell(done.ended.words)
    _tell(told(done.audit))
    return 0


def _given(parser: Words, argv: Sequence[str]) -> tuple[argparse.Namespace, Place]:
    parser.add_argument("file", type=Path, metavar="FILE")
    add_place(parser)
    given = parser.parse_args(argv)
    try:
        return given, place_of(given, parser.prog)
    except ValueError as cause:
        parser.refuse(str(cause))


def _counted(rows: int, files: int) -> str:
    return f"{how_many(rows, 'row')} and {how_many(files, 'file')}"


def _tell(words: str) -> None:
    sys.stdout.write(words + "\n")
