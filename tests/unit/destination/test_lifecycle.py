"""The states of a destination and the times of its tries, on a clock that the test moves."""

from __future__ import annotations

import itertools

import pytest

from studio.destination.contract import DestinationState, StateChanged
from studio.destination.hang_up import TAKEN_FOR_REFUSAL, HungUp
from studio.destination.lifecycle import SETTLED_NS, Lifecycle
from studio.destination.retry import RetryTimes
from studio.media import NS_PER_S, ErrorKind, StoaError

GONE = StoaError(ErrorKind.LOST, "The server is gone.")
HUNG_UP = HungUp("The server hung up.", "Check the key.")
REFUSED = StoaError(ErrorKind.REFUSED, "Wrong key.", remedy="Check the key.", permanent=True)


def lifecycle(was_live: bool = False, draw: float = 0.5) -> Lifecycle:
    return Lifecycle("rtmp://h/app", was_live=was_live, times=RetryTimes(lambda: draw))


def fail(machine: Lifecycle, count: int, now_ns: int = 0, error: StoaError = GONE) -> list[float]:
    """The delays after `count` failed tries in a row, each made when it was due."""
    delays = []
    for _ in range(count):
        machine.begin_try()
        delays.append(machine.failed(error, now_ns).retry_in_s)
        now_ns = machine.retry_at_ns
    return delays


def test_the_way_to_live_and_back() -> None:
    machine = lifecycle()
    assert machine.state is DestinationState.IDLE
    assert machine.begin_try().state is DestinationState.CONNECTING
    assert machine.connected(0).state is DestinationState.LIVE
    lost = machine.failed(GONE, SETTLED_NS)
    assert (lost.state, lost.words, lost.kind) == (DestinationState.RECONNECTING, GONE.message, ErrorKind.LOST)
    assert machine.begin_try().state is DestinationState.RECONNECTING
    assert machine.connected(SETTLED_NS * 2).state is DestinationState.LIVE
    assert machine.reconnects == 1
    assert machine.ended().state is DestinationState.IDLE


def test_while_it_tries_again_it_says_what_was_wrong_the_last_time() -> None:
    """A show that ends just then has a reason and a remedy to tell."""
    machine = lifecycle()
    machine.begin_try()
    machine.failed(HUNG_UP, 0)
    again = machine.begin_try()
    assert again.words == "Connecting again to rtmp://h/app. The last time: The server hung up."
    assert (again.remedy, again.kind) == ("Check the key.", "")
    machine.connected(0)
    machine.failed(GONE, 0)
    assert "server is gone" in machine.begin_try().words


def test_tries_come_after_a_quarter_a_half_one_and_then_one_and_a_half_seconds() -> None:
    assert fail(lifecycle(), 6) == [0.25, 0.5, 1.0, 1.5, 1.5, 1.5]


@pytest.mark.parametrize(("draw", "delay_s"), [(0.0, 1.2), (1.0, 1.8)])
def test_they_are_spread_by_a_fifth(draw: float, delay_s: float) -> None:
    assert fail(lifecycle(draw=draw), 6)[-1] == pytest.approx(delay_s)


def test_after_five_minutes_they_become_rarer_up_to_fifteen_seconds() -> None:
    delays = fail(lifecycle(), 300)
    steady = list(itertools.takewhile(lambda delay_s: delay_s <= 1.5, delays))
    assert 295 < sum(steady) < 305
    assert delays[-1] == 15.0
    assert delays == sorted(delays)


def test_a_connection_that_stood_for_a_while_begins_the_times_anew() -> None:
    machine = lifecycle()
    fail(machine, 5)
    machine.begin_try()
    machine.connected(100 * NS_PER_S)
    assert machine.failed(GONE, 100 * NS_PER_S + SETTLED_NS).retry_in_s == 0.25


def test_a_connection_that_is_lost_at_once_does_not() -> None:
    machine = lifecycle()
    fail(machine, 5)
    machine.begin_try()
    machine.connected(100 * NS_PER_S)
    assert machine.failed(GONE, 100 * NS_PER_S + 1).retry_in_s == 1.5


def test_a_first_refusal_is_final_until_somebody_asks() -> None:
    machine = lifecycle()
    machine.begin_try()
    said = machine.failed(REFUSED, 0)
    assert said.state is DestinationState.FAILED and said.permanent and said.remedy == "Check the key."
    assert said.retry_in_s == 0
    assert machine.asked_to_retry()


@pytest.mark.parametrize("earlier_child", [False, True])
def test_once_live_a_refusal_is_our_own_connection_still_held(earlier_child: bool) -> None:
    machine = lifecycle(was_live=earlier_child)
    machine.begin_try()
    if not earlier_child:
        machine.connected(0)
        machine.failed(GONE, NS_PER_S)
        machine.begin_try()
    said = machine.failed(REFUSED, 2 * NS_PER_S)
    assert said.state is DestinationState.RECONNECTING and not said.permanent and said.retry_in_s > 0


def words(machine: Lifecycle, error: StoaError) -> StateChanged:
    machine.begin_try()
    return machine.failed(error, 0)


def test_a_server_that_hangs_up_again_and_again_is_said_to_refuse_and_tried_on() -> None:
    machine = lifecycle()
    for _ in range(TAKEN_FOR_REFUSAL - 1):
        assert words(machine, HUNG_UP).words == HUNG_UP.message
    for _ in range(2):
        said = words(machine, HUNG_UP)
        assert "as soon as we publish" in said.words and "stream key or this address" in said.words
        assert (said.state, said.kind, said.permanent) == (DestinationState.RECONNECTING, ErrorKind.REFUSED, False)
        assert said.remedy and said.retry_in_s > 0


def test_another_fault_between_begins_the_count_anew() -> None:
    machine = lifecycle()
    said = [words(machine, error).words for error in (HUNG_UP, HUNG_UP, GONE, HUNG_UP, HUNG_UP)]
    assert said == [HUNG_UP.message, HUNG_UP.message, GONE.message, HUNG_UP.message, HUNG_UP.message]


def test_once_live_a_server_that_hangs_up_is_not_said_to_refuse() -> None:
    machine = lifecycle(was_live=True)
    assert {words(machine, HUNG_UP).words for _ in range(5)} == {HUNG_UP.message}


def test_asking_while_live_or_connecting_means_nothing() -> None:
    machine = lifecycle()
    machine.begin_try()
    assert not machine.asked_to_retry()
    machine.connected(0)
    assert not machine.asked_to_retry()


def test_asking_while_it_waits_begins_the_times_anew() -> None:
    machine = lifecycle()
    fail(machine, 6)
    assert machine.asked_to_retry()
    assert fail(machine, 1) == [0.25]
