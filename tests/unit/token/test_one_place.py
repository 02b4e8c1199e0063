"""There is one way to make a JSON Web Token."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_only_the_envelope_knows_the_library() -> None:
    sources = [path for room in ("studio", "encoders", "ui") for path in (ROOT / room).rglob("*.py")]
    using = [path for path in sources if re.search(r"^\s*(import|from) jwt\b", path.read_text("utf-8"), re.MULTILINE)]
    assert [path.relative_to(ROOT).as_posix() for path in using] == ["studio/token/signed.py"]
