"""Plans and shows over the real application: scheduled, live, ended, each change audited and told to everyone."""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec
import pytest

from studio.server.router_pipe import EndPublisher, EndReason
from tests.fakes.account_holder import signed_up
from tests.fakes.planner import QA, SESSION, ask_plan, changed, come_to, planned, plans, schedule, shows_audited, status
from tests.fakes.server_house import OFFER, Place

SDP = {"Content-Type": "application/sdp"}


async def whip(place: Place, bearer: str) -> tuple[int, dict[str, str], str]:
    answer = await place.call("POST", "/whip/studio", bearer, content=OFFER, headers=SDP)
    return answer.status_code, answer.json() if answer.status_code != 201 else {}, answer.headers.get("Retry-After", "")


async def test_a_show_is_planned_and_everyone_sees_what_comes(place: Place) -> None:
    eva = await signed_up(place, "eva", "broadcaster")
    viewer = await place.join("Mia")
    async with viewer.socket() as line:
        await line.until("welcome")
        plan = await planned(place, hosts=[eva.id])
        told = await line.until("schedule.changed")
        assert (told["data"]["changed"], told["data"]["show"]["starts"]) == (plan["id"], "2026-11-26T18:00:00.000Z")
    assert plan["words"] == "Every Thursday at 19:00 (Europe/Berlin)"
    assert [time["starts"][:16] for time in plan["next"]][:2] == ["2026-11-26T18:00", "2026-12-03T18:00"]
    (show,) = (await viewer.call("GET", f"{SESSION}/schedule")).json()["shows"]
    assert (show["state"], show["title"], show["hosts"], show["mine"]) == ("scheduled", "Weekly Q&A", ["Eva"], False)
    assert (show["opens"], show["ends"]) == ("2026-11-26T17:45:00.000Z", "2026-11-26T19:00:00.000Z")
    told_too = (await viewer.call("GET", SESSION)).json()
    assert told_too["show"] == show
    assert datetime.fromisoformat(told_too["now"]).timestamp() * 1000 == place.wall.ms
    person = await eva.join()
    (mine,) = (await person.call("GET", f"{SESSION}/schedule")).json()["shows"]
    assert mine["mine"] is True
    assert await shows_audited(place) == [("plan.made", "Owner")]


async def test_go_live_before_the_time_is_refused_in_words_with_when_it_opens(place: Place) -> None:
    eva = await signed_up(place, "eva", "broadcaster")
    await planned(place, hosts=[eva.id])
    await come_to(place, "2026-11-26T17:44:00Z")
    person = await eva.join()
    code, refusal, retry_after = await whip(place, person.bearer)
    assert (code, refusal["code"], retry_after) == (403, "too_early", "60")
    assert refusal["message"] == (
        "Go live for “Weekly Q&A” opens on Thu 26 Nov 2026, 18:45 (Europe/Berlin), in 1 minute."
    )
    assert "Thu 26 Nov 2026, 19:00" in refusal["remedy"]
    await come_to(place, "2026-11-26T17:45:00Z")
    await place.go_live(person.bearer)
    assert (await status(place))["show"]["state"] == "live"


async def test_it_is_scheduled_then_live_then_ended_as_the_programme_comes_and_goes(place: Place) -> None:
    eva = await signed_up(place, "eva", "broadcaster")
    await planned(place, hosts=[eva.id])
    await come_to(place, "2026-11-26T18:00:01Z")
    person, viewer = await eva.join(), await place.join("Mia")
    async with viewer.socket() as line:
        await line.until("welcome")
        resource = await place.go_live(person.bearer)
        live = await line.until("schedule.changed")
        assert (live["data"]["show"]["state"], live["data"]["show"]["words"]) == ("live", "On air.")
        await place.router.publisher_stopped(resource, EndReason.LEFT)
        ended = await line.until("schedule.changed")
        assert ended["data"]["show"]["local"] == "2026-12-03T19:00", "the next one follows"
    found = await schedule(place)
    assert (found["last"]["state"], found["last"]["why"], found["last"]["local"]) == (
        "ended",
        "off_air",
        "2026-11-26T19:00",
    )
    assert await shows_audited(place) == [("plan.made", "Owner"), ("show.live", "Stoa"), ("show.ended", "Stoa")]


