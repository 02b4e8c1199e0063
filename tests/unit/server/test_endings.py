"""An `end` holds against whoever has not heard of it: a raw sender, a studio that was away, one that is just coming."""

from __future__ import annotations

from studio.server.router_pipe import EndPublisher, EndReason, EndResource
from tests.fakes.server_house import OFFER, Guest, Place

SDP = {"Content-Type": "application/sdp"}


async def whip(place: Place, bearer: str) -> tuple[int, str]:
    answer = await place.call("POST", "/whip/studio", bearer, content=OFFER, headers=SDP)
    return answer.status_code, answer.json()["code"] if answer.status_code >= 400 else ""


async def test_who_sends_without_a_line_stays_out_until_an_admin_releases_the_session(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    await place.go_live(bob.bearer)
    await eva.command("end")
    await place.router.publisher_stopped("r1", EndReason.STOPPED)
    for _ in range(3):
        assert await whip(place, bob.bearer) == (403, "session_stopped")
    assert (await eva.command("release")).status_code == 200
    assert (await eva.call("GET", "/api/v1/sessions/studio")).json()["state"] == "waiting"
    await place.go_live(bob.bearer)


async def test_a_studio_that_was_away_gets_the_order_before_it_may_send_again(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    async with host.socket() as studio:
        seq = (await studio.until("welcome"))["data"]["head"]
        await place.go_live(host.bearer)
    id = (await eva.command("end")).json()["id"]
    await place.router.publisher_stopped("r1", EndReason.STOPPED)
    assert await whip(place, host.bearer) == (403, "session_stopped")
    async with host.socket(after=seq) as studio:
        order = await studio.until("command")
        assert (order["id"], order["data"]["action"]) == (id, "end")
        await studio.until("welcome")
        assert await whip(place, host.bearer) == (403, "session_stopped"), "it has not obeyed yet"
        await studio.done(id, "failed", "I could not.")
        await studio.until("ack")
        assert await whip(place, host.bearer) == (403, "session_stopped")
        await studio.done(id, "done")
        await studio.until("ack")
    await place.go_live(host.bearer)
    assert (await eva.call("GET", "/api/v1/sessions/studio")).json()["why"] == "on_air"


async def test_a_studio_that_comes_in_anew_knows_and_the_other_one_still_does_not(place: Place) -> None:
    eva, host, bob = await place.join("Eva", "admin"), await place.host(), await place.join("Bob", "broadcaster")
    await eva.command("end")
    assert await whip(place, host.bearer) == (403, "session_stopped")
    async with host.socket() as studio:
        state = (await studio.until("welcome"))["data"]["state"]
        assert (state["state"], state["why"]) == ("ended", "ended")
    assert await whip(place, bob.bearer) == (403, "session_stopped")
    assert (await whip(place, host.bearer))[0] == 201


async def test_a_second_end_holds_against_who_heard_of_the_first(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await eva.command("end")
    async with host.socket() as studio:
        await studio.until("welcome")
    await place.go_live(host.bearer)
    await eva.command("end")
    assert await whip(place, host.bearer) == (403, "session_stopped")
    await eva.command("end")  # it is so already, and nobody is told
    rejoined = await place.host()
    await place.go_live(rejoined.bearer)


async def test_an_end_of_a_show_that_its_host_ended_holds_too(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)
    await place.router.publisher_stopped("r1", EndReason.LEFT)
    assert (await eva.call("GET", "/api/v1/sessions/studio")).json()["why"] == "off_air"
    await eva.command("end")
    assert (await eva.call("GET", "/api/v1/sessions/studio")).json()["why"] == "ended"
    assert await whip(place, host.bearer) == (403, "session_stopped")


async def test_a_connection_that_comes_about_after_the_end_is_ended(place: Place) -> None:
    """It was offered before; the router says only now that it is there."""
    eva, host = await place.join("Eva", "admin"), await place.host()
    assert (await whip(place, host.bearer))[0] == 201
    await eva.command("end")
    place.router.told.clear()
    await place.router.publisher_started("r1")
    (ended,) = place.router.told_of(EndPublisher)
    assert ended.why is EndReason.STOPPED
    assert (await eva.call("GET", "/api/v1/sessions/studio")).json()["state"] == "ended"


async def test_what_the_router_still_carries_ends_when_it_tells(place: Place) -> None:
    """The router, or this process, was away when the command was given."""
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)
    place.house.line.up = False
    await eva.command("end")
    await place.router.say(place.router.state())
    (ended,) = place.router.told_of(EndResource)
    assert ended.why is EndReason.STOPPED
    assert (await eva.call("GET", "/api/v1/sessions/studio")).json()["state"] == "ended"


async def test_a_stop_needs_its_release_whoever_heard_of_it(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await eva.command("stop")
    await eva.command("end")
    rejoined: Guest = await place.host()
    for studio in (host, rejoined):
        async with studio.socket() as line:
            await line.until("welcome")
        assert await whip(place, studio.bearer) == (403, "session_stopped")
    assert (await eva.call("GET", "/api/v1/sessions/studio")).json()["needs_release"] is True
