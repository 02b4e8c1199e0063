"""What the server's commands have in common on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from studio.media.home import stoa_home
from studio.server.database_url import Place, url_of


def add_place(parser: argparse.ArgumentParser) -> None:
    """The words that say where the server's data is."""
    parser.add_argument("--data", help="folder of the server's data (default: server/ in STOA_HOME)")
    parser.add_argument(
        "--database",
        default="",
        metavar="env:NAME|file:PATH|URL",
        help="PostgreSQL instead of SQLite: postgresql://USER:PASSWORD@HOST/NAME",
    )


def place_of(arguments: argparse.Namespace, program: str) -> Place:
    """Where the server's data is, as the words name it. Raises ValueError with a sentence for what cannot be right."""
    named: str | None = arguments.data
    if named == "":
        raise ValueError("--data names no folder. Write it like --data /srv/stoa, or leave it out.")
    folder = Path(named).absolute() if named else stoa_home() / "server"
    return Place(folder, url_of(arguments.database, program) if arguments.database else "")
