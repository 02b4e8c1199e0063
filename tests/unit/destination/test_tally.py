"""A destination's counts go on over its connections, and its rate is that of the last two seconds."""

from __future__ import annotations

from studio.destination.connection import Measures
from studio.destination.tally import Tally
from studio.media import NS_PER_S, Codec, EncodedPacket


def picture(size: int = 1250) -> EncodedPacket:
    return EncodedPacket(Codec.H264, bytes(size), 0, 1, True, 0)


def test_the_rate_is_that_of_the_last_two_seconds() -> None:
    tally = Tally()
    for tenth in range(40):
        tally.count(picture(), tenth * NS_PER_S // 10, 0)
    assert tally.statistics(4 * NS_PER_S, 0, 0.0, 0).bitrate_kbps == 100.0
    assert tally.statistics(7 * NS_PER_S, 0, 0.0, 0).bitrate_kbps == 0.0
    assert tally.statistics(7 * NS_PER_S, 0, 0.0, 0).frames == 40


def test_what_was_lost_before_the_first_picture_was_not_due() -> None:
    tally = Tally()
    assert tally.statistics(0, 55, 0.0, 0).dropped == 0
    tally.count(EncodedPacket(Codec.AAC, b"s", 0, 1024, True, 0), 0, 60)
    tally.count(picture(), 0, 70)
    assert tally.statistics(0, 75, 0.0, 0).dropped == 5


def test_figures_of_earlier_connections_are_kept() -> None:
    tally = Tally()
    tally.count(picture(), 0, 0)
    tally.measured(Measures(rtt_ms=5.0, retransmitted=4, dropped=1, buffered_ms=30.0))
    tally.connection_ended()
    tally.measured(Measures(rtt_ms=8.0, retransmitted=2, dropped=2, loss=0.01, buffered_ms=20.0))
    said = tally.statistics(0, 3, 10.0, 1)
    assert (said.retransmitted, said.dropped, said.rtt_ms, said.loss) == (6, 6, 8.0, 0.01)
    assert (said.queue_ms, said.reconnects) == (30.0, 1)
