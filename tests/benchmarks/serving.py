"""A running `stoa serve` for a benchmark: the server as people run it, with its owner's calls."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil

from studio.media.errors import StoaError
from studio.session import running_server
from studio.session.address import OwnerAddress
from tests.benchmarks.bench import Bench
from tests.fixtures.programs import Program
from tests.fixtures.waiting import until

START_LIMIT_S = 60.0


class Serving:
    """`stoa serve` on loopback in a home of its own."""

    def __init__(self, bench: Bench) -> None:
        self.home = bench.new_folder("serve")
        command = [sys.executable, "-P", "-m", "studio", "serve", "--port", "0"]
        environ = {**os.environ, "STOA_HOME": str(self.home)}
        self.program: Program = bench.programs.start(command, package="python3", environ=environ, folder=Path("/"))
        self.owner = until(self._running, START_LIMIT_S, "stoa serve to serve")

    def _running(self) -> OwnerAddress | None:
        try:
            return running_server(self.home / "run")
        except StoaError:
            return None

    @property
    def base(self) -> str:
        return self.owner.url

    def call(self, method: str, path: str, **facts: Any) -> Any:
        """The owner's; the answer's JSON."""
        bearer = {"Authorization": f"Bearer {self.owner.token}"}
        answer = httpx.request(method, self.base + path, headers=bearer, timeout=20, **facts)
        answer.raise_for_status()
        return answer.json()

    def invite(self, role: str = "viewer") -> str:
        """An invite's secret."""
        made = self.call("POST", "/api/v1/sessions/studio/invites", json={"role": role})
        secret: str = made["invite"]
        return secret

    def people(self) -> psutil.Process:
        """The people process."""
        for child in psutil.Process(self.program.pid).children(recursive=True):
            if "people" in child.cmdline():
                return child
        raise AssertionError("there is no people process")

    def end(self) -> None:
        self.program.stop(20.0)
