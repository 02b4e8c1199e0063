"""What `stoa live` says of a destination once the show is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from studio.destination.contract import DestinationState, StateChanged
from studio.engine import destinations
from studio.engine.contract import DestinationSecret
from studio.engine.destinations import Destination, DestinationDesk
from studio.engine.endings import ending
from studio.engine.engine import Engine
from studio.engine.show import ProgramShape
from studio.media import StudioClock
from studio.process import Loss
from tests.unit.engine.test_engine import Counted

CONNECTING, LIVE = DestinationState.CONNECTING, DestinationState.LIVE
RECONNECTING, FAILED = DestinationState.RECONNECTING, DestinationState.FAILED
Test = Callable[[Destination, Callable[[StateChanged], Awaitable[None]]], Awaitable[None]]
SILENT = StateChanged(RECONNECTING, "It does not answer.", "timeout", "See to the server.", retry_in_s=0.5)
AGAIN = StateChanged(RECONNECTING, "Connecting again. The last time: It does not answer.", remedy="See to the server.")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Test], None]:
    """Runs a coroutine with a destination that was started, and a function by which its child says its state."""
    Counted.made = []
    monkeypatch.setattr(destinations, "SupervisedChild", Counted)

    async def live(test: Test) -> None:
        shape = ProgramShape(64, 36, 25, 1, 100, 64, "libx264", "veryfast")
        engine = Engine(
            tmp_path, shape, clock=StudioClock(), started_ns=0, keep_secret=lambda name, it: None, log_to=None
        )
        which = engine.destinations.add(DestinationSecret("whip+http://a.example/whip"))
        await engine.go_live()

        async def says(state: StateChanged) -> None:
            Counted.made[-1].plan.on_message(state)
            await asyncio.sleep(0)

        await test(engine.destinations.get(which), says)
        await engine.off_air(recording_too=True)
        await engine.close(keep_journal=False)

    return lambda test: asyncio.run(live(test))


def test_one_that_was_live_was_served_and_what_failed_before_is_forgotten(run: Callable[[Test], None]) -> None:
    async def test(destination: Destination, says: Callable[[StateChanged], Awaitable[None]]) -> None:
        await says(SILENT)
        await says(StateChanged(LIVE, "Live."))
        assert ending(destination, LIVE, began=True) == ("ended", "Served to the end.", "")
        await says(StateChanged(RECONNECTING, "Connecting again."))
        told = ending(destination, RECONNECTING, began=True)
        assert told[:2] == ("reconnecting", "a.example:80 had not answered again when the show was over.")

    run(test)


def test_the_reason_of_the_last_failure_stays_while_it_is_tried_again(run: Callable[[Test], None]) -> None:
    async def test(destination: Destination, says: Callable[[StateChanged], Awaitable[None]]) -> None:
        for state in (SILENT, AGAIN):
            await says(state)
            told = ending(destination, RECONNECTING, began=True)
            assert told == ("reconnecting", "It does not answer.", "See to the server.")

    run(test)


def test_one_that_is_in_its_first_try_never_reconnected(run: Callable[[Test], None]) -> None:
    async def test(destination: Destination, says: Callable[[StateChanged], Awaitable[None]]) -> None:
        assert destination.state.words == "Starting."
        not_begun = ("failed", "The show was over before it began, so nothing was sent.", "")
        assert ending(destination, CONNECTING, began=False) == not_begun
        await says(StateChanged(CONNECTING, "Connecting."))
        told = ending(destination, CONNECTING, began=True)
        assert told[:2] == ("failed", "a.example:80 had not answered when the show was over.") and told.remedy

    run(test)


def test_a_refusal_is_told_with_its_words_also_one_that_came_at_the_end(run: Callable[[Test], None]) -> None:
    async def test(destination: Destination, says: Callable[[StateChanged], Awaitable[None]]) -> None:
        await says(StateChanged(FAILED, "Wrong key.", "denied", "Check it.", permanent=True))
        for last in (FAILED, LIVE):
            assert ending(destination, last, began=True) == ("failed", "Wrong key.", "Check it.")

    run(test)


def test_a_lost_process_stays_the_reason_while_the_next_one_connects(run: Callable[[Test], None]) -> None:
    async def test(destination: Destination, says: Callable[[StateChanged], Awaitable[None]]) -> None:
        Counted.made[-1].plan.on_lost(Loss(-11, False, 0, 0.5))
        await says(StateChanged(CONNECTING, "Connecting."))
        told = ending(destination, CONNECTING, began=True)
        assert told.state == "reconnecting" and told.words.startswith("Its process was lost: ")

    run(test)


def test_one_that_is_started_anew_has_no_failure_yet(
    run: Callable[[Test], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    desks: list[DestinationDesk] = []
    add = DestinationDesk.add
    monkeypatch.setattr(DestinationDesk, "add", lambda desk, *it, **more: desks.append(desk) or add(desk, *it, **more))

    async def test(destination: Destination, says: Callable[[StateChanged], Awaitable[None]]) -> None:
        await says(SILENT)
        [desk] = desks
        await desk.stop(destination.id)
        desk.start(destination.id)
        assert destination.failure is None and ending(destination, CONNECTING, began=True).state == "failed"

    run(test)
