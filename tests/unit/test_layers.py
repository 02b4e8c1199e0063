"""The rooms import one way, and nothing behind the engine loads Qt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_LOADS = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted(name for name in sys.modules if name.split(".")[0] in {"PySide6", "shiboken6", "qasync", "ui"}))
"""


def qt_after_importing(*names: str) -> str:
    """The modules of Qt and of the window that a fresh interpreter has after these imports."""
    command = [sys.executable, "-c", _LOADS, *names]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def modules_of(package: str) -> list[str]:
    """Every module of a package, as its files lie in the tree."""
    files = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]
    # Migrations are run by Alembic, one after another, and __main__ is the command itself.
    return [name for name in names if ".migrations" not in name and not name.endswith(".__main__")]


@pytest.mark.parametrize("package", ["studio/engine", "studio/launcher", "studio/server", "encoders"])
def test_no_process_but_the_window_loads_qt(package: str) -> None:
    assert qt_after_importing(*modules_of(package)) == ""


def test_the_check_would_see_qt() -> None:
    assert "PySide6" in qt_after_importing("PySide6.QtCore")


def test_imports_point_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], check=False, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stdout
