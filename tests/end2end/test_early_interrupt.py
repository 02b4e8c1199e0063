"""Ctrl-C while a command still loads: status 130, no traceback, nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.home import processes_of
from tests.fixtures.waiting import until

WORDS = {"live": ["--video", "testcard", "--record", "show.mp4"], "serve": ["--port", "0"], "devices": []}
INTERRUPTED_ON_LOADING = """
import os, signal, sys
from importlib.abc import MetaPathFinder

class Interrupt(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)
        return None

sys.meta_path.insert(0, Interrupt())
from studio.cli import main
sys.exit(main(sys.argv[2:]))
"""
LOADED = {"live": "studio.engine.contract", "serve": "studio.server.serve", "devices": "studio.device.enumeration"}


@pytest.mark.skipif(sys.platform == "win32", reason="no process sends itself Ctrl-C there")
@pytest.mark.parametrize("early", [True, False], ids=["first", "late"])
@pytest.mark.parametrize("word", list(WORDS))
def test_it_leaves_with_130_and_without_a_traceback(
    word: str, early: bool, stoa_home: Path, short_folder: Path
) -> None:
    at = "studio.launcher.commands" if early else LOADED[word]
    command = [sys.executable, "-P", "-c", INTERRUPTED_ON_LOADING, at, word, *WORDS[word]]
    done = subprocess.run(
        command,
        cwd=short_folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout) == (130, b"", b"")
    until(lambda: not processes_of(stoa_home), 5, "nothing to be left")
    assert not (short_folder / "show.mp4").exists()
