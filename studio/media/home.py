"""Where Stoa writes: `$STOA_HOME`, else the platform's own folder for a program's data."""

from __future__ import annotations

import os
from pathlib import Path


def stoa_home() -> Path:
    """The folder that holds settings.json, window.json, journal, library/, server/, logs/ and run/. Makes nothing."""
    named = os.environ.get("STOA_HOME")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("Stoa", appauthor=False))


def run_folder() -> Path:
    """Where the running engines tell port and token (readable by the owner only)."""
    return stoa_home() / "run"
