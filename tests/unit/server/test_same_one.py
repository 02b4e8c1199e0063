"""Who was put out, or whose time is over, is the same one under another name and by another link; nobody else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from studio.server.grant_ends import ends_of
from studio.server.router_pipe import EndPerson, Offer, SetMute
from studio.server.tokens import TOKEN_LIFE_S
from tests.fakes.account_holder import ask_sign_in, signed_up
from tests.fakes.server_house import OFFER, Guest, Place

SDP = {"Content-Type": "application/sdp"}
KICKED = "An admin removed you from this session."
BANNED = "An admin banned you from this session"
OVER = "Your time in this session is over."


class Comer:
    """A browser, which keeps its cookies, or a script, which shows the last token that it had."""

    def __init__(self, place: Place, http: httpx.AsyncClient, *, script: bool) -> None:
        self.place = place
        self.http = http
        self.script = script
        self.bearer = ""
        self.id = ""

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        if self.script:
            self.http.cookies.clear()
            headers |= {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        else:
            headers |= {"Origin": self.place.base}
        return await self.http.post(f"/api/v1/{path}", json=body, headers=headers)

    def forget_all_but_the_visitor(self) -> None:
        for name in [name for name in self.http.cookies if not name.startswith("stoa_visitor_")]:
            self.http.cookies.delete(name)

    async def knock(self, link: str, name: str) -> httpx.Response:
        return await self.post("join", {"invite": link, "name": name})

    async def comes(self, link: str, name: str) -> str:
        """The person's id."""
        answer = await self.knock(link, name)
        assert answer.status_code == 200, answer.text
        self.bearer = answer.json()["bearer"] or ""
        self.id = answer.json()["person"]["id"]
        return self.id

    async def lives_as(self, link: str, name: str) -> Guest:
        """A browser, as another person of it, by the token of its cookie."""
        person = await self.comes(link, name)
        names = [one for one in self.http.cookies if not one.startswith("stoa_visitor_") and "renewal" not in one]
        return Guest(self.place, self.http.cookies[names[0]], {"id": person, "name": name})

    async def refused(self, link: str, name: str, code: str, words: str) -> None:
        answer = await self.knock(link, name)
        assert (answer.status_code, answer.json()["code"]) == (403, code), answer.text
        assert answer.json()["message"].startswith(words) and answer.json()["remedy"]


class Gate:
    """A session with an admin and two links that are older than what the admin does."""

    def __init__(self, place: Place, stack: AsyncExitStack) -> None:
        self.place = place
        self._stack = stack

    async def begin(self) -> Gate:
        self.link = await self.new_link()
        self.other = await self.new_link()
        self.eva = await self.place.join("Eva", "admin")
        return self

    async def new_link(self, role: str = "viewer") -> str:
        return str((await self.place.invite(role))["invite"])

    async def somebody(self, *, script: bool) -> Comer:
        http = await self._stack.enter_async_context(self.place.client())
        return Comer(self.place, http, script=script)

    async def command(self, action: str, target: str, **more: Any) -> None:
        answer = await self.eva.command(action, target, **more)
        assert answer.status_code == 200, answer.text
        self.place.wall.forward(2)

    async def ends(self, person: str) -> dict[str, int]:
        """As they are written down, also of who is not in the list."""
        return dict(await self.place.house.record.run(lambda transaction: ends_of(transaction, person)))


@pytest.fixture
async def gate(place: Place) -> AsyncIterator[Gate]:
    async with AsyncExitStack() as stack:
        yield await Gate(place, stack).begin()


@pytest.mark.parametrize("script", [False, True], ids=["cookie", "bearer"])
async def test_who_was_kicked_is_refused_under_another_name_by_another_link(gate: Gate, script: bool) -> None:
    ann = await gate.somebody(script=script)
    person = await ann.comes(gate.link, "Ann")
    await gate.command("kick", person)
    if not script:
        ann.forget_all_but_the_visitor()
    await ann.refused(gate.other, "Zoe", "removed", KICKED)
    stranger = await gate.somebody(script=script)
    await stranger.comes(gate.other, "Tom")
    await gate.command("readmit", person)
    await ann.comes(gate.other, "Zoe")


async def test_a_link_made_after_the_kick_lets_them_in_as_it_does_by_name(gate: Gate) -> None:
    ann = await gate.somebody(script=False)
    first = await ann.comes(gate.link, "Ann")
    await gate.command("kick", first)
    second = await ann.comes(await gate.new_link(), "Zoe")
    await gate.command("kick", second)
    await ann.refused(gate.other, "Lea", "removed", KICKED)
    await gate.command("readmit", second)
    await ann.comes(gate.other, "Lea")  # let in again is who it is, not only their last name


