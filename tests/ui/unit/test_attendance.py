"""What the window brings from the session beside the chat, and what it does there: over the real application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from studio.media import StoaError
from studio.server.quality import TELL_EVERY_NS
from studio.server.router_pipe import Direction, Quality, ResourceQuality
from studio.session import CommandDone, Presence, Sender, SessionClient, SessionEvent, SessionLink
from tests.fakes.planner import QA
from tests.fakes.server_house import Guest, Place
from tests.ui.unit.attending import Window, attending
from ui.outcome import outcome_words
from ui.someone import ends_words

PLANNED: dict[str, Any] = QA | {"interval": 1, "days": [], "until": "", "count": 0, "hosts": ["owner"]}


async def test_a_show_is_planned_changed_and_called_off(window: Window) -> None:
    await window.listen()
    agenda = window.room.agenda
    await window.attendance.plan(None, PLANNED)
    assert agenda.next is not None
    assert (agenda.next.title, agenda.next.mine, agenda.next.state) == ("Weekly Q&A", True, "scheduled")
    assert agenda.next.starts_s - agenda.next.opens_s == 900
    found = await window.attendance.plans()
    (plan,) = found.plans
    assert [host.id for host in plan.hosts] == ["owner"] and "owner" in [host.id for host in found.choices]
    await window.attendance.plan(plan, {"title": "Q&A", "go_live_before_s": 60})
    assert (agenda.next.title, agenda.next.starts_s - agenda.next.opens_s) == ("Q&A", 60)
    with pytest.raises(StoaError):
        await window.attendance.plan(plan, {"title": "What I read before you changed it"})
    first = agenda.next
    await window.attendance.cancel_show(first.id)
    assert agenda.next.starts_s == first.starts_s + 7 * 86400, "the next week's"
    await window.attendance.cancel_plan(plan.id)
    assert agenda.next is None


async def test_a_viewers_link_is_drawn_by_the_server(window: Window) -> None:
    made = await window.attendance.new_link("viewer")
    assert (await window.attendance.link_qr(made.id)).startswith("<svg")
    host = await window.attendance.new_link("broadcaster")
    with pytest.raises(StoaError, match="shown once"):
        await window.attendance.link_qr(host.id)


async def test_what_others_plan_and_what_goes_live_is_seen_at_once(window: Window) -> None:
    await window.listen()
    agenda = window.room.agenda
    soon = datetime.fromtimestamp(window.place.wall.ms / 1000 + 600, UTC)
    body = PLANNED | {"starts": f"{soon:%Y-%m-%dT%H:%M}", "zone": "UTC"}
    answer = await window.place.owner("POST", "/api/v1/sessions/studio/plans", json=body)
    assert answer.status_code == 200, answer.text
    await window.until(lambda: agenda.next is not None, "planned")
    await window.place.go_live(window.client.bearer)
    await window.until(lambda: agenda.next is not None and agenda.next.state == "live", "live")
    # the server's clock counts; it stands still here, while this test may take its time
    assert agenda.now_s == pytest.approx(window.place.wall.ms / 1000, abs=60)


async def test_who_is_put_out_is_listed_and_the_outcome_is_said(window: Window, lin: Guest) -> None:
    await window.listen()
    said: list[tuple[str, str]] = []
    window.room.outcome.connect(lambda words, tone: said.append((words, tone)))
    async with lin.socket() as line:
        await line.until("welcome")
        await window.until(lambda: any(one.id == lin.id and one.present for one in window.room.people), "here")
        here = next(one for one in window.room.people if one.id == lin.id)
        assert here.since and not here.removed
        await window.attendance.command("kick", lin.id, text="Enough.")
    await window.until(lambda: said, "said")
    ((words, tone),) = said
    assert words.startswith("They are out, and their tokens are dead.") and tone == "good"
    await window.until(lambda: any(one.id == lin.id and one.removed for one in window.room.people), "listed as removed")
    await lin.place.owner("POST", "/api/v1/sessions/studio/commands", json=announce())
    await window.line("Wait a moment")
    assert len(said) == 1, "what others commanded is no answer to us"


def announce() -> dict[str, str]:
    return {"id": "another-command", "action": "announce", "text": "Wait a moment"}


async def test_an_end_of_somebodys_time_is_listed(window: Window, lin: Guest) -> None:
    await window.listen()
    async with lin.socket() as line:
        await line.until("welcome")
        await window.attendance.command("grant", lin.id, ends={"data": 600, "join": None})
        await window.until(lambda: any(one.id == lin.id and one.ends for one in window.room.people), "listed")
        found = next(one for one in window.room.people if one.id == lin.id)
    (said,), ((grant, until),) = found.ends, found.times
    assert said == f"chat {until}" and grant == "data" and until.startswith("until ")
    assert ends_words({"camera": 5000, "screen": 0, "data": 900}, 1000.0)[1:] == ("chat over",)


async def test_an_end_that_is_near_is_told_to_the_person_the_admins_and_the_owner(window: Window) -> None:
    place = window.place
    async with beside(place, "Eva", "admin") as admin, beside(place, "Lin", "viewer") as hers:
        for each in (window, admin, hers):
            await each.listen()
        assert hers.client.me is not None
        await admin.attendance.command("grant", hers.client.me.person.id, ends={"data": 70})
        until = f"{datetime.fromtimestamp(place.wall.ms // 1000 + 70, UTC):%H:%M:%S} UTC"
        place.wall.forward(10)
        await place.house.sweep()
        about = await admin.line(f"Lin: chat ends in 1 minute, at {until}.")
        words = await hers.line(f"Your chat ends in 1 minute, at {until}.")
        assert about.notice and words.notice
        await window.line(about.text)
        place.wall.forward(60)
        await place.house.sweep()
        await admin.line("Lin: chat is over.")
        await hers.line("Your chat is over. The rest goes on.")


@asynccontextmanager
async def beside(place: Place, name: str, role: str) -> AsyncIterator[Window]:
    """Another's window, which is there by a link."""
    client = await SessionClient.join(SessionLink(place.base, "studio", (await place.invite(role))["invite"]), name)
    async with attending(client, place, at="studio") as made:
        yield made


