"""Many people in one chat, in a process of their own that costs little: `python -m tests.benchmarks.chat_clients`.

Prints "ready" once all are connected and nobody hears of it any more, waits for a line on its standard input, writes
at an even pace, and prints one JSON object: how long each message took to each client, and whether everybody got each
message once and in order. The frames of a server carry no mask, and what one client got another gets byte for byte:
each message is read once.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sys
import time
from array import array
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import uvloop

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
PEOPLE_OF_ONE_ADDRESS = 40
"""The server lets in so many people of one address at once: the audience comes from several, all of this machine."""
QUIET_S = 2.0
"""So long nobody is told anything before the first word: who came in was told to everyone, and is no part of it."""
SETTLE_LIMIT_S = 60.0
ARRIVE_LIMIT_S = 60.0


class Messages:
    """What was said: each chat message of the record by the bytes of its frame."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}
        self.sent_ns = array("q")
        self.seqs = array("q")
        self.heard_s = 0.0

    def number_of(self, body: bytes) -> int:
        """The message's number, in the order of the first arrival; -1 for what is no chat message."""
        number = self.numbers.get(body)
        if number is None:
            number = self.numbers[body] = self._read(body)
        return number

    def _read(self, body: bytes) -> int:
        envelope = json.loads(body)
        if envelope["type"] != "chat.message":
            return -1
        self.sent_ns.append(int(envelope["data"]["text"]))
        self.seqs.append(envelope["seq"])
        return len(self.seqs) - 1


