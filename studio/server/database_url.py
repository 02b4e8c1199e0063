"""Where the server's database is: SQLite in the data folder, or PostgreSQL at a URL. Light to import: the parent asks.

A URL holds a password: it goes from process to process over their pipe, and is never written anywhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from studio.media.command_words import warn_of_secret
from studio.media.database_url import parts_of
from studio.media.database_url import shown as shown


@dataclass(frozen=True, slots=True)
class Place:
    """A server's data: its folder (certificates, and SQLite where `url` is empty)."""

    folder: Path
    url: str = ""

    def __repr__(self) -> str:
        return f"Place({self.folder}, {shown(self.url) if self.url else 'SQLite'})"


def url_of(text: str, program: str) -> str:
    """The URL that `env:NAME`, `file:PATH` or the word itself names; one that shows a password is warned about.

    Raises ValueError with a sentence for what cannot be right, without the URL.
    """
    kind, _, name = text.partition(":")
    if kind == "env":
        url = os.environ.get(name, "").strip()
        if not url:
            raise ValueError(f"The environment has no {name}. Set it, or change --database.")
    elif kind == "file":
        try:
            url = Path(name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as cause:
            raise ValueError(f"{name} cannot be read. Check the path after --database.") from cause
    else:
        url = text
    parts = parts_of(url)
    if parts is None:
        raise ValueError("--database is postgresql://USER@HOST/NAME, or env:NAME or file:PATH that holds it.")
    if url == text and (parts.password or "password" in parse_qs(parts.query)):
        warn_of_secret(program, "a password in a URL", "env:NAME or file:PATH keeps it out")
    return url
