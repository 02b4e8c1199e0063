"""The window at 200 %: the scale is fixed when a process starts, so the pictures are made in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_every_screen_at_200_percent(tmp_path: Path) -> None:
    folder = Path(os.environ.get("STOA_PICTURES", tmp_path)) / "200"
    looked_at = ["tests/ui/test_screens.py", "tests/ui/test_dialogs.py::test_nothing_is_cut"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *looked_at]
    environ = os.environ | {"QT_SCALE_FACTOR": "2", "STOA_PICTURES": str(folder)}
    environ.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stdout[-3000:]
    from PySide6.QtGui import QImage

    picture = QImage(str(folder / "small.png"))
    assert picture.width() == 2 * 1024 and picture.devicePixelRatio() in (1.0, 2.0)
