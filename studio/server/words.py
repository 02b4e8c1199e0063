"""What the server's commands have in common on the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from studio.media.home import stoa_home

BAD_ARGUMENT = 2


class Words(argparse.ArgumentParser):
    """Says what is wrong in one sentence and leaves with status 2."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}. `{self.prog} --help` shows what it takes.", file=sys.stderr)
        sys.exit(BAD_ARGUMENT)


def add_place(parser: argparse.ArgumentParser) -> None:
    """The words that say where the server's data is."""
    parser.add_argument(
        "--data", type=Path, default=None, help="folder of the database (default: server/ in STOA_HOME)"
    )


def data_folder(arguments: argparse.Namespace) -> Path:
    """The server's data folder as the words name it."""
    named: Path | None = arguments.data
    return named.absolute() if named else stoa_home() / "server"
