"""Where Stoa writes: `$STOA_HOME`, else the platform's own folder for a program's data."""

from __future__ import annotations

import os
from pathlib import Path

from studio.media.errors import ErrorKind, StoaError


def stoa_home() -> Path:
    """The folder that holds settings.json, window.json, journal, library/, server/, logs/ and run/. Makes nothing.

    Raises StoaError(BAD_ARGUMENT) where $STOA_HOME is not UTF-8: it could not be handed to the other processes.
    """
    named = os.environ.get("STOA_HOME")
    if named:
        try:
            named.encode()
        except UnicodeEncodeError:
            words = f"STOA_HOME holds bytes that are no text: {named!a}."
            remedy = "Set it to a folder whose name is UTF-8."
            raise StoaError(ErrorKind.BAD_ARGUMENT, words, remedy=remedy, permanent=True) from None
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("Stoa", appauthor=False))


def run_folder() -> Path:
    """Where the running engines tell port and token (readable by the owner only)."""
    return stoa_home() / "run"
