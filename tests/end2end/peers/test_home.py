"""What a test leaves running in its STOA_HOME is found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.fixtures.home import processes_of
from tests.fixtures.waiting import until


def test_a_forgotten_process_is_found(stoa_home: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)", "--child", "forgotten"]
    with subprocess.Popen(command) as process:
        until(lambda: [one.pid for one in processes_of(stoa_home)] == [process.pid], 5, "it is found")
        process.kill()
    assert processes_of(stoa_home) == []


def test_another_home_is_not_its_affair(stoa_home: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)", "--child", "other"]
    with subprocess.Popen(command, env={"STOA_HOME": "/elsewhere"}) as process:
        assert processes_of(stoa_home) == []
        process.kill()
