"""Showing a folder in the desktop's file manager."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def show_folder(folder: Path) -> bool:
    """Whether it could be shown. Starts a program and waits for it: for a thread."""
    if sys.platform == "linux":
        opener = shutil.which("xdg-open")
        if opener is None:
            return False
        try:
            return subprocess.run([opener, str(folder)], capture_output=True, timeout=10, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return True  # some file managers stay in the foreground
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