async def test_a_rehearsal_before_the_start_is_not_the_show(place: Place) -> None:
    await planned(place)
    await come_to(place, "2026-11-26T17:50:00Z")
    host = await place.host()
    resource = await place.go_live(host.bearer)
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    await come_to(place, "2026-11-26T17:50:02Z")
    found = await status(place)
    assert (found["state"], found["show"]["state"], found["show"]["local"]) == (
        "waiting",
        "scheduled",
        "2026-11-26T19:00",
    )
    await place.go_live(host.bearer)
    assert (await status(place))["show"]["state"] == "live"


async def test_a_lost_connection_ends_no_show_and_it_is_given_up_long_after_its_time(place: Place) -> None:
    await planned(place)
    await come_to(place, "2026-11-26T18:10:00Z")
    host = await place.host()
    resource = await place.go_live(host.bearer)
    await place.router.publisher_stopped(resource, EndReason.LOST)
    assert (await status(place))["show"]["state"] == "live"
    await come_to(place, "2026-11-26T19:14:00Z")
    assert (await status(place))["show"]["state"] == "live"
    await come_to(place, "2026-11-26T19:15:00Z")
    found = await status(place)
    assert (found["state"], found["show"]["local"]) == ("ended", "2026-12-03T19:00")
    assert (await schedule(place))["last"]["why"] == "lost"


@pytest.mark.parametrize("action", ["end", "stop"])
async def test_an_admin_ends_it(place: Place, action: str) -> None:
    await planned(place)
    admin = await place.join("Ada", "admin")
    await come_to(place, "2026-11-26T18:10:00Z")
    host = await place.host()
    resource = await place.go_live(host.bearer)
    send = place.router.send

    def leaves_first(message: msgspec.Struct) -> bool:
        """As a real router: what was published is gone before it says that it did as it was told."""
        if isinstance(message, EndPublisher) and resource in place.router.resources:
            leaving = place.router.publisher_stopped(resource, EndReason.STOPPED)
            asyncio.get_running_loop().create_task(leaving).add_done_callback(lambda _: send(message))
            return True
        return send(message)

    place.house.line._send = leaves_first
    assert (await admin.command(action)).status_code == 200
    last = (await schedule(place))["last"]
    assert (last["state"], last["why"]) == ("ended", "ended" if action == "end" else "stopped")
    assert ("show.ended", "Ada") in await shows_audited(place)


async def test_a_show_that_nobody_came_to_is_over_at_its_end(place: Place) -> None:
    await planned(place)
    await come_to(place, "2026-11-26T18:59:59Z")
    assert (await status(place))["show"]["local"] == "2026-11-26T19:00"
    await come_to(place, "2026-11-26T19:00:00Z")
    assert (await status(place))["show"]["local"] == "2026-12-03T19:00"
    last = (await schedule(place))["last"]
    assert (last["why"], last["words"]) == ("missed", "Nobody went live; its time is over.")


async def test_the_next_one_waits_again_where_the_last_has_ended(place: Place) -> None:
    await planned(place)
    await come_to(place, "2026-11-26T18:10:00Z")
    host = await place.host()
    resource = await place.go_live(host.bearer)
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    assert (await status(place))["state"] == "ended"
    await come_to(place, "2026-12-03T17:44:00Z")
    assert (await status(place))["state"] == "ended"
    await come_to(place, "2026-12-03T17:45:00Z")
    found = await status(place)
    assert (found["state"], found["words"]) == ("waiting", "The show has not begun yet.")
    assert [line["action"] for line in await place.audit()].count("session.waiting") == 1


async def test_who_ended_it_by_mistake_goes_on_until_its_planned_end_and_not_after(place: Place) -> None:
    eva = await signed_up(place, "eva", "broadcaster")
    await planned(place, hosts=[eva.id])
    await come_to(place, "2026-11-26T18:10:00Z")
    person = await eva.join()
    resource = await place.go_live(person.bearer)
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    resource = await place.go_live(person.bearer)
    assert (await status(place))["show"]["local"] == "2026-11-26T19:00"
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    await come_to(place, "2026-11-26T19:00:00Z")
    code, refusal, _ = await whip(place, (await eva.join()).bearer)
    assert (code, refusal["code"]) == (403, "too_early")


