"""What every benchmark needs: programs, ports, an RTMP server, and a home where the encoders have been tried."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.live_show import LiveShow
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.ports import FreePorts
from tests.fixtures.programs import Programs
from tests.fixtures.waiting import until

CLIP = Path(__file__).parents[3] / "shared" / "media" / "bigbuckbunny.mp4"
STOA = [sys.executable, "-P", "-m", "studio"]
CARD = ("--video", "testcard", "--audio", "tone")


@dataclass
class Bench:
    """`short` takes less time for everything: figures to look at, not to quote."""

    folder: Path
    programs: Programs
    ports: FreePorts
    short: bool
    _count: int = 0

    def new_folder(self, name: str) -> Path:
        self._count += 1
        folder = self.folder / f"{name}-{self._count}"
        folder.mkdir()
        return folder

    def nginx(self) -> NginxRtmp:
        """A running RTMP server that records what it gets."""
        server = NginxRtmp(self.programs, self.new_folder("nginx"), self.ports.take())
        server.start()
        return server

    def show(self, *arguments: str | Path) -> LiveShow:
        """A running `stoa live` in the one home of this bench."""
        return LiveShow(self.programs, self.folder / "home", *arguments)

    def first_packet(self, server: NginxRtmp, key: str = "show") -> None:
        """Until the server has it."""
        server.wait_for_recording(key, 30.0, at_least_bytes=1)

    def end(self, show: LiveShow) -> None:
        """Ctrl-C, and wait until it is gone."""
        show.interrupt()
        until(lambda: not show.program.running(), 30, "stoa live to end")


@contextmanager
def bench(*, short: bool) -> Iterator[Bench]:
    """A bench in a folder of its own; whatever it started is ended with it."""
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as name:
        folder = Path(name)
        made = Bench(folder, Programs(folder), FreePorts(), short)
        # The first start tries the encoders beside the show: that is over before anything is measured.
        environment = {**os.environ, "STOA_HOME": str(folder / "home")}
        subprocess.run([*STOA, "encoders", "--json"], env=environment, check=True, capture_output=True)
        try:
            yield made
        finally:
            made.programs.close()
            made.ports.close()
