"""Viewers who watch and chat, in a process of their own: `python -m tests.benchmarks.watchers --link LINK`.

Each is a person of the session: receives, decrypts and counts every packet, and follows the chat with the studio's own
client. Prints "ready"; told by a line on its standard input which message is the last one, prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time

import httpx

from studio.server.router.dtls import Certificate
from studio.session import ChatMessage, LineChange, LineState, SessionClient, SessionEvent, parse_link
from tests.benchmarks.whep_receivers import Counter
from tests.fixtures.light_peer import LightPeer

ARRIVE_LIMIT_S = 30.0


class Watcher:
    """One viewer."""

    def __init__(self, client: SessionClient, peer: LightPeer) -> None:
        self.client = client
        self.peer = peer
        self.counter = Counter(peer)
        self.said: list[tuple[int, str, float]] = []
        self.lines = 0
        self.connected = asyncio.Event()
        self.following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async for event in self.client.events():
            if isinstance(event, LineChange) and event.state is LineState.CONNECTED:
                self.lines += 1
                self.connected.set()
            elif isinstance(event, SessionEvent) and isinstance(event.data, ChatMessage):
                self.said.append((event.seq, event.data.text, time.monotonic()))

    async def watch(self, http: httpx.AsyncClient) -> None:
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self.client.bearer}"}
        answer = await http.post(
            f"{self.client.base}/whep/studio", content=self.peer.offer("recvonly"), headers=headers
        )
        answer.raise_for_status()
        await self.peer.take_answer(answer.text)

    async def close(self) -> None:
        self.following.cancel()
        await asyncio.gather(self.following, return_exceptions=True)
        await self.client.close()
        self.peer.close()


async def main(given: argparse.Namespace) -> None:
    certificate = Certificate()
    watchers: list[Watcher] = []
    async with httpx.AsyncClient(timeout=20) as http:
        for number in range(given.viewers):
            client = await SessionClient.join(parse_link(given.link), f"Viewer {number}")
            watchers.append(Watcher(client, LightPeer(certificate)))
            await watchers[-1].watch(http)
            await asyncio.wait_for(watchers[-1].connected.wait(), 20)
    print("ready", flush=True)
    last = (await asyncio.to_thread(sys.stdin.readline)).strip()
    end = time.monotonic() + ARRIVE_LIMIT_S
    while time.monotonic() < end and not all(any(text == last for _, text, _ in one.said) for one in watchers):
        await asyncio.sleep(0.05)
    found = [
        {
            "packets": one.counter.packets,
            "missing": one.counter.missing,
            "lines": one.lines,
            "said": one.said,
        }
        for one in watchers
    ]
    print(json.dumps(found), flush=True)
    for one in watchers:
        await one.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--link", required=True)
    parser.add_argument("--viewers", type=int, default=50)
    asyncio.run(main(parser.parse_args()))