class Client(asyncio.Protocol):
    """One WebSocket: notes when which message came."""

    def __init__(self, messages: Messages, head: bytes) -> None:
        self._messages = messages
        self._head = head
        self._rest = b""
        self._upgraded = False
        self.welcome = asyncio.get_running_loop().create_future()
        self.got = array("i")
        self.at_ns = array("q")
        self.acked: list[str] = []
        self.refused: list[str] = []
        self.lost = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.welcome.done():
            self.welcome.set_exception(ConnectionError("the server closed the line before its welcome"))

    def data_received(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        if self._rest:
            data = self._rest + data
        at = 0
        if not self._upgraded:
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._rest = data
                return
            assert data.startswith(b"HTTP/1.1 101"), data[:200]
            self._upgraded = True
        end = len(data)
        while end - at >= 2:
            size, head = data[at + 1], 2
            if size == 126:
                if end - at < 4:
                    break
                size, head = int.from_bytes(data[at + 2 : at + 4]), 4
            if end - at < head + size:
                break
            self._frame(data[at] & 15, data[at + head : at + head + size], now_ns)
            at += head + size
        self._rest = data[at:]

    def _frame(self, kind: int, body: bytes, now_ns: int) -> None:
        if kind == PING:
            self.transport.write(bytes([0x80 | PONG, 0x80 | len(body), 0, 0, 0, 0]) + body)
            return
        self._messages.heard_s = now_ns / 1e9
        if kind == TEXT and body.startswith(b'{"seq":0,'):
            self._told(json.loads(body))
        elif kind == TEXT and (number := self._messages.number_of(body)) >= 0:
            self.got.append(number)
            self.at_ns.append(now_ns)

    def _told(self, envelope: dict[str, Any]) -> None:
        match envelope["type"]:
            case "welcome":
                self.welcome.set_result(None)
            case "ack":
                self.acked.append(envelope["id"])
            case "error":
                self.refused.append(envelope["data"]["message"])

    def say(self, number: int) -> None:
        """The text is the instant at which it is sent. A mask of zeros leaves the bytes as they are."""
        text = str(time.monotonic_ns())
        body = json.dumps({"type": "chat.send", "id": f"message-{number:06d}", "data": {"text": text}}).encode()
        assert len(body) < 126
        self.transport.write(bytes([0x80 | TEXT, 0x80 | len(body), 0, 0, 0, 0]) + body)


async def come_in(base: str, invite: str, count: int) -> list[tuple[str, str]]:
    """The address and the bearer of each."""
    found = []
    for first in range(0, count, PEOPLE_OF_ONE_ADDRESS):
        address = f"127.0.0.{2 + first // PEOPLE_OF_ONE_ADDRESS}"
        transport = httpx.AsyncHTTPTransport(local_address=address)
        async with httpx.AsyncClient(base_url=base, transport=transport, timeout=30) as http:
            for number in range(first, min(first + PEOPLE_OF_ONE_ADDRESS, count)):
                answer = await http.post("/api/v1/join", json={"invite": invite, "name": f"Viewer {number}"})
                answer.raise_for_status()
                found.append((address, answer.json()["bearer"]))
    return found


async def connect(base: str, people: list[tuple[str, str]], messages: Messages) -> list[Client]:
    """All of them, connected and welcomed."""
    loop = asyncio.get_running_loop()
    url = urlsplit(base)
    assert url.hostname is not None
    clients = []
    for address, bearer in people:
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET /api/v1/sessions/studio/events HTTP/1.1\r\nHost: {url.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {bearer}\r\n\r\n"
        ).encode()
        _, client = await loop.create_connection(
            lambda head=head: Client(messages, head), url.hostname, url.port, local_addr=(address, 0)
        )
        clients.append(client)
        await asyncio.wait_for(client.welcome, 20)
    return clients


async def settled(messages: Messages) -> None:
    """Until nobody has been told anything for a while."""
    async with asyncio.timeout(SETTLE_LIMIT_S):
        while (left_s := messages.heard_s + QUIET_S - time.monotonic()) > 0:
            await asyncio.sleep(left_s)


async def speak(clients: list[Client], rate: float, count: int) -> None:
    """In turn, at an even pace."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for number in range(count):
        await asyncio.sleep(max(0.0, begun + number / rate - loop.time()))
        clients[number * 7 % len(clients)].say(number)


async def arrived(clients: list[Client], count: int) -> None:
    """Until everybody has everything, or the limit."""
    end = time.monotonic() + ARRIVE_LIMIT_S
    while time.monotonic() < end and any(len(client.got) < count for client in clients):
        await asyncio.sleep(0.1)


def judge(clients: list[Client], messages: Messages, count: int) -> dict[str, Any]:
    """Times in ms, and what was missing, doubled or out of order."""
    sent = np.frombuffer(messages.sent_ns, dtype=np.int64)
    times = np.concatenate([np.frombuffer(c.at_ns, np.int64) - sent[np.frombuffer(c.got, np.int32)] for c in clients])
    spoken_s = np.concatenate([sent[np.frombuffer(c.got, np.int32)] - sent.min() for c in clients]) // 1_000_000_000
    by_second = [float(np.percentile(times[spoken_s == second], 95)) / 1e6 for second in np.unique(spoken_s)]
    seqs = np.frombuffer(messages.seqs, dtype=np.int64)
    return {
        "clients": len(clients),
        "messages": count,
        "arrivals": len(times),
        "median_ms": float(np.median(times)) / 1e6,
        "p95_ms": float(np.percentile(times, 95)) / 1e6,
        "worst_ms": float(times.max()) / 1e6,
        "p95_ms_of_each_second": [round(time_ms, 1) for time_ms in by_second],
        "missing": sum(count - len(set(client.got)) for client in clients),
        "doubled": sum(len(client.got) - len(set(client.got)) for client in clients),
        "out_of_order": sum(int((np.diff(seqs[np.frombuffer(c.got, np.int32)]) <= 0).sum()) for c in clients),
        "not_acknowledged": count - sum(len(set(client.acked)) for client in clients),
        "refused": [words for client in clients for words in client.refused][:5],
        "lines_lost": sum(client.lost for client in clients),
        "client_cpu_s": round(time.process_time(), 2),
    }


async def main(given: argparse.Namespace) -> None:
    messages = Messages()
    clients = await connect(given.base, await come_in(given.base, given.invite, given.clients), messages)
    await settled(messages)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    count = int(given.rate * given.seconds)
    await speak(clients, given.rate, count)
    await arrived(clients, count)
    print(json.dumps(judge(clients, messages, count)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True)
    parser.add_argument("--invite", required=True, help="read by this machine's user only; it is dead with the bench")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    uvloop.run(main(parser.parse_args()))