async def test_who_comes_and_who_goes_is_said_quietly(window: Window, lin: Guest) -> None:
    await window.listen()
    async with lin.socket() as line:
        await line.until("welcome")
        came = await window.line("Lin is here.")
        window.room.talk.typists[lin.id] = "Lin"
        await lin.call("POST", "/api/v1/leave")
        went = await window.line("Lin has left.")
    assert came.notice and came.quiet and went.quiet and came.id != went.id
    assert not window.room.talk.typists, "who left writes nothing"


@pytest.mark.parametrize(
    ("role", "present", "said"),
    [
        ("viewer", 20, ["Eve is here."]),
        ("viewer", 21, []),
        ("guest", 21, ["Eve is here."]),
        ("broadcaster", 500, ["Eve is here."]),
    ],
)
async def test_of_many_only_those_are_named_who_are_no_viewers(
    window: Window, role: str, present: int, said: list[str]
) -> None:
    window.attendance._take(window.client, coming("p_eve", "Eve", role, present))
    assert [line.text for line in window.room.lines] == said


async def test_nobody_is_told_of_their_own_coming(window: Window) -> None:
    assert window.client.me is not None
    me = window.client.me.person
    window.attendance._take(window.client, coming(me.id, me.name, me.role, 1))
    assert not window.room.lines


def coming(id: str, name: str, role: str, present: int) -> SessionEvent:
    who = Sender(id, name, role)
    return SessionEvent(7, "e7", "presence.joined", "2026-11-20T12:00:00Z", who, Presence(who, present))


async def test_how_a_connection_does_is_followed(window: Window, lin: Guest) -> None:
    room = window.room
    async with lin.socket() as line:
        await line.until("welcome")
        await window.listen()
        await window.until(lambda: any(one.id == lin.id for one in room.people), "listed")
        assert lin.id not in room.connections
        await measured(window, lambda: room.connections.get(lin.id), of(lin, 40.0))
        assert room.connections[lin.id].word == "good" and room.connections[lin.id].watches
        await measured(window, lambda: room.connections[lin.id].word == "poor", of(lin, 500.0))
        assert room.connections[lin.id].words.startswith("Poor connection: 500 ms there and back; 2.5 Mb/s received")
        await measured(window, lambda: lin.id not in room.connections)


async def measured(window: Window, fact: Callable[[], object], *resources: ResourceQuality) -> None:
    """The router says so again and again, as it does: what is told of it may be lost."""

    def told() -> object:
        window.place.clock.forward(TELL_EVERY_NS / 1e9)
        window.place.house.quality.heard(Quality(resources))
        return fact()

    await window.until(told, "told")


def of(guest: Guest, rtt_ms: float) -> ResourceQuality:
    return ResourceQuality("r1", "studio", guest.id, Direction.SUBSCRIBE, rtt_ms, 0.0, 0, 2500.0, 0.5)


async def test_a_ban_is_listed_with_its_end(window: Window, lin: Guest) -> None:
    await window.listen()
    await window.attendance.command("ban", lin.id, seconds=600)
    await window.until(lambda: any(one.id == lin.id and one.banned for one in window.room.people), "banned")
    assert next(one for one in window.room.people if one.id == lin.id).ban_ends


async def test_links_are_made_listed_and_taken_back(window: Window) -> None:
    await window.listen()
    host = await window.attendance.new_link("broadcaster")
    assert host.url and host.facts.endswith("not used yet")
    viewers = await window.attendance.new_link("viewer")
    listed = {one.id: one for one in await window.attendance.links()}
    assert listed[viewers.id].url == viewers.url and not listed[host.id].url, "a host's link is told once"
    await window.attendance.take_link_back(host.id)
    assert host.id not in [one.id for one in await window.attendance.links()]


async def test_locking_and_stopping_are_seen(window: Window) -> None:
    await window.listen()
    await window.attendance.command("lock")
    await window.until(lambda: window.room.locked, "locked")
    await window.attendance.command("stop")
    await window.until(lambda: window.room.needs_release, "stopped")


@pytest.mark.parametrize(
    ("outcome", "by", "words", "told"),
    [
        ("done", "server", "Their hand is down.", ("Their hand is down.", "good")),
        ("already", "server", "", ("It was so already.", "good")),
        ("failed", "p_bob", "No room on the disk.", ("The studio could not do it: No room on the disk.", "danger")),
        ("refused", "p_bob", "It is not recording.", ("The studio refused it: It is not recording.", "danger")),
        ("failed", "server", "No studio has answered.", ("No studio has answered.", "danger")),
    ],
)
def test_outcomes_in_words(outcome: str, by: str, words: str, told: tuple[str, str]) -> None:
    assert outcome_words(CommandDone("c1", "record_start", outcome, words, by)) == told
