"""Start one child: `stoa --child KIND`, the same from a source tree and in a frozen bundle."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO, Any

from studio.media import ErrorKind, StoaError
from studio.process.link import Link


def child_command(kind: str) -> list[str]:
    """The command line that becomes a child of this kind."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--child", kind]
    return [sys.executable, "-P", "-m", "studio", "--child", kind]


class SpawnedChild:
    """A running child and the owner's end of its link. Never carries a secret in arguments or environment."""

    def __init__(
        self,
        kind: str,
        incoming: Any,
        *,
        log: IO[bytes] | int | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        """Raises StoaError(INTERNAL) where the system cannot start a process. `log` takes its standard error."""
        flags: dict[str, Any] = {}
        if sys.platform == "win32":
            flags["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
        else:
            flags["start_new_session"] = True
        try:
            self.process = subprocess.Popen(
                child_command(kind),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # NumPy's BLAS would start a thread for each core in every child; nothing here multiplies matrices.
                env={"OPENBLAS_NUM_THREADS": "1", **os.environ, **(environment or {})},
                bufsize=0,
                **flags,
            )
        except OSError as cause:
            raise StoaError(
                ErrorKind.INTERNAL, f"The system could not start a process for {kind}: {cause.strerror}."
            ) from cause
        if sys.platform == "win32":
            from studio.process.job import assign_to_job

            assign_to_job(self.process)
        assert self.process.stdin is not None and self.process.stdout is not None
        # The link owns the descriptors from here on; the Popen objects must not close them a second time.
        read_fd, write_fd = os.dup(self.process.stdout.fileno()), os.dup(self.process.stdin.fileno())
        self.process.stdin.close()
        self.process.stdout.close()
        self.link: Link[Any] = Link(read_fd, write_fd, incoming)

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """End it at once (it may be hung)."""
        self.process.kill()

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Its exit status; None where it still runs after `timeout_s`."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