async def test_only_its_hosts_go_live_in_its_time_and_others_whenever_nothing_of_theirs_comes(place: Place) -> None:
    eva, tom = await signed_up(place, "eva", "broadcaster"), await signed_up(place, "tom", "broadcaster")
    await planned(place, hosts=[eva.id])
    other = await tom.join()
    resource = await place.go_live(other.bearer)
    assert (await status(place))["show"]["state"] == "scheduled", "what is unplanned is no show"
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    await come_to(place, "2026-11-26T17:45:00Z")
    code, refusal, _ = await whip(place, (await tom.join()).bearer)
    assert (code, refusal["code"]) == (403, "no_right")
    assert refusal["message"] == "“Weekly Q&A” has its time now, and its host is Eva."
    await come_to(place, "2026-11-26T19:30:00Z")
    await place.go_live((await tom.join()).bearer)


async def test_what_is_on_air_is_not_put_off_by_what_is_planned_meanwhile(place: Place) -> None:
    host = await place.host()
    resource = await place.go_live(host.bearer)
    await planned(place)
    await place.router.publisher_stopped(resource, EndReason.LOST)
    resource = await place.go_live(host.bearer)
    await come_to(place, "2026-11-26T18:00:00Z")
    assert (await status(place))["show"]["state"] == "live", "who was on air before goes on into the show"
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    assert (await schedule(place))["last"]["why"] == "off_air"


async def test_a_change_moves_the_next_show_and_the_second_of_two_is_refused(place: Place) -> None:
    plan = await planned(place)
    first, second = await changed(place, plan, starts="2026-11-27T20:00"), await changed(place, plan, title="Late")
    assert (first.status_code, first.json()["sequence"], first.json()["words"]) == (
        200,
        1,
        "Every Friday at 20:00 (Europe/Berlin)",
    )
    assert (second.status_code, second.json()["code"]) == (409, "plan_changed")
    (show,) = (await schedule(place))["shows"]
    assert (show["title"], show["starts"]) == ("Weekly Q&A", "2026-11-27T19:00:00.000Z")
    (line,) = [line for line in await place.audit() if line["action"] == "plan.changed"]
    assert line["words"].startswith("Every Thursday at 19:00 (Europe/Berlin) → Every Friday at 20:00 (Europe/Berlin)")


async def test_a_show_on_air_stays_through_a_change_of_its_plan(place: Place) -> None:
    plan = await planned(place)
    await come_to(place, "2026-11-26T18:10:00Z")
    await place.go_live((await place.host()).bearer)
    assert (await changed(place, plan, title="Q&A")).status_code == 200
    (show,) = (await schedule(place))["shows"]
    assert (show["state"], show["title"], show["local"]) == ("live", "Q&A", "2026-11-26T19:00")


async def test_one_show_is_cancelled_and_the_others_stay(place: Place) -> None:
    plan = await planned(place)
    second = plan["next"][1]["show"]
    assert (await place.owner("DELETE", f"{SESSION}/shows/{second}")).json() == {"changed": True}
    assert (await place.owner("DELETE", f"{SESSION}/shows/{second}")).json() == {"changed": False}
    (now,) = await plans(place)
    assert [time["cancelled"] for time in now["next"]] == [False, True, False, False, False]
    await place.owner("DELETE", f"{SESSION}/shows/{plan['next'][0]['show']}")
    (show,) = (await schedule(place))["shows"]
    assert show["local"] == "2026-12-10T19:00", "the first two are cancelled"
    assert ("show.ended", "Owner") in await shows_audited(place)


async def test_a_cancelled_plan_is_over(place: Place) -> None:
    plan = await planned(place)
    assert (await place.owner("DELETE", f"{SESSION}/plans/{plan['id']}")).json() == {"changed": True}
    assert (await place.owner("DELETE", f"{SESSION}/plans/{plan['id']}")).json() == {"changed": False}
    assert (await schedule(place))["shows"] == []
    (now,) = await plans(place)
    assert (now["over"], now["cancelled"], now["next"]) == (True, True, [])
    assert (await changed(place, plan, sequence=1)).json()["code"] == "plan_changed"
    assert [action for action, _ in await shows_audited(place)] == ["plan.made", "plan.cancelled", "show.ended"]


async def test_two_shows_cannot_be_at_one_time(place: Place) -> None:
    await planned(place)
    late = await ask_plan(place, title="Other", starts="2026-12-17T19:30", repeats="none")
    assert (late.status_code, late.json()["message"]) == (
        400,
        "“Weekly Q&A” is planned for Thu 17 Dec 2026, 19:30 (Europe/Berlin) too.",
    )
    await planned(place, title="Other", starts="2026-12-17T20:00", repeats="none")
    assert (await ask_plan(place, title="Long", starts="2026-12-17T18:00", repeats="none", length_s=3601)).is_error


