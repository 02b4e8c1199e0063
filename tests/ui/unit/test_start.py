"""What the window loads before its first paint: Qt and the API's types, nothing that can wait."""

from __future__ import annotations

import subprocess
import sys

LATER = [
    "numpy",
    "cv2",
    "websockets",
    "httpx",
    "pydantic",
    "aiortc",
    "av",
    "studio.session",
    "studio.engine",
    "studio.server",
]


def test_what_can_wait_is_not_loaded_before_the_first_paint() -> None:
    code = f"import sys, ui.main, ui.window, qasync; print(*(name for name in {LATER} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
