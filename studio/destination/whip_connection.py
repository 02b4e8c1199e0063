"""One WHIP connection from the offer to the goodbye: packets in, paced RTP out, feedback back."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable

from studio.destination.whip_http import WhipEndpoint
from studio.destination.whip_sdp import TrackNumbers, read_answer, write_offer
from studio.destination.whip_sender import TrackSender, read_feedback
from studio.destination.whip_transport import WhipTransport
from studio.media import NS_PER_S, AudioTrack, Clock, EncodedPacket, StoaError, VideoTrack

logger = logging.getLogger(__name__)

REPORT_EVERY_S = 1.0
PACE_TIMES = 8
PACE_AT_LEAST_KBPS = 20_000
"""A large keyframe leaves within some 40 ms, without overflowing the buffers on its way."""
PACE_SLOT_S = 0.005
QUEUE_BYTES = 4 * 1024 * 1024
FLUSH_LIMIT_NS = NS_PER_S // 2


class WhipConnection:
    """Everything on one event loop. `lost` is the transport's: a StoaError once the connection is gone.

    `on_keyframe_wanted` is called for PLI and FIR, and for lost pictures of our own.
    """

    def __init__(
        self,
        endpoint: WhipEndpoint,
        video: VideoTrack | None,
        audio: AudioTrack | None,
        clock: Clock,
        on_keyframe_wanted: Callable[[str], None],
        *,
        loopback: str = "",
    ) -> None:
        """`loopback` is the endpoint's address where it is on this machine."""
        self.resource = ""
        self.dropped = 0
        self.senders: dict[str, TrackSender] = {}
        self._endpoint = endpoint
        self._tracks: dict[str, VideoTrack | AudioTrack] = {}
        if audio is not None:
            self._tracks["audio"] = audio
        if video is not None:
            self._tracks["video"] = video
        self._video, self._audio = video, audio
        self._clock = clock
        self._wall_shift_ns = time.time_ns() - clock.now_ns()
        self._on_keyframe_wanted = on_keyframe_wanted
        self._loopback = loopback
        self._transport: WhipTransport | None = None
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._urgent: deque[bytes] = deque()
        self._awaiting_keyframe = True
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        rate_kbps = (video.bitrate_kbps if video is not None else 0) * PACE_TIMES
        self._pace_bytes_s = max(rate_kbps, PACE_AT_LEAST_KBPS) * 1000 / 8

    async def open(self) -> None:
        """Offer, connect, begin to send. Raises StoaError; what was begun is ended again then."""
        servers = await asyncio.to_thread(self._endpoint.ice_servers)
        transport = self._transport = WhipTransport(self._clock, servers, loopback=self._loopback)
        try:
            numbers = [
                TrackNumbers(kind, str(index), _random_ssrc(), _random_ssrc())
                for index, kind in enumerate(self._tracks)
            ]
            offer = write_offer(await transport.gather(), numbers, self._video, self._audio)
            answer = await asyncio.to_thread(self._endpoint.post, offer)
            self.resource = answer.resource
            remote, agreed = read_answer(answer.sdp, numbers)
            self.senders = {one.numbers.kind: TrackSender(one, self._tracks[one.numbers.kind]) for one in agreed}
            transport.on_rtcp = self._received_rtcp
            await transport.connect(remote)
        except BaseException:
            await self.close()
            raise
        self._tasks = [asyncio.create_task(self._send_queued()), asyncio.create_task(self._report())]

    @property
    def lost(self) -> asyncio.Future[StoaError]:
        """Done once the connection is gone. Only after `open`."""
        assert self._transport is not None
        return self._transport.lost

    # --- sending ---

    def put(self, packet: EncodedPacket) -> None:
        """Send a packet of the program. Never waits: pictures that find the queue full are dropped to a keyframe."""
        sender = self.senders.get("video" if packet.codec.is_video else "audio")
        if sender is None:
            return
        if not packet.codec.is_video:
            self._urgent.extend(sender.pack(packet))
        elif self._takes(packet):
            for data in sender.pack(packet):
                self._queue.append(data)
                self._queued_bytes += len(data)
        self._wake.set()

    def _takes(self, packet: EncodedPacket) -> bool:
        if self._queued_bytes > QUEUE_BYTES:
            # What was packed is numbered already and stays in the history; the receiver sees a loss.
            self._queue.clear()
            self._queued_bytes = 0
            if not self._awaiting_keyframe:
                self._awaiting_keyframe = True
                self._on_keyframe_wanted("the network did not keep up")
        if packet.keyframe:
            self._awaiting_keyframe = False
        if self._awaiting_keyframe:
            self.dropped += 1
            return False
        return True

    @property
    def queue_ms(self) -> float:
        """How long the newest packet will wait."""
        return self._queued_bytes / self._pace_bytes_s * 1000

    async def _send_queued(self) -> None:
        """Sound at once; pictures as fast as the pace allows, so that a small one leaves at once too."""
        assert self._transport is not None
        slot_bytes = self._pace_bytes_s * PACE_SLOT_S
        credit, at_ns = slot_bytes, self._clock.now_ns()
        while True:
            if not self._queue and not self._urgent:
                self._wake.clear()
                await self._wake.wait()
            while self._urgent:
                await self._transport.send(self._urgent.popleft())
            now_ns = self._clock.now_ns()
            credit = min(slot_bytes, credit + (now_ns - at_ns) * self._pace_bytes_s / NS_PER_S)
            at_ns = now_ns
            while self._queue and credit > 0:
                data = self._queue.popleft()
                self._queued_bytes -= len(data)
                credit -= len(data)
                await self._transport.send(data)
            if self._queue:
                await asyncio.sleep(PACE_SLOT_S / 2)

    async def _report(self) -> None:
        assert self._transport is not None
        while True:
            now_ns = self._clock.now_ns()
            said = False
            for sender in self.senders.values():
                report = sender.report(now_ns, now_ns + self._wall_shift_ns)
                if report is not None:
                    said = True
                    await self._transport.send(report)
            # The first reports soon: without them a receiver cannot bring sound and picture together.
            await asyncio.sleep(REPORT_EVERY_S if said else 0.05)

    # --- feedback ---

    def _received_rtcp(self, data: bytes) -> None:
        now_ns = self._clock.now_ns()
        feedback = read_feedback(data)
        by_ssrc = {sender.ssrc: sender for sender in self.senders.values()}
        for ssrc, seq in feedback.lost:
            again = by_ssrc[ssrc].resend(seq, now_ns) if ssrc in by_ssrc else None
            if again is not None:
                self._urgent.append(again)
                self._wake.set()
        for report in feedback.reports:
            if report.ssrc in by_ssrc:
                by_ssrc[report.ssrc].learn(report, now_ns)
        if feedback.wants_keyframe:
            self._on_keyframe_wanted("a receiver asked for it")

    # --- the end ---

    async def close(self, *, delete: bool = True) -> None:
        """Send what is queued, DELETE the resource, BYE, hang up.

        In this order, so that the server sees one who leaves and not one who was lost. Where `delete` is False the
        connection is gone: nothing more is sent, and the resource is left to the caller.
        """
        if delete:
            await self._flush()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if delete and self.resource:
            resource, self.resource = self.resource, ""
            await asyncio.to_thread(self._endpoint.delete, resource)
        transport, self._transport = self._transport, None
        if transport is not None:
            for sender in self.senders.values():
                await transport.send(sender.goodbye())
            await transport.close()

    async def _flush(self) -> None:
        until_ns = self._clock.now_ns() + FLUSH_LIMIT_NS
        while self._tasks and (self._queue or self._urgent) and self._clock.now_ns() < until_ns:
            await asyncio.sleep(PACE_SLOT_S / 2)


def _random_ssrc() -> int:
    return 1 + secrets.randbelow(0xFFFFFFFE)
