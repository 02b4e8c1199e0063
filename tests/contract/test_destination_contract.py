"""What every destination keeps to, whatever its protocol, shown on servers that no one here wrote."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.destination.contract import (
    DestinationState,
    DestinationStatistics,
    DestinationToEngine,
    KeyframeWanted,
    OpenDestination,
    Retry,
    StateChanged,
)
from studio.destination.runner import QUEUE_MS
from studio.media import ErrorKind
from tests.contract.ingests import INGESTS, SLOW_INGESTS, Ingest, SlowIngest
from tests.fakes.child import DrivenChild
from tests.fakes.feeder import Feeder
from tests.fakes.program import Program
from tests.fixtures.waiting import until

GOP = 15


@pytest.fixture(params=sorted(INGESTS))
def ingest(request: pytest.FixtureRequest) -> Iterator[Ingest]:
    made = INGESTS[request.param](request)
    yield made
    made.close()


@pytest.fixture(params=sorted(SLOW_INGESTS))
def slow_ingest(request: pytest.FixtureRequest) -> Iterator[SlowIngest]:
    made = SLOW_INGESTS[request.param](request)
    yield made
    made.close()


type StartDestination = Callable[..., DrivenChild]


@pytest.fixture
def start_destination(tmp_path: Path) -> Iterator[StartDestination]:
    """Starts a destination's child and tells it where to send `program`."""
    running: list[DrivenChild] = []

    def start(url: str, program: Program, *, secret: str = "", was_live: bool = False) -> DrivenChild:
        kind = url.partition(":")[0].partition("+")[0]
        child = DrivenChild(kind, DestinationToEngine, tmp_path / f"destination-{len(running)}.log")
        running.append(child)
        child.send(OpenDestination(url, "MASKED", program.video, program.audio, secret, was_live=was_live))
        return child

    yield start
    for child in running:
        child.close()


def states(child: DrivenChild) -> list[DestinationState]:
    return [said.state for said in child.all_of(StateChanged)]


def wait_for_state(child: DrivenChild, state: DestinationState, after: int = 0) -> StateChanged:
    """The first StateChanged to `state` beyond the first `after` messages."""
    seen = {id(said) for said in child.said[:after]}
    return child.wait_for(StateChanged, lambda said: said.state is state and id(said) not in seen)


def test_every_picture_and_all_sound_arrive(ingest: Ingest, start_destination: StartDestination) -> None:
    program = ingest.program(3.0, gop=GOP)
    child = start_destination(ingest.url, program)
    child.wait_for(KeyframeWanted)
    Feeder(child, program).join()
    assert child.end() == 0
    (show,) = ingest.shows()
    assert show.is_whole() and len(show.numbers) == 90
    assert states(child) == [DestinationState.CONNECTING, DestinationState.LIVE, DestinationState.IDLE]
    statistics = child.last(DestinationStatistics)
    assert statistics is not None
    assert (statistics.frames, statistics.dropped, statistics.reconnects) == (90, 0, 0)
    assert statistics.bytes >= sum(len(packet.data) for packet in program.packets if packet.codec.is_video)


def test_told_to_end_it_first_sends_what_it_was_given(ingest: Ingest, start_destination: StartDestination) -> None:
    # No more than its queue holds: however slow the server is, nothing has to be dropped. Faster than the program runs,
    # and yet not all at once: nobody confirms what WHIP sends, and Janus reads no more of it once it is told to end.
    program = ingest.program(QUEUE_MS / 1000 - 0.3, gop=GOP)
    child = start_destination(ingest.url, program)
    child.wait_for(KeyframeWanted)
    Feeder(child, program, speed=4.0).join()
    assert child.end() == 0
    (show,) = ingest.shows()
    assert show.is_whole() and len(show.numbers) == program.pictures


@pytest.mark.slow
def test_a_destination_that_joins_late_begins_with_a_keyframe(
    ingest: Ingest, start_destination: StartDestination
) -> None:
    program = ingest.program(4.0, gop=30)
    ingest.kill()
    child = start_destination(ingest.url, program)
    feeder = Feeder(child, program)
    until(lambda: feeder.sent > 40, 10, "half a second of packets were sent")
    ingest.start()
    feeder.join()
    assert child.end() == 0
    (show,) = ingest.shows()
    assert show.is_whole() and show.times_s[0] < 0.2
    statistics = child.last(DestinationStatistics)
    assert statistics is not None and statistics.dropped == 0, "what was before its first picture is not lost"


def test_where_nobody_listens_it_says_so_and_tries_again(ingest: Ingest, start_destination: StartDestination) -> None:
    child = start_destination(ingest.dead_url(), ingest.program(3.0, gop=GOP))
    said = wait_for_state(child, DestinationState.RECONNECTING)
    assert said.kind == ErrorKind.UNREACHABLE and said.words and said.remedy
    assert 0 < said.retry_in_s < 2 and not said.permanent
    child.wait_for(StateChanged, lambda later: later.retry_in_s > 0 and later is not said)


