"""Under the shows to come: what is over or was called off, as the real server lists it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.media import ErrorKind, StoaError
from studio.server.rights import Role, rights_of
from studio.session import PlanList, Schedule
from studio.session.calls import SessionCalls
from studio.session.desk import SessionDesk
from tests.fakes.house_thread import HouseThread
from tests.fakes.planner import SESSION, come_to, planned
from tests.fakes.server_house import OWNER_TOKEN, Place
from tests.ui.conftest import Driver
from ui.panels.past import PastPlans
from ui.room import Presence

QUIZ = "<b>Quiz</b>"


class Attending:
    """The window's place in the session, as far as plans go."""

    def __init__(self, base: str) -> None:
        self.calls = SessionCalls(base, OWNER_TOKEN)
        self.desk = SessionDesk(self.calls, "studio")
        self.refuse: StoaError | None = None

    async def plans(self) -> PlanList:
        if self.refuse is not None:
            raise self.refuse
        return await self.desk.plans()

    async def schedule(self) -> Schedule:
        return await self.desk.schedule()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[HouseThread]:
    made = HouseThread(tmp_path / "server")
    yield made
    made.stop()


@pytest.fixture
def attending(studio: Driver, house: HouseThread) -> Iterator[Attending]:
    made = Attending(house.base)
    studio.room.attendance = made  # type: ignore[assignment]
    studio.room.set_presence(Presence.JOINED)
    rights = frozenset(right.value for right in rights_of(Role.OWNER))
    studio.room.set_rights(share=True, remove=True, invite_admins=True, rights=rights)
    studio.press("Ctrl+9", studio.window)
    yield made
    studio.run(made.calls.close())


async def cancel_second(place: Place, plan: dict[str, Any]) -> str:
    time = plan["next"][1]
    assert (await place.owner("DELETE", f"{SESSION}/shows/{time['show']}")).is_success
    return str(time["starts"])


async def some_past(place: Place) -> None:
    """One plan is over, one is called off, and of the third its second time is."""
    weekly = await planned(place)
    await planned(place, title="Launch", starts="2026-11-21T19:00", repeats="none")
    quiz = await planned(place, title=QUIZ, starts="2026-11-28T19:00", repeats="none")
    await come_to(place, "2026-11-21T20:00:00+00:00")
    assert (await place.owner("DELETE", f"{SESSION}/plans/{quiz['id']}")).is_success
    await cancel_second(place, weekly)


def seen(past: PastPlans) -> list[str]:
    return [row.accessibleName() for row in past.rows if row.isVisible()]


def opened(studio: Driver) -> PastPlans:
    past = studio.window.home.plans.past
    studio.click(past.fold)
    return past


def test_what_is_over_or_called_off_is_unfolded(studio: Driver, house: HouseThread, attending: Attending) -> None:
    house.do(some_past)
    assert seen(studio.window.home.plans.past) == []
    past = opened(studio)
    studio.until(lambda: len(seen(past)) == 3, "listed")
    one, *whole = seen(past)
    assert one.startswith("Weekly Q&A, Called off · Thursday, 3 December, ")
    assert whole == [
        f"{QUIZ}, Called off · Sat 28 Nov 2026, 19:00 (Europe/Berlin)",
        "Launch, Over · Sat 21 Nov 2026, 19:00 (Europe/Berlin)",
    ]
    assert not past.none.isVisible()
    studio.room.agenda.take(studio.run(attending.schedule()))
    assert studio.room.agenda.last is not None
    studio.settle()
    studio.until(lambda: seen(past) == [one, *whole], "what ended last is of a plan that stands there")
    studio.click(past.fold)
    assert seen(past) == [] and not past.none.isVisible()


def test_it_follows_while_it_is_open(studio: Driver, house: HouseThread, attending: Attending) -> None:
    weekly = house.do(planned)
    past = opened(studio)
    studio.until(past.none.isVisible, "nothing so far")
    house.do(lambda place: cancel_second(place, weekly))
    studio.room.agenda.take(studio.run(attending.schedule()))
    studio.until(lambda: len(seen(past)) == 1, "the second time is called off, the next one is as it was")
    assert not past.none.isVisible()


def test_who_may_not_see_the_plans_is_offered_nothing(studio: Driver, attending: Attending) -> None:
    past = studio.window.home.plans.past
    assert past.isVisible()
    studio.room.set_presence(Presence.AWAY, "The line is lost.")
    assert not past.fold.isEnabled()
    rights = frozenset(right.value for right in rights_of(Role.VIEWER))
    studio.room.set_rights(share=False, remove=False, invite_admins=False, rights=rights)
    assert not past.isVisible()


def test_a_refusal_folds_it_again_and_is_told(studio: Driver, attending: Attending) -> None:
    attending.refuse = StoaError(ErrorKind.LOST, "The session is not there.", remedy="It comes back by itself.")
    past = opened(studio)
    toast = studio.window.toast
    studio.until(lambda: toast.isVisible() and "The session is not there." in toast.words.text(), "told")
    assert not past.fold.isChecked()
