"""What was lost holds up nobody: the next show after its time, and who else may go live meanwhile."""

from __future__ import annotations

import pytest

from studio.server.caller import SERVER
from studio.server.go_live import who_went_live
from studio.server.router_pipe import EndReason
from tests.fakes.account_holder import signed_up
from tests.fakes.planner import come_to, planned, schedule, shows_audited, status
from tests.fakes.server_house import OFFER, Place

SDP = {"Content-Type": "application/sdp"}

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize("looked", [True, False])
async def test_a_show_that_was_lost_does_not_hold_up_the_next_one(place: Place, looked: bool) -> None:
    eva, tom = await signed_up(place, "eva", "broadcaster"), await signed_up(place, "tom", "broadcaster")
    await planned(place, hosts=[eva.id])
    await planned(place, title="Late Night", starts="2026-11-26T20:00", repeats="none", hosts=[tom.id])
    await come_to(place, "2026-11-26T18:10:00Z")
    resource = await place.go_live((await eva.join()).bearer)
    await place.router.publisher_stopped(resource, EndReason.LOST)
    await come_to(place, "2026-11-26T18:59:59Z")
    assert (await status(place))["show"]["state"] == "live", "its time is not over"
    if looked:
        await come_to(place, "2026-11-26T19:00:00Z")
        found = await status(place)
        assert (found["state"], found["show"]["title"], found["show"]["state"]) == (
            "waiting",
            "Late Night",
            "scheduled",
        )
    else:
        place.wall.ms += 1000
    assert (await schedule(place))["shows"][0]["title"] == ("Late Night" if looked else "Weekly Q&A")
    await place.go_live((await tom.join()).bearer)
    show = (await status(place))["show"]
    assert (show["title"], show["state"]) == ("Late Night", "live")
    assert (await schedule(place))["last"]["why"] == "lost"
    assert [action for action, _ in await shows_audited(place)].count("show.ended") == 1


async def test_after_an_unplanned_loss_only_who_was_on_air_goes_on_into_anothers_time(place: Place) -> None:
    eva, tom, ann = [await signed_up(place, name, "broadcaster") for name in ("eva", "tom", "ann")]
    await planned(place, hosts=[eva.id])
    await come_to(place, "2026-11-26T17:40:00Z")
    other = await tom.join()
    resource = await place.go_live(other.bearer)
    await come_to(place, "2026-11-26T17:46:00Z")
    await place.router.publisher_stopped(resource, EndReason.LOST)
    answer = await place.call("POST", "/whip/studio", (await ann.join()).bearer, content=OFFER, headers=SDP)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_right")
    await place.router.publisher_stopped(await place.go_live(other.bearer), EndReason.LOST)
    again = await tom.join()
    await place.router.publisher_stopped(await place.go_live(again.bearer), EndReason.LOST)
    await come_to(place, "2026-11-26T18:01:00Z")
    answer = await place.call("POST", "/whip/studio", (await tom.join()).bearer, content=OFFER, headers=SDP)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_right"), "a quarter of an hour later"


async def test_a_loss_from_before_an_upgrade_which_names_nobody_lets_them_go_on(place: Place) -> None:
    eva, tom = await signed_up(place, "eva", "broadcaster"), await signed_up(place, "tom", "broadcaster")
    await planned(place, hosts=[eva.id])
    await come_to(place, "2026-11-26T17:40:00Z")
    again = await tom.join()
    resource = await place.go_live(again.bearer)
    await come_to(place, "2026-11-26T17:46:00Z")
    await place.house.record.run(lambda transaction: transaction.audit("studio", SERVER, "session.live"))
    await place.router.publisher_stopped(resource, EndReason.LOST)
    await place.go_live(again.bearer)


async def test_while_nobody_saw_who_was_on_air_leave_nobody_else_goes_on_for_them(place: Place) -> None:
    eva, tom, ann = [await signed_up(place, name, "broadcaster") for name in ("eva", "tom", "ann")]
    await planned(place, hosts=[eva.id])
    await come_to(place, "2026-11-26T17:40:00Z")
    sends, other = await tom.join(), await ann.join()
    await place.go_live(sends.bearer)
    await come_to(place, "2026-11-26T17:46:00Z")
    place.house.on_air._stage.clear()
    assert (await status(place))["state"] == "live"
    answer = await place.call("POST", "/whip/studio", other.bearer, content=OFFER, headers=SDP)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_right")
    await place.go_live(sends.bearer)
    place.house.on_air._stage.clear()
    host = await eva.join()
    await place.go_live(host.bearer)
    assert await place.house.record.run(lambda transaction: who_went_live(transaction, "studio")) == host.id
    assert (await status(place))["show"]["state"] == "live"