def test_an_unknown_host_is_told(ingest: Ingest, start_destination: StartDestination) -> None:
    scheme = ingest.url.partition("://")[0]
    child = start_destination(f"{scheme}://no-such-host.invalid:4000/live/show", ingest.program(3.0, gop=GOP))
    said = wait_for_state(child, DestinationState.RECONNECTING)
    assert said.kind == ErrorKind.UNREACHABLE and "no-such-host.invalid" in said.words


@pytest.mark.slow
def test_a_place_that_takes_and_never_answers_is_told(ingest: Ingest, start_destination: StartDestination) -> None:
    child = start_destination(ingest.silent_url(), ingest.program(3.0, gop=GOP))
    said = wait_for_state(child, DestinationState.RECONNECTING)
    assert said.kind in (ErrorKind.TIMEOUT, ErrorKind.UNREACHABLE) and "answer" in said.words


def test_asked_to_end_while_it_tries_it_ends_at_once(ingest: Ingest, start_destination: StartDestination) -> None:
    child = start_destination(ingest.silent_url(), ingest.program(3.0, gop=GOP))
    wait_for_state(child, DestinationState.CONNECTING)
    assert child.end(limit_s=2.5) == 0


@pytest.mark.slow
def test_a_lost_server_is_found_again_when_it_is_back(ingest: Ingest, start_destination: StartDestination) -> None:
    program = ingest.program(9.0, gop=GOP)
    child = start_destination(ingest.url, program)
    feeder = Feeder(child, program)
    wait_for_state(child, DestinationState.LIVE)
    ingest.kill()
    wait_for_state(child, DestinationState.RECONNECTING)
    ingest.start()
    back_s = time.monotonic()
    before = len(child.said)
    wait_for_state(child, DestinationState.LIVE, after=before)
    assert time.monotonic() - back_s < 5.0  # 2 s and a slow machine
    feeder.join()
    assert child.end() == 0
    first, second = ingest.shows()
    assert first.numbers and second.is_whole()
    statistics = child.last(DestinationStatistics)
    assert statistics is not None and statistics.reconnects == 1 and statistics.dropped > 0


def test_asked_to_retry_it_tries_now(ingest: Ingest, start_destination: StartDestination) -> None:
    url, secret = ingest.refusal()
    child = start_destination(url, ingest.program(3.0, gop=GOP), secret=secret)
    wait_for_state(child, DestinationState.FAILED)
    before = len(child.said)
    child.send(Retry())
    wait_for_state(child, DestinationState.FAILED, after=before)


def test_a_refusal_is_final_only_before_it_was_ever_live(ingest: Ingest, start_destination: StartDestination) -> None:
    url, secret = ingest.refusal()
    fresh = start_destination(url, ingest.program(3.0, gop=GOP), secret=secret)
    said = wait_for_state(fresh, DestinationState.FAILED)
    assert said.permanent and said.remedy and said.kind in (ErrorKind.REFUSED, ErrorKind.DENIED)
    seasoned = start_destination(url, ingest.program(3.0, gop=GOP), secret=secret, was_live=True)
    tried = seasoned.wait_for(StateChanged, lambda later: later.retry_in_s > 0)
    assert tried.state is DestinationState.RECONNECTING and tried.words == said.words


@pytest.mark.slow
def test_a_slow_line_costs_pictures_up_to_a_keyframe_and_no_sound(
    slow_ingest: SlowIngest, start_destination: StartDestination
) -> None:
    program = slow_ingest.program(16.0, gop=30, bitrate_kbps=2000)
    child = start_destination(slow_ingest.slow_url(1400), program)
    feeder = Feeder(child, program, speed=2.0)
    child.wait_for(DestinationStatistics, lambda said: said.dropped > 0, limit_s=20)
    slow_ingest.widen()
    feeder.join()
    assert child.end() == 0
    assert DestinationState.RECONNECTING not in states(child)
    (show,) = slow_ingest.shows()
    assert show.gaps and all(show.keyframes[index] for index in show.gaps)
    assert len(show.numbers) == len(show.times_s), "every picture that came can be decoded"
    sound_gaps = [float(later - earlier) for earlier, later in zip(show.sound_s, show.sound_s[1:])]  # noqa: B905
    assert max(sound_gaps) < 0.03
    statistics = child.last(DestinationStatistics)
    due = round(float(show.times_s[-1] - show.times_s[0]) * 30) + 1
    assert statistics is not None and len(show.numbers) + statistics.dropped == due


def test_nothing_secret_is_in_its_log(ingest: Ingest, start_destination: StartDestination) -> None:
    program = ingest.program(1.0, gop=GOP)
    child = start_destination(ingest.dead_url() + "?passphrase=very-secret-words", program)
    wait_for_state(child, DestinationState.RECONNECTING)
    assert "very-secret-words" not in child.log()
    assert not any("very-secret-words" in str(said) for said in child.said)
