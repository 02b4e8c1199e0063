"""Runs Python inside the virtual machine, with the environment of this checkout, and gives back what it printed."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.programs import find_program
from tests.vm.image import CACHE, ROOT, Image, build_image

_MARK = "STOA-EXIT "


@dataclass(frozen=True)
class Outcome:
    """How a script ended inside."""

    status: int
    output: str

    def json(self) -> object:
        """The last line of the output, as JSON."""
        return json.loads(self.output.strip().splitlines()[-1])


class Machine:
    """Boots anew for each `run`, with two cameras (vivid.0 and .1) and two sound cards (MicOne and MicTwo).

    Inside, the host's file system is read-only; /run, /dev/shm and TMPDIR are writable, and STOA_HOME lies there.
    The processor is emulated: allow ten times the usual duration.
    """

    def __init__(self, image: Image) -> None:
        self._image = image

    def run(self, script: Path | str, *arguments: str, limit_s: float = 240.0) -> Outcome:
        """Runs a Python file, or the text of one, with this checkout's interpreter; fails where it takes too long."""
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="run-") as name:
            folder = Path(name)
            if isinstance(script, str):
                (folder / "script.py").write_text(script)
                script = folder / "script.py"
            (folder / "run.sh").write_text(_shell_script(script, arguments))
            output = folder / "output"
            console = folder / "console"
            with console.open("wb") as log:
                try:
                    subprocess.run(
                        self._command(folder / "run.sh", output),
                        check=False,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        timeout=limit_s,
                    )
                except subprocess.TimeoutExpired:
                    pytest.fail(f"the virtual machine did not end within {limit_s:g} s; {_told(output, console)}")
            said = output.read_text(errors="replace").replace("\r\n", "\n") if output.exists() else ""
            before, mark, status = said.rpartition(_MARK)
            if not mark:
                pytest.fail(f"the virtual machine ended early; {_told(output, console)}")
            return Outcome(int(status.split()[0]), before)

    def _command(self, script: Path, output: Path) -> list[str]:
        qemu = find_program("qemu-system-x86_64", "qemu-system-x86")
        setpriv = find_program("setpriv", "util-linux")
        # Emulated even where /dev/kvm exists: cloud machines offer one that hangs.
        return [
            *[setpriv, "--pdeathsig", "KILL", "--", qemu, "-machine", "q35"],
            *["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "3072"],
            *["-nographic", "-no-reboot", "-net", "none", "-serial", "mon:stdio", "-serial", f"file:{output}"],
            *["-kernel", str(self._image.kernel), "-initrd", str(self._image.initial_files)],
            *["-append", f"console=ttyS0 quiet panic=-1 tsc=reliable stoa_run={script}"],
            *["-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"],
        ]


def _shell_script(script: Path, arguments: tuple[str, ...]) -> str:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": "/run/home",
        "TMPDIR": "/run/tmp",
        "XDG_RUNTIME_DIR": "/run/tmp",
        "STOA_HOME": "/run/stoa",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "LANG": "C.UTF-8",
    }
    assignments = [f"{name}={value}" for name, value in environment.items()]
    words = ["env", "-i", *assignments, sys.executable, str(script), *arguments]
    return f"cd {shlex.quote(str(ROOT))}\nexec {shlex.join(words)}\n"


def _told(output: Path, console: Path) -> str:
    said = output.read_text(errors="replace") if output.exists() else ""
    return f"output:\n{said[-3000:]}\nconsole:\n{console.read_text(errors='replace')[-3000:]}"


@pytest.fixture(scope="session")
def machine() -> Machine:
    """The virtual machine; its image is built at the first use."""
    return Machine(build_image())
