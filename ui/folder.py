"""Showing a folder in the desktop's file manager, and a page in its browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def show_folder(folder: Path) -> bool:
    """Whether it could be shown. Starts a program and waits for it: for a thread."""
    return _open(str(folder), QUrl.fromLocalFile(str(folder)))


def open_page(address: str) -> bool:
    """As `show_folder`, for a web address."""
    return _open(address, QUrl(address))


def _open(what: str, url: QUrl) -> bool:
    if sys.platform == "linux":
        opener = shutil.which("xdg-open")
        if opener is None:
            return False
        try:
            return subprocess.run([opener, what], capture_output=True, timeout=10, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return True  # some programs stay in the foreground
    return QDesktopServices.openUrl(url)
