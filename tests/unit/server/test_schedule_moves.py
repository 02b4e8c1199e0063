"""Plans that are moved, into another zone too, while a show of theirs is live or was: nothing is there twice."""

from __future__ import annotations

import pytest

from studio.server.plan_model import ShowRow
from studio.server.record import Transaction
from studio.server.router_pipe import EndReason
from tests.fakes.planner import SESSION, ask_plan, changed, come_to, planned, plans, schedule, shows_audited
from tests.fakes.server_house import Place


async def test_a_plan_moves_to_another_zone_after_a_show_of_it_has_ended(place: Place) -> None:
    plan = await planned(place)
    await come_to(place, "2026-11-26T17:50:00Z")
    resource = await place.go_live((await place.host()).bearer)
    await come_to(place, "2026-11-26T18:10:00Z")
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    answer = await changed(place, plan, zone="America/New_York")
    assert answer.status_code == 200, answer.text
    (show,) = (await schedule(place))["shows"]
    assert (show["starts"], show["zone"]) == ("2026-11-27T00:00:00.000Z", "America/New_York")
    assert show["id"] == answer.json()["next"][0]["show"]


async def test_a_plan_that_moves_to_another_zone_while_it_is_live_has_its_next_show(place: Place) -> None:
    plan = await planned(place)
    await come_to(place, "2026-11-26T18:10:00Z")
    resource = await place.go_live((await place.host()).bearer)
    assert (await changed(place, plan, zone="America/New_York")).status_code == 200
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    found = await schedule(place)
    assert (found["last"]["why"], found["last"]["zone"]) == ("off_air", "Europe/Berlin")
    assert [show["starts"] for show in found["shows"]] == ["2026-11-27T00:00:00.000Z"]


async def test_a_cancelled_show_stays_cancelled_where_its_instant_is_another_day_now(place: Place) -> None:
    plan = await planned(place)
    assert (await place.owner("DELETE", f"{SESSION}/shows/{plan['next'][0]['show']}")).status_code == 200
    answer = await changed(place, plan, sequence=1, zone="Pacific/Auckland", starts="2026-11-27T07:00")
    assert answer.status_code == 200, answer.text
    assert [time["cancelled"] for time in answer.json()["next"][:2]] == [True, False]
    assert [show["local"] for show in (await schedule(place))["shows"]] == ["2026-12-04T07:00"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_show_that_was_written_down_by_its_local_time_keeps_its_id(place: Place) -> None:
    plan = await planned(place)
    old = f"{plan['id']}.20261126T1900"

    def age(transaction: Transaction) -> None:
        transaction.db.get_one(ShowRow, plan["next"][0]["show"]).id = old

    await place.house.record.run(age)
    assert [(await plans(place))[0]["next"][0]["show"], (await schedule(place))["shows"][0]["id"]] == [old, old]
    assert (await place.owner("DELETE", f"{SESSION}/shows/{plan['next'][0]['show']}")).json() == {"changed": True}
    assert (await place.owner("DELETE", f"{SESSION}/shows/{old}")).json() == {"changed": False}
    (now,) = await plans(place)
    assert [time["cancelled"] for time in now["next"][:2]] == [True, False]


FAR_YEARS = {
    "a year typed half": {"starts": "0020-11-26T19:00", "repeats": "daily"},
    "the last minute of all": {"starts": "9999-12-31T23:59", "zone": "America/New_York"},
    "the year after the last": {"starts": "2101-01-01T00:00", "repeats": "none"},
    "two years ago": {"starts": "2024-12-31T23:59"},
}


@pytest.mark.parametrize("wrong", FAR_YEARS.values(), ids=FAR_YEARS.keys())
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_year_far_away_is_refused_before_anything_is_computed(
    place: Place, wrong: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await planned(place)
    monkeypatch.setattr("studio.server.plans.first", lambda rule: pytest.fail("it was counted through"))
    for answer in (await ask_plan(place, **wrong), await changed(place, plan, **wrong)):
        assert (answer.status_code, answer.json()["code"]) == (400, "plan_bad"), answer.text
        assert answer.json()["message"] == "A show begins in a year between 2025 and 2100."
    assert await plans(place) == [plan]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_plan_that_is_cancelled_during_its_rehearsal_leaves_no_show(place: Place) -> None:
    plan = await planned(place)
    await come_to(place, "2026-11-26T17:50:00Z")
    resource = await place.go_live((await place.host()).bearer)
    assert (await place.owner("DELETE", f"{SESSION}/plans/{plan['id']}")).json() == {"changed": True}
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    await come_to(place, "2026-11-26T17:51:00Z")
    assert (await schedule(place))["shows"] == []
    assert (await shows_audited(place))[-1][0] == "show.ended"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("more", [{"starts": "2026-11-26T20:00"}, {"zone": "Europe/London"}])
async def test_a_plan_that_is_moved_during_its_rehearsal_takes_place_at_its_new_time_only(
    place: Place, more: dict[str, object]
) -> None:
    plan = await planned(place)
    await come_to(place, "2026-11-26T17:50:00Z")
    resource = await place.go_live((await place.host()).bearer)
    assert (await changed(place, plan, **more)).status_code == 200
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    (show,) = (await schedule(place))["shows"]
    assert (show["state"], show["starts"]) == ("scheduled", "2026-11-26T19:00:00.000Z")
    assert (await plans(place))[0]["next"][0]["show"] == show["id"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_show_that_has_the_same_instant_in_another_zone_waits_again_after_its_rehearsal(place: Place) -> None:
    plan = await planned(place)
    await come_to(place, "2026-11-26T17:50:00Z")
    resource = await place.go_live((await place.host()).bearer)
    assert (await changed(place, plan, zone="UTC", starts="2026-11-26T18:00", length_s=1800)).status_code == 200
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    (show,) = (await schedule(place))["shows"]
    assert (show["state"], show["local"], show["zone"]) == ("scheduled", "2026-11-26T18:00", "UTC")
    assert show["ends"] == "2026-11-26T18:30:00.000Z"
