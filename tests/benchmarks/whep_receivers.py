"""How many WHEP receivers of a 2.5 Mb/s stream one core of the media router serves without losing a packet.

    python -m tests.benchmarks.whep_receivers [--receivers 60] [--seconds 20] [--json]

The receivers run in a process of their own: they decrypt every packet and check that none is missing. Nothing is asked
for again, so that a repaired loss would count as a loss.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from studio.server.router import rtp
from studio.server.router.dtls import Certificate
from studio.server.router.rtp import SequenceUnwrapper
from tests.fixtures.light_media import LightPublisher
from tests.fixtures.light_peer import AUDIO_TYPE, LightPeer
from tests.fixtures.media_router import MediaRouter

BITRATE_KBPS = 2500


class Counter:
    """One receiver: packets that came and packets that are missing, for each kind."""

    def __init__(self, peer: LightPeer) -> None:
        self.packets = 0
        self.octets = 0
        self._orders = {True: SequenceUnwrapper(), False: SequenceUnwrapper()}
        self._first: dict[bool, int] = {}
        peer.on_rtp = self._rtp

    def _rtp(self, data: bytes) -> None:
        packet = rtp.parse(data)
        is_sound = packet.payload_type == AUDIO_TYPE
        seq = self._orders[is_sound].unwrap(packet.seq)
        self._first.setdefault(is_sound, seq)
        self.packets += 1
        self.octets += len(packet.payload)

    @property
    def missing(self) -> int:
        expected = sum(self._orders[kind].highest - first + 1 for kind, first in self._first.items())
        return expected - self.packets


def post(url: str, sdp: str) -> str:
    request = urllib.request.Request(url, sdp.encode(), {"Content-Type": "application/sdp"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text: str = answer.read().decode()
    return text


async def receive(url: str, count: int, seconds: float) -> None:
    """The receivers' process: prints "ready", later one JSON object."""
    certificate = Certificate()
    counters, peers = [], []
    for number in range(count):
        peer = LightPeer(certificate)
        counters.append(Counter(peer))
        answer = await asyncio.to_thread(post, f"{url}?viewer{number}", peer.offer("recvonly"))
        await peer.take_answer(answer)
        peers.append(peer)
    print("ready", flush=True)
    await asyncio.sleep(1)
    begun = sum(counter.packets for counter in counters), sum(counter.octets for counter in counters)
    await asyncio.sleep(seconds)
    ended = sum(counter.packets for counter in counters), sum(counter.octets for counter in counters)
    found = {
        "receivers": count,
        "packets": ended[0] - begun[0],
        "kbps_each": round((ended[1] - begun[1]) * 8 / 1000 / seconds / count, 1),
        "missing": sum(counter.missing for counter in counters),
        "without_packets": sum(not counter.packets for counter in counters),
    }
    print(json.dumps(found), flush=True)
    for peer in peers:
        peer.close()


async def publish(router: MediaRouter, root: str) -> LightPublisher:
    peer = LightPeer()
    await peer.take_answer(await asyncio.to_thread(post, f"{root}/whip/studio", peer.offer("sendonly")))
    publisher = LightPublisher(peer, bitrate_kbps=BITRATE_KBPS, noise=True, gop=60)
    publisher.start()
    return publisher


async def measure(receivers: int, seconds: float) -> dict[str, Any]:
    """CPU of the router in seconds a second, and what its receivers counted."""
    router = MediaRouter()
    try:
        root = router.serve()
        publisher = await publish(router, root)
        command = [sys.executable, "-m", __spec__.name, "--receive", f"{root}/whep/studio"]
        arguments = ["--receivers", str(receivers), "--seconds", str(seconds)]
        folder = Path(__file__).parents[2]
        child = await asyncio.create_subprocess_exec(*command, *arguments, stdout=subprocess.PIPE, cwd=folder)
        assert child.stdout is not None
        async with asyncio.timeout(seconds + 60):
            assert (await child.stdout.readline()).strip() == b"ready"
            process = psutil.Process(router.child.pid)
            await asyncio.sleep(1)
            before = process.cpu_times()
            await asyncio.sleep(seconds - 0.5)
            after = process.cpu_times()
            memory_mb = process.memory_info().rss / 1e6
            found: dict[str, Any] = json.loads(await child.stdout.readline())
            await child.wait()
        await publisher.stop()
        publisher.peer.close()
    finally:
        router.stop()
    used = after.user + after.system - before.user - before.system
    found["router_cpu"] = round(used / (seconds - 0.5), 3)
    found["router_rss_mb"] = round(memory_mb, 1)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--receivers", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--receive", default="")
    arguments = parser.parse_args()
    if arguments.receive:
        asyncio.run(receive(arguments.receive, arguments.receivers, arguments.seconds))
        return 0
    found = asyncio.run(measure(arguments.receivers, arguments.seconds))
    if arguments.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:16} {value}")
    return 0 if found["missing"] == 0 and found["without_packets"] == 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
