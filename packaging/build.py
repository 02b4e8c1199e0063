"""Builds the one-folder bundle dist/stoa with PyInstaller. `./dev package` calls this in the locked environment."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build(target: Path) -> Path:
    """Makes target/stoa, whose program is target/stoa/stoa, and returns the program's path."""
    work = target / ".work"
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level=WARN"]
    command += [f"--distpath={target}", f"--workpath={work}", str(ROOT / "packaging/stoa.spec")]
    finished = subprocess.run(command, check=False, cwd=ROOT)
    if finished.returncode != 0:
        raise SystemExit("The bundle could not be built: PyInstaller's words stand above.")
    shutil.rmtree(work, ignore_errors=True)
    name = "stoa.exe" if sys.platform == "win32" else "stoa"
    return target / "stoa" / name


def main() -> None:
    """The command line: where to put the bundle (default: dist)."""
    parser = argparse.ArgumentParser(description="Builds the one-folder bundle of Stoa Studio.")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="the folder that gets stoa/ (default: dist)")
    program = build(parser.parse_args().to.resolve())
    size_mb = sum(file.lstat().st_size for file in program.parent.rglob("*") if file.is_file()) / 1e6
    print(f"{program} ({size_mb:.0f} MB with its folder)")


if __name__ == "__main__":
    main()