BAD = {
    "no title": {"title": "  \u200b "},
    "a title too long": {"title": "x" * 101},
    "a broken sign": {"title": "a\U000e0080"},
    "in the past": {"starts": "2026-11-19T19:00"},
    "too far": {"starts": "2040-11-19T19:00"},
    "no time": {"starts": "soon"},
    "a zone that is none": {"zone": "Europe/Atlantis"},
    "a time that the clocks leave out": {"starts": "2027-03-28T02:30"},
    "ten thousand times": {"count": 10_000},
    "two ends": {"count": 3, "until": "2027-01-01"},
    "an end before the start": {"until": "2026-11-25"},
    "no such day in it": {"days": ["MO"], "until": "2026-11-27"},
    "days of a daily one": {"repeats": "daily", "days": ["MO"]},
    "days of one that is once": {"repeats": "none", "days": ["MO"]},
    "a day that is none": {"days": ["XX"]},
    "a host who is none": {"hosts": ["a_nobody"]},
    "no length": {"length_s": 0},
    "more than a day": {"length_s": 86401},
    "a number as text": {"length_s": "3600"},
    "unknown fields": {"rrule": "FREQ=SECONDLY"},
    "every 0 weeks": {"interval": 0},
    "a description too long": {"description": "x" * 2001},
}


@pytest.mark.parametrize("wrong", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_cannot_be_planned_is_refused_in_words_and_changes_nothing(
    place: Place, wrong: dict[str, object]
) -> None:
    answer = await ask_plan(place, **wrong)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] in ("plan_bad", "bad_request") and answer.json()["message"].endswith(".")
    assert await plans(place) == [] and await shows_audited(place) == []
    plan = await planned(place)
    answer = await changed(place, plan, **wrong)
    assert answer.status_code == 400, answer.text
    assert await plans(place) == [plan]


async def test_markup_and_sql_are_text(place: Place) -> None:
    text = "<script>alert(1)</script>'; DROP TABLE plan; --"
    plan = await planned(place, title=text, description=f"{text}\n\n\nSecond line.\0")
    assert plan["title"] == text
    assert plan["description"] == f"{text}\n\nSecond line."
    (show,) = (await schedule(place))["shows"]
    assert show["title"] == text


@pytest.mark.parametrize("role", ["viewer", "guest", "broadcaster", "director", "admin"])
async def test_who_plans_changes_cancels_and_sees(place: Place, role: str) -> None:
    plan = await planned(place)
    person = await place.someone("Ann", role)
    team, backstage = role in ("admin", "director", "broadcaster"), role == "admin"
    for allowed, method, path, body in (
        (True, "GET", "schedule", None),
        (True, "GET", "schedule.ics", None),
        (team, "GET", "plans", None),
        (backstage, "POST", "plans", {**QA, "starts": "2026-11-27T19:00"}),
        (backstage, "PUT", f"plans/{plan['id']}", {**QA, "title": "Other", "sequence": 0}),
        (backstage, "DELETE", f"shows/{plan['next'][0]['show']}", None),
        (backstage, "DELETE", f"plans/{plan['id']}", None),
    ):
        answer = await person.call(method, f"{SESSION}/{path}", **({"json": body} if body else {}))
        assert (answer.status_code == 200) is allowed, (method, path, answer.text)
        assert allowed or answer.json()["code"] == "no_right"
    assert (await place.call("GET", f"{SESSION}/schedule")).status_code == 401


async def test_hosts_are_picked_from_accounts_that_may_go_live_and_the_owner(place: Place) -> None:
    eva, ada = await signed_up(place, "eva", "broadcaster"), await signed_up(place, "ada", "admin")
    choices = (await place.owner("GET", f"{SESSION}/plans")).json()["choices"]
    assert [choice["id"] for choice in choices] == ["owner", eva.id]
    refused = await ask_plan(place, hosts=[ada.id])
    assert (refused.status_code, refused.json()["message"]) == (400, "Ada may not go live.")
    plan = await planned(place, hosts=["owner", eva.id])
    assert {host["id"] for host in plan["hosts"]} == {"owner", eva.id}
    host = await place.host()
    assert (await host.call("GET", f"{SESSION}/schedule")).json()["shows"][0]["mine"] is True


async def test_there_is_an_end_to_how_many_are_planned(place: Place) -> None:
    for number in range(50):
        await planned(place, starts=f"2026-11-26T{number % 24:02d}:{number // 24 * 20:02d}", length_s=600)
    answer = await ask_plan(place, starts="2026-11-27T19:00")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
