"""How good a connection is, in one word and in figures: what is told of it, and the thresholds.

The thresholds are not of our making:

- loss of 2 % and 10 %: below the first a WebRTC sender takes the network for free and sends more, above the second it
  sends less (Google's congestion control, draft-ietf-rmcat-gcc-02, section 6). Between them repair hides most of it.
- a round trip of 150 and 400 ms: ITU-T G.114 has these as the delay in one direction that nobody notices and that is
  not to be exceeded. Half of a picture's way is encoding, buffering and decoding; the round trip gets the other half.
- silence of 6 s: of a browser's checks (2.5 s), its reports (1 s) and our own questions (2 s) several were missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

FAIR_LOSS_PERCENT, POOR_LOSS_PERCENT = 2.0, 10.0
FAIR_RTT_MS, POOR_RTT_MS = 150.0, 400.0
LOST_SILENT_S = 6.0
EASE = 0.8
"""A better word is given only below this part of its threshold, …"""
EASED_TIMES = 3
"""… and so often in a row (6 s): a connection at a threshold does not flicker. A worse word is given at once."""


class QualityWord(StrEnum):
    """In order. Good: nothing is noticed; fair: repaired mostly; poor: pictures stop; lost: nothing is heard of it."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    LOST = "lost"


class StreamQuality(BaseModel):
    """One direction, over the last 5 s. Lost is what did not come at the first time, before repair."""

    model_config = ConfigDict(frozen=True)

    bitrate_kbps: int
    loss_percent: float
    lost_packets: int


class ConnectionQuality(BaseModel):
    """How a person's media do. `up`: what they publish; `down`: what they watch; null where they do not.

    `rtt_ms` is the round trip between them and the server, null until it was measured. `words` says all of it.
    """

    model_config = ConfigDict(frozen=True)

    word: QualityWord
    rtt_ms: int | None
    up: StreamQuality | None
    down: StreamQuality | None
    words: str


class QualityOf(BaseModel):
    """`quality` is null once the person has no media any more."""

    model_config = ConfigDict(frozen=True)

    person: str
    quality: ConnectionQuality | None


class QualityTold(BaseModel):
    """Whose quality is another now: one's own, with the right `see_connections` everybody's. Never in the record."""

    model_config = ConfigDict(frozen=True)

    people: tuple[QualityOf, ...]


def word_of(rtt_ms: float | None, loss_percent: float, ease: float = 1.0) -> QualityWord:
    """By the thresholds (times `ease`), the worse of the two."""
    rtt = rtt_ms or 0.0
    if loss_percent >= POOR_LOSS_PERCENT * ease or rtt >= POOR_RTT_MS * ease:
        return QualityWord.POOR
    if loss_percent >= FAIR_LOSS_PERCENT * ease or rtt >= FAIR_RTT_MS * ease:
        return QualityWord.FAIR
    return QualityWord.GOOD


@dataclass(slots=True)
class SteadyWord:
    """One person's word: worse at once, better only after it has been so for a while."""

    word: QualityWord | None = None
    _eased: int = 0

    def measured(self, rtt_ms: float | None, loss_percent: float) -> QualityWord:
        """A measurement of a connection that is alive."""
        now = word_of(rtt_ms, loss_percent)
        eased = word_of(rtt_ms, loss_percent, EASE)
        if self.word is None or self.word is QualityWord.LOST or _rank(now) > _rank(self.word):
            self.word, self._eased = now, 0
        elif _rank(eased) < _rank(self.word):
            self._eased += 1
            if self._eased >= EASED_TIMES:
                self.word, self._eased = eased, 0
        else:
            self._eased = 0
        return self.word

    def silent(self) -> QualityWord:
        """Nothing is heard of the connection."""
        self.word, self._eased = QualityWord.LOST, 0
        return self.word


def _rank(word: QualityWord) -> int:
    return list(QualityWord).index(word)


def stream(bitrate_kbps: float, loss_percent: float, lost_packets: int) -> StreamQuality:
    """Rounded, since nobody reads more."""
    return StreamQuality(
        bitrate_kbps=round(bitrate_kbps), loss_percent=round(loss_percent, 1), lost_packets=lost_packets
    )


def quality(
    word: QualityWord, rtt_ms: float | None, up: StreamQuality | None, down: StreamQuality | None
) -> ConnectionQuality:
    """With the sentence for a person to read."""
    rtt = None if rtt_ms is None else max(1, round(rtt_ms))
    return ConnectionQuality(word=word, rtt_ms=rtt, up=up, down=down, words=_words(word, rtt, up, down))


def _words(word: QualityWord, rtt_ms: int | None, up: StreamQuality | None, down: StreamQuality | None) -> str:
    if word is QualityWord.LOST:
        return "Connection lost: nothing has come from it for some seconds."
    facts = [] if rtt_ms is None else [f"{rtt_ms} ms there and back"]
    facts += [
        f"{_rate(one.bitrate_kbps)} {way}, {one.loss_percent:.3g} % lost"
        for one, way in ((down, "received"), (up, "sent"))
        if one is not None
    ]
    return f"{word.value.title()} connection: {'; '.join(facts)}."


def _rate(kbps: int) -> str:
    return f"{kbps / 1000:.1f} Mb/s" if kbps >= 1000 else f"{kbps} kb/s"


def is_news(before: ConnectionQuality | None, now: ConnectionQuality | None) -> bool:
    """Whether a person would notice the difference: another word or stream, or figures that moved by a fifth."""
    if before is None or now is None:
        return before is not now
    if before.word is not now.word or _moved(before.rtt_ms or 0, now.rtt_ms or 0, 10):
        return True
    return _stream_moved(before.up, now.up) or _stream_moved(before.down, now.down)


def _stream_moved(before: StreamQuality | None, now: StreamQuality | None) -> bool:
    if before is None or now is None:
        return before is not now
    return _moved(before.bitrate_kbps, now.bitrate_kbps, 50) or abs(before.loss_percent - now.loss_percent) >= 1


def _moved(before: float, now: float, least: float) -> bool:
    return abs(now - before) >= max(least, 0.2 * max(before, now))
