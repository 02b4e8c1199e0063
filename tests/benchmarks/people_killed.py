"""`kill -9` of the people process before 50 viewers: what they lose of the show, and how long the chat is away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from studio.media.errors import StoaError
from studio.session import SessionClient
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure
from tests.fixtures.session_server import SessionServer, session_server

VIEWERS = 50
BITRATE_KBPS = 2500
SAY_EVERY_S = 0.2
TRY_EVERY_S = 0.05


class Speaker:
    """The host writes on, each message until it is acknowledged; the same id makes it one."""

    def __init__(self, client: SessionClient) -> None:
        self._client = client
        self.taken: list[tuple[str, float, float]] = []
        self._number = 0
        self._ends = False
        self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while not self._ends:
            self._number += 1
            text, begun_s = f"message {self._number}", time.monotonic()
            while True:
                with contextlib.suppress(StoaError):
                    await self._client.say(text, id=f"message-{self._number:05d}")
                    break
                await asyncio.sleep(TRY_EVERY_S)
            self.taken.append((text, begun_s, time.monotonic()))
            await asyncio.sleep(max(0.0, begun_s + SAY_EVERY_S - time.monotonic()))

    async def taken_after(self, instant_s: float) -> str:
        """The first message that was begun after this instant and is acknowledged."""
        async with asyncio.timeout(60):
            while not (found := [text for text, begun_s, _ in self.taken if begun_s > instant_s]):
                await asyncio.sleep(0.01)
        return found[0]

    async def close(self) -> None:
        """What was begun is acknowledged first."""
        self._ends = True
        async with asyncio.timeout(30):
            await self._writing
        await self._client.close()


async def kill_once(server: SessionServer, home: Path, watching_s: float) -> dict[str, Any]:
    """One death: what the viewers counted, and the seconds until each had the first message after it."""
    command = [sys.executable, "-m", "tests.benchmarks.watchers", "--link", await server.link()]
    child = await asyncio.create_subprocess_exec(
        *command,
        *("--viewers", str(VIEWERS)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        limit=1 << 24,
    )
    assert child.stdin is not None and child.stdout is not None
    speaker = Speaker(await SessionClient.join_as_owner(run_folder=home / "run"))
    try:
        async with asyncio.timeout(90):
            assert (await child.stdout.readline()).strip() == b"ready"
        await asyncio.sleep(watching_s)
        killed_s = time.monotonic()
        server.kill_people()
        first = await speaker.taken_after(killed_s)
        await asyncio.sleep(watching_s)
    finally:
        await speaker.close()
    said = [text for text, _, _ in speaker.taken]
    child.stdin.write(f"{said[-1]}\n".encode())
    async with asyncio.timeout(60):
        found = json.loads(await child.stdout.readline())
        await child.wait()
    return _judged(found, said, first, killed_s)


def _judged(found: list[dict[str, Any]], said: list[str], first: str, killed_s: float) -> dict[str, Any]:
    back_s, wrong = [], 0
    for viewer in found:
        texts = [text for _, text, _ in viewer["said"]]
        at_s = {text: at for _, text, at in viewer["said"]}
        back_s.append(at_s.get(first, float("inf")) - killed_s)
        begun = said.index(texts[0]) if texts else len(said)
        wrong += abs(len(texts) - len(said[begun:])) + sum(a != b for a, b in zip(texts, said[begun:], strict=False))
    return {
        "viewers": len(found),
        "packets": sum(viewer["packets"] for viewer in found),
        "missing_packets": sum(viewer["missing"] for viewer in found),
        "without_packets": sum(not viewer["packets"] for viewer in found),
        "lines": sorted({viewer["lines"] for viewer in found}),
        "messages": len(said),
        "messages_wrong": wrong,
        "first_back_s": round(min(back_s), 3),
        "last_back_s": round(max(back_s), 3),
    }


async def deaths(bench: Bench, count: int, watching_s: float) -> list[dict[str, Any]]:
    """Some, each with viewers of its own."""
    found = []
    for _ in range(count):
        home = bench.new_folder("killed")
        async with session_server(home) as server:
            await server.go_live(bitrate_kbps=BITRATE_KBPS, noise=True)
            found.append(await kill_once(server, home, watching_s))
    return found


def measure(bench: Bench) -> list[Figure]:
    """The worst of some deaths."""
    found = asyncio.run(deaths(bench, 1 if bench.short else 3, 3.0 if bench.short else 6.0))
    lost = sum(one["missing_packets"] + one["without_packets"] for one in found)
    wrong = sum(one["messages_wrong"] for one in found)
    return [
        Figure(f"kill -9 of people, {VIEWERS} watch: packets they lose", lost, "packets", 0, detail={"deaths": found}),
        Figure("until each of them has the chat back", max(one["last_back_s"] for one in found), "s", 3),
        Figure("chat messages missed, doubled or out of order through it", wrong, "messages", 0),
    ]
