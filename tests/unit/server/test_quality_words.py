"""The word for a connection: its thresholds, its steadiness, its sentence, and what is worth telling."""

from __future__ import annotations

import pytest

from studio.server.quality_words import (
    EASED_TIMES,
    ConnectionQuality,
    QualityWord,
    SteadyWord,
    StreamQuality,
    is_news,
    quality,
    stream,
    word_of,
)

GOOD, FAIR, POOR, LOST = QualityWord


@pytest.mark.parametrize(
    ("rtt_ms", "loss", "word"),
    [
        (None, 0.0, GOOD),
        (149.9, 1.9, GOOD),
        (150.0, 0.0, FAIR),
        (10.0, 2.0, FAIR),
        (399.0, 9.9, FAIR),
        (400.0, 0.0, POOR),
        (None, 10.0, POOR),
    ],
)
def test_the_word_has_thresholds(rtt_ms: float | None, loss: float, word: QualityWord) -> None:
    assert word_of(rtt_ms, loss) is word
    assert SteadyWord().measured(rtt_ms, loss) is word


def test_a_worse_word_is_given_at_once_and_a_better_one_after_a_while() -> None:
    steady = SteadyWord()
    assert [steady.measured(50, loss) for loss in (0, 3, 12)] == [GOOD, FAIR, POOR]
    assert [steady.measured(50, 0) for _ in range(EASED_TIMES)] == [POOR, POOR, GOOD]


def test_a_connection_at_a_threshold_does_not_flicker() -> None:
    steady = SteadyWord()
    words = [steady.measured(50, loss) for loss in (1.9, 2.1) * 20]
    assert words == [GOOD] + [FAIR] * 39
    assert {steady.measured(50, 1.9) for _ in range(20)} == {FAIR}, "only well below it is it better"
    # a moment of calm begins the waiting anew
    assert [steady.measured(50, loss) for loss in (0, 0, 1.9, 0, 0)] == [FAIR] * 5


def test_it_gets_better_by_as_much_as_it_is_better() -> None:
    steady = SteadyWord()
    steady.measured(50, 30)
    assert [steady.measured(50, 5) for _ in range(EASED_TIMES)][-1] is FAIR


def test_silence_is_lost_and_what_comes_back_has_its_own_word_at_once() -> None:
    steady = SteadyWord()
    steady.measured(50, 0)
    assert steady.silent() is LOST
    assert steady.measured(50, 0) is GOOD


def test_the_sentence_says_all_that_is_known() -> None:
    down, up = stream(2480.4, 9.64, 61), stream(640, 0.0, 0)
    assert quality(POOR, 43.4, None, down).words == (
        "Poor connection: 43 ms there and back; 2.5 Mb/s received, 9.6 % lost."
    )
    assert quality(GOOD, None, up, None).words == "Good connection: 640 kb/s sent, 0 % lost."
    assert quality(FAIR, 0.2, up, down).words == (
        "Fair connection: 1 ms there and back; 2.5 Mb/s received, 9.6 % lost; 640 kb/s sent, 0 % lost."
    )
    assert quality(LOST, 43, None, down).words == "Connection lost: nothing has come from it for some seconds."


def about(word: QualityWord = GOOD, rtt_ms: float = 50, kbps: int = 2500, loss: float = 0.0) -> ConnectionQuality:
    return quality(word, rtt_ms, None, StreamQuality(bitrate_kbps=kbps, loss_percent=loss, lost_packets=0))


@pytest.mark.parametrize(
    ("now", "news"),
    [
        (about(), False),
        (about(rtt_ms=58, kbps=2300, loss=0.9), False),
        (about(FAIR), True),
        (about(rtt_ms=70), True),
        (about(kbps=1900), True),
        (about(loss=1.0), True),
        (quality(GOOD, 50, None, None), True),
        (None, True),
    ],
)
def test_only_what_a_person_would_notice_is_news(now: ConnectionQuality | None, news: bool) -> None:
    assert is_news(about(), now) is news
    assert is_news(now, about()) is news
    assert not is_news(now, now)
