"""One track as it comes from the publisher: order, losses and their repair, reports, the relation to NTP time."""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.media import NS_PER_MS, NS_PER_S
from studio.server.router import rtcp
from studio.server.router.rtp import RtpPacket, SequenceUnwrapper, signed32

NACK_EVERY_NS = 40 * NS_PER_MS
NACK_FOR_NS = NS_PER_S
LATE_NS = 20 * NS_PER_MS
"""A packet that comes so soon after it was missed was overtaken by another, not lost and sent again."""
JUMP_PACKETS = 2000
"""A gap larger than this is a new beginning, not a loss."""


@dataclass(slots=True)
class _Missing:
    since_ns: int
    ask_ns: int


@dataclass(slots=True)
class ClockRelation:
    """A sender report: the sender's NTP time of an RTP timestamp, and when it arrived by our clock."""

    ntp: int
    rtp_timestamp: int
    arrived_ns: int


@dataclass(slots=True)
class SenderClock:
    """What to add to the publisher's NTP time to get ours: one for all its tracks, or they would fall out of step."""

    ntp_shift: int | None = None


@dataclass(frozen=True, slots=True)
class TrackFormat:
    """What was agreed for a track. `profile_level_id` is H.264's, "" for sound."""

    kind: str
    payload_type: int
    rtx_payload_type: int | None
    clock_rate_hz: int
    repairs: bool
    profile_level_id: str = ""


@dataclass(slots=True)
class IngestCounters:
    """What came, in packets and bytes of payload. `missed`: lost on the way, whether or not it came when asked for."""

    packets: int = 0
    payload_bytes: int = 0
    repaired: int = 0
    lost: int = 0
    missed: int = 0
    repeated: int = 0


@dataclass(slots=True)
class IngestTrack:
    """Takes the packets of one track. `take` gives back each packet once, with its extended sequence number."""

    format: TrackFormat
    sender: SenderClock
    ssrc: int | None = None
    relation: ClockRelation | None = None
    counters: IngestCounters = field(default_factory=IngestCounters)
    _order: SequenceUnwrapper = field(default_factory=SequenceUnwrapper)
    _first_seq: int = -1
    _missing: dict[int, _Missing] = field(default_factory=dict)
    _transit: int | None = None
    _jitter: float = 0.0
    _expected_before: int = 0
    _received_before: int = 0

    def take(self, packet: RtpPacket, now_ns: int, *, is_repair: bool = False) -> bool:
        """Account for a packet and extend its `seq`. False where it is a repetition or of a foreign stream."""
        if self.ssrc is None and not is_repair:
            self.ssrc = packet.ssrc
        if packet.ssrc != self.ssrc:
            return False
        highest = self._order.highest
        packet.seq = seq = self._order.unwrap(packet.seq)
        if highest < 0:
            self._first_seq = seq
        elif seq > highest + 1:
            self._notice_gap(highest + 1, seq, now_ns)
        elif seq <= highest:
            entry = self._missing.pop(seq, None)
            if entry is None:
                self.counters.repeated += 1
                return False
            self.counters.missed -= not is_repair and now_ns - entry.since_ns < LATE_NS
            self.counters.repaired += 1
        if not is_repair:
            self._measure_jitter(packet.timestamp, now_ns)
        self.counters.packets += 1
        self.counters.payload_bytes += len(packet.payload)
        return True

    def _notice_gap(self, begin: int, end: int, now_ns: int) -> None:
        if end - begin > JUMP_PACKETS:
            self.counters.lost += len(self._missing)
            self._missing.clear()
            return
        self.counters.missed += end - begin
        for seq in range(begin, end):
            self._missing[seq] = _Missing(now_ns, now_ns)

    def _measure_jitter(self, timestamp: int, now_ns: int) -> None:
        """RFC 3550, appendix A.8."""
        arrival = now_ns * self.format.clock_rate_hz // NS_PER_S
        transit = arrival - timestamp
        if self._transit is not None:
            self._jitter += (abs(signed32(transit - self._transit)) - self._jitter) / 16
        self._transit = transit

    @property
    def expected(self) -> int:
        """How many packets the sender has sent by their numbers; 0 before the first."""
        return self._order.highest - self._first_seq + 1 if self._first_seq >= 0 else 0

    @property
    def has_gaps(self) -> bool:
        """Whether packets are missing that may still come."""
        return bool(self._missing)

    def to_ask(self, now_ns: int) -> list[int]:
        """The 16-bit numbers to ask for again now, in order."""
        wanted = []
        for seq, entry in self._missing.items():
            if now_ns >= entry.ask_ns:
                entry.ask_ns = now_ns + NACK_EVERY_NS
                wanted.append(seq & 0xFFFF)
        return wanted

    def give_up(self, now_ns: int) -> bool:
        """Forget what has not come within a second. True where something was lost for good."""
        late = [seq for seq, entry in self._missing.items() if now_ns - entry.since_ns > NACK_FOR_NS]
        for seq in late:
            del self._missing[seq]
        self.counters.lost += len(late)
        return bool(late)

    def take_sender_report(self, report: rtcp.SenderReport, now_ns: int, ntp: int) -> bool:
        """Learn the sender's clock; `ntp` is ours now. True for the first report of the track."""
        is_first = self.relation is None
        if self.sender.ntp_shift is None:
            self.sender.ntp_shift = ntp - report.ntp
        self.relation = ClockRelation(report.ntp, report.rtp_timestamp, now_ns)
        return is_first

    def reception(self, now_ns: int) -> rtcp.ReceptionReport | None:
        """The report for the publisher; None before the first packet."""
        if self.ssrc is None or self._first_seq < 0:
            return None
        expected = self.expected
        received = self.counters.packets
        expected_now, received_now = expected - self._expected_before, received - self._received_before
        self._expected_before, self._received_before = expected, received
        fraction = max(0, expected_now - received_now) / expected_now if expected_now > 0 else 0.0
        last_sr = delay = 0
        if self.relation is not None:
            last_sr = (self.relation.ntp >> 16) & 0xFFFFFFFF
            delay = (now_ns - self.relation.arrived_ns) * 65536 // NS_PER_S
        # A cycle was added to the first number, and RTCP counts cycles from 0.
        highest = self._order.highest - 0x10000
        return rtcp.ReceptionReport(
            self.ssrc, fraction, max(0, expected - received), highest, int(self._jitter), last_sr, delay
        )
