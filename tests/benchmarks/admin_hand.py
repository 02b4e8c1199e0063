"""How fast an admin's mute, force-stop and kick reach a receiver that reads packets: real server, real packets.

The clock runs from just before the command is sent, on this machine, until the last packet that the receiver got of
what was taken away. A receiver gets sound every 20 ms and pictures at 30 a second.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from studio.server.router import rtp
from studio.session import parse_link
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure
from tests.fixtures.light_peer import AUDIO_TYPE, LightPeer
from tests.fixtures.session_server import SessionServer, session_server

LOOK_S = 0.5
"""So long is looked on after a command: whoever still gets packets then has missed the limit anyway."""
SDP = {"Content-Type": "application/sdp"}


class Receiver:
    """A viewer who reads packets and knows when the last one of each kind came."""

    def __init__(self, peer: LightPeer, person: str) -> None:
        self.peer = peer
        self.person = person
        self.packets = {"audio": 0, "video": 0}
        self.last_s = {"audio": 0.0, "video": 0.0}
        peer.on_rtp = self._rtp

    def _rtp(self, data: bytes) -> None:
        kind = "audio" if rtp.parse(data).payload_type == AUDIO_TYPE else "video"
        self.packets[kind] += 1
        self.last_s[kind] = time.monotonic()

    async def flows(self, *kinds: str) -> None:
        """Until packets of these kinds come, from now on."""
        before = dict(self.packets)
        async with asyncio.timeout(20):
            while any(self.packets[kind] < before[kind] + 5 for kind in kinds):
                await asyncio.sleep(0.01)


class Admin:
    """An admin's line: gives a command, and waits for its acknowledgement."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._number = 0
        self._acked: dict[str, asyncio.Future[None]] = {}
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for text in self._line:
            envelope = json.loads(text)
            waiting = self._acked.get(envelope["id"])
            if waiting is not None and not waiting.done() and envelope["type"] in ("ack", "error"):
                if envelope["type"] == "error":
                    waiting.set_exception(AssertionError(envelope["data"]))
                else:
                    waiting.set_result(None)

    async def command(self, action: str, target: str = "") -> tuple[float, float]:
        """When it was sent (monotonic seconds), and how long it took to be acknowledged."""
        self._number += 1
        id = f"command-{self._number:04d}"
        data = {"action": action, "target": target}
        text = json.dumps({"type": "command", "id": id, "data": data})
        self._acked[id] = asyncio.get_running_loop().create_future()
        sent_s = time.monotonic()
        await self._line.send(text)
        await asyncio.wait_for(self._acked[id], 20)
        return sent_s, time.monotonic() - sent_s

    async def effect_ms(self, receiver: Receiver, kinds: tuple[str, ...], action: str, target: str = "") -> float:
        """From the command to the last packet of these kinds; 0 where not one came after it was sent."""
        sent_s, _ = await self.command(action, target)
        await asyncio.sleep(max(0.0, sent_s + LOOK_S - time.monotonic()))
        return max(0.0, *(receiver.last_s[kind] - sent_s for kind in kinds)) * 1000

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


async def join(server: SessionServer, link: str, name: str) -> dict[str, Any]:
    """The answer to joining."""
    async with httpx.AsyncClient(base_url=server.base, timeout=20) as http:
        answer = await http.post("/api/v1/join", json={"invite": parse_link(link).invite, "name": name})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


async def watch(server: SessionServer, name: str) -> Receiver:
    """A viewer by a link of their own, since a kick takes back the link."""
    me = await join(server, await server.link(), name)
    peer = LightPeer()
    receiver = Receiver(peer, me["person"]["id"])
    async with httpx.AsyncClient(base_url=server.base, timeout=20) as http:
        headers = {**SDP, "Authorization": f"Bearer {me['bearer']}"}
        answer = await http.post("/whep/studio", content=peer.offer("recvonly"), headers=headers)
    answer.raise_for_status()
    await peer.take_answer(answer.text)
    return receiver


@asynccontextmanager
async def admin_of(server: SessionServer) -> AsyncIterator[Admin]:
    """An admin, connected."""
    me = await join(server, await server.link("admin"), "Ada")
    url = server.base.replace("http", "ws", 1) + "/api/v1/sessions/studio/events"
    async with connect(url, additional_headers={"Authorization": f"Bearer {me['bearer']}"}) as line:
        admin = Admin(line)
        try:
            yield admin
        finally:
            await admin.close()


async def mutes(server: SessionServer, admin: Admin, receiver: Receiver, trials: int) -> list[float]:
    """Sound and picture in turn."""
    found = []
    for trial in range(trials):
        kind = ("audio", "video")[trial % 2]
        await receiver.flows("audio", "video")
        found.append(await admin.effect_ms(receiver, (kind,), f"mute_{kind}"))
        await admin.command(f"unmute_{kind}")
    return found


async def stops(server: SessionServer, admin: Admin, receiver: Receiver, trials: int) -> list[float]:
    """The whole show; then it is released and goes live again."""
    found = []
    for _ in range(trials):
        await receiver.flows("audio", "video")
        found.append(await admin.effect_ms(receiver, ("audio", "video"), "stop"))
        await server.go_off()
        await admin.command("release")
        await server.go_live()
    return found


async def kicks(server: SessionServer, admin: Admin, receiver: Receiver, trials: int) -> list[float]:
    """A new viewer each time; the others go on watching."""
    found = []
    for trial in range(trials):
        victim = await watch(server, f"Guest {trial}")
        await victim.flows("audio", "video")
        found.append(await admin.effect_ms(victim, ("audio", "video"), "kick", victim.person))
        victim.peer.close()
        await receiver.flows("audio", "video")
    return found


Trials = Callable[[SessionServer, Admin, Receiver, int], Awaitable[list[float]]]
ALL: tuple[tuple[str, Trials], ...] = (("mute", mutes), ("kick", kicks), ("force-stop", stops))


async def effects(bench: Bench, trials: int) -> dict[str, list[float]]:
    """Milliseconds of each trial, by command."""
    async with session_server(bench.new_folder("admin")) as server:
        await server.go_live()
        receiver = await watch(server, "Mia")
        try:
            async with admin_of(server) as admin:
                return {name: await work(server, admin, receiver, trials) for name, work in ALL}
        finally:
            receiver.peer.close()


def measure(bench: Bench) -> list[Figure]:
    """The 95th percentile of each command."""
    found = asyncio.run(effects(bench, 6 if bench.short else 24))
    return [
        Figure(
            f"{name}: sent to the receiver's last packet, 95th percentile",
            sorted(times)[int(len(times) * 0.95)],
            "ms",
            200,
            detail={"trials": len(times), "median_ms": statistics.median(times), "worst_ms": max(times)},
        )
        for name, times in found.items()
    ]