@pytest.mark.parametrize("script", [False, True], ids=["cookie", "bearer"])
@pytest.mark.parametrize("seconds", [0, 600])
async def test_who_is_banned_is_refused_by_every_link_until_it_is_lifted(
    gate: Gate, script: bool, seconds: int
) -> None:
    ann = await gate.somebody(script=script)
    person = await ann.comes(gate.link, "Ann")
    await ann.post("leave", {})
    await gate.command("ban", person, seconds=seconds)
    await ann.refused(await gate.new_link(), "Zoe", "removed", BANNED)
    await gate.command("unban", person)
    await ann.comes(gate.other, "Zoe")


async def test_a_ban_that_ran_out_lets_them_in_under_any_name(gate: Gate) -> None:
    ann = await gate.somebody(script=False)
    await gate.command("ban", await ann.comes(gate.link, "Ann"), seconds=100)
    link = await gate.new_link()
    await ann.refused(link, "Zoe", "removed", BANNED)
    gate.place.wall.forward(100)
    await gate.place.house.sweep()
    await ann.comes(link, "Zoe")


async def test_who_is_banned_does_not_come_in_by_an_account_and_another_account_does(gate: Gate) -> None:
    ann = await gate.somebody(script=False)
    person = await ann.comes(gate.link, "Ann")
    await ann.post("leave", {})
    await gate.command("ban", person)
    await signed_up(gate.place, "zoe")
    token = (await ask_sign_in(gate.place, "zoe")).json()["bearer"]
    shown = {"Authorization": f"Bearer {token}"}
    refused = await ann.post("join", {}, **shown)
    assert refused.json()["message"].startswith(BANNED), refused.text
    await gate.command("unban", person)
    zoe = await ann.post("join", {}, **shown)
    await gate.command("ban", zoe.json()["person"]["id"])
    await signed_up(gate.place, "lea")
    token = (await ask_sign_in(gate.place, "lea")).json()["bearer"]
    lea = await ann.post("join", {}, Authorization=f"Bearer {token}")
    assert lea.status_code == 200, "two accounts are two people, also in one browser"


async def test_nothing_of_it_holds_against_an_admin(gate: Gate) -> None:
    ann = await gate.somebody(script=False)
    viewer = await ann.comes(gate.link, "Ann")
    admin = await ann.comes(await gate.new_link("admin"), "Ada")
    await gate.command("grant", viewer, ends={"data": 60})
    assert (viewer != admin, await gate.ends(admin)) == (True, {})
    await gate.command("ban", viewer)
    assert await ann.comes(gate.other, "Ada") == admin, "an admin who opens the viewers' link stays an admin"


@pytest.mark.parametrize("action", ["kick", "ban"])
async def test_who_is_put_out_is_out_at_once_as_whoever_else_they_are(gate: Gate, action: str) -> None:
    browser, stranger = await gate.somebody(script=False), await gate.somebody(script=True)
    ann = await browser.comes(gate.link, "Ann")
    browser.forget_all_but_the_visitor()
    zoe = await browser.lives_as(gate.other, "Zoe")
    await stranger.comes(gate.other, "Tom")
    async with zoe.socket() as line, gate.eva.socket() as admin:
        await line.until("welcome")
        await admin.until("welcome")
        await gate.command(action, ann)
        assert await line.closed() == 4403
        done = (await admin.until("command.done"))["data"]
        assert "They were here as Zoe too" in done["words"]
    assert {order.person for order in gate.place.router.told_of(EndPerson)} == {ann, zoe.id}
    assert (await zoe.call("GET", "/api/v1/me")).json()["code"] == "removed"
    assert (await zoe.call("POST", "/whep/studio", content=OFFER, headers=SDP)).json()["code"] == "removed"
    tom = Guest(gate.place, stranger.bearer, {"id": stranger.id, "name": "Tom"})
    assert (await tom.call("GET", "/api/v1/me")).status_code == 200
    await gate.command("readmit", zoe.id)
    await browser.comes(await gate.new_link(), "Ann")


async def test_the_machines_own_host_is_nobody_else(gate: Gate) -> None:
    host = await gate.place.host()
    comer = await gate.somebody(script=True)
    comer.bearer = host.bearer
    await comer.post("leave", {})
    viewer, host = await comer.comes(gate.link, "Ann"), await gate.place.host()
    assert viewer != host.id
    await gate.command("ban", viewer)
    assert (await host.call("GET", "/api/v1/me")).status_code == 200
    await gate.command("kick", host.id)
    order = {"id": "command-back", "action": "unban", "target": viewer}
    assert (await gate.place.owner("POST", "/api/v1/sessions/studio/commands", json=order)).status_code == 200
    assert (await gate.place.owner("POST", "/api/v1/join", json={})).json()["code"] == "removed"


async def test_an_admins_mute_of_sound_goes_over_to_the_new_name(gate: Gate) -> None:
    bob = await gate.somebody(script=True)
    person = await bob.comes(await gate.new_link("broadcaster"), "Bob")
    await gate.command("mute_audio", person)
    await bob.post("leave", {})
    again = await bob.comes(await gate.new_link("broadcaster"), "Rob")
    rob = Guest(gate.place, bob.bearer, {"id": again, "name": "Rob"})
    await rob.call("POST", "/whip/studio", content=OFFER, headers=SDP)
    (offer,) = gate.place.router.told_of(Offer)
    assert (offer.muted_audio, offer.muted_video) == (True, False)
    await gate.command("unmute_audio", rob.id)
    assert [order.person for order in gate.place.router.told_of(SetMute)] == [person, rob.id]
    await bob.post("leave", {})
    tim = await bob.comes(await gate.new_link("broadcaster"), "Tim")
    people = (await gate.eva.call("GET", "/api/v1/sessions/studio/people")).json()["people"]
    assert [one["muted_audio"] for one in people if one["id"] == tim] == [False], "what was lifted stays so"


async def test_a_token_that_ran_out_says_who_it_was_and_gives_nothing(gate: Gate) -> None:
    ann = await gate.somebody(script=True)
    person = await ann.comes(gate.link, "Ann")
    old = ann.bearer
    gate.place.wall.forward(TOKEN_LIFE_S)
    await gate.command("grant", person, ends={"data": 1})
    zoe = await ann.comes(gate.other, "Zoe")
    assert zoe != person and await gate.ends(zoe) == await gate.ends(person) != {}
    await gate.command("ban", person)
    for bearer in (old, ann.bearer):
        ann.bearer = bearer
        await ann.refused(gate.other, "Lea", "removed", BANNED)
    admin = await gate.somebody(script=True)
    await admin.comes(await gate.new_link("admin"), "Ada")
    gate.place.wall.forward(TOKEN_LIFE_S)
    link = await gate.new_link()
    await gate.command("lock", "")
    await admin.refused(link, "Ben", "session_locked", "The session is locked")
    await gate.command("unlock", "")
    answer = await admin.knock(link, "Ben")
    assert answer.json()["person"]["role"] == "viewer"
    admin.bearer = old[:-2] + ("AA" if not old.endswith("AA") else "BB")
    await admin.comes(link, "Leo")


@pytest.mark.parametrize("script", [False, True], ids=["cookie", "bearer"])
async def test_whose_time_is_over_does_not_come_in_as_somebody_new(gate: Gate, script: bool) -> None:
    ann = await gate.somebody(script=script)
    person = await ann.comes(gate.link, "Ann")
    await ann.post("leave", {})
    await gate.command("grant", person, ends={"join": 1})
    await ann.refused(gate.other, "Zoe", "time_over", OVER)
    await (await gate.somebody(script=script)).comes(gate.other, "Tom")
    await gate.command("grant", person, ends={"join": 100})
    zoe = await ann.comes(gate.other, "Zoe")
    await ann.post("leave", {})
    await gate.command("grant", zoe, ends={"join": 300})
    gate.place.wall.forward(150)  # the first name's hundred seconds are no more: more time was given to who it is
    await ann.comes(gate.other, "Lea")


@pytest.mark.parametrize("script", [False, True], ids=["cookie", "bearer"])
async def test_ends_past_and_to_come_go_over_to_the_new_name(gate: Gate, script: bool) -> None:
    place, link = gate.place, await gate.new_link("broadcaster")
    bob = await gate.somebody(script=script)
    person = await bob.comes(link, "Bob")
    now_s = place.wall.now_ms() // 1000
    await gate.command("grant", person, ends={"camera": 0, "microphone": 400, "screen": 500, "data": 1, "join": 900})
    before = await gate.ends(person)
    assert before == {
        "camera": now_s, "microphone": now_s + 400, "screen": now_s + 500, "data": now_s + 1, "join": now_s + 900,
    }  # fmt: skip
    await place.house.sweep()
    await bob.post("leave", {})
    again = await bob.comes(await gate.new_link("broadcaster"), "Rob")
    assert again != person and await gate.ends(again) == before
    if not script:
        return
    rob = Guest(place, bob.bearer, {"id": again, "name": "Rob"})
    assert (await rob.say("Hello")).json()["code"] == "time_over"
    await rob.call("POST", "/whip/studio", content=OFFER, headers=SDP)
    (offer,) = place.router.told_of(Offer)
    assert (offer.ends.camera_ms, offer.ends.microphone_ms) == (now_s * 1000, (now_s + 400) * 1000)
    async with rob.socket(after=0) as line:
        await line.until("welcome")
        place.wall.forward(now_s + 341 - place.wall.now_ms() // 1000)
        await place.house.sweep()
        told = (await line.until("grant", person=again))["data"]
        assert (told["grants"], told["left_s"]) == (["microphone"], 60), "what was said is not said again"


async def test_a_stranger_of_the_same_link_takes_nothing_over(gate: Gate) -> None:
    ann, tom = await gate.somebody(script=False), await gate.somebody(script=False)
    person = await ann.comes(gate.link, "Ann")
    await ann.post("leave", {})
    await gate.command("grant", person, ends={"data": 0, "join": 90})
    assert await gate.ends(await tom.comes(gate.link, "Tom")) == {}
