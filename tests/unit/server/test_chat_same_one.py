"""Who leaves and comes in again is the same one for mutes, slow mode, limits and votes; who was here before is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from studio.server.chat import BURST
from studio.server.chat_say import HELD_OF_ONE
from studio.server.front import Front
from tests.fakes.account_holder import ask_sign_in, signed_up
from tests.fakes.server_house import Guest, Line, Place, fresh_id, running_house

HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
MESSAGES = "/api/v1/sessions/studio/messages"


class Browser:
    """Keeps cookies as a browser does, and comes from an address of a test's choice; or a script, which keeps none."""

    def __init__(self, place: Place, invite: str, address: str, *, script: bool = False) -> None:
        self.place = place
        self.invite = invite
        self.script = script
        self.bearer = ""
        self.id = ""
        headers = {"X-Forwarded-For": address} | ({} if script else {"Origin": place.base})
        self.http = place.client(headers=headers)

    async def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        if self.script:
            self.http.cookies.clear()
        return await self.http.post(path, json=body, headers=headers)

    async def join(self, name: str, **body: Any) -> Browser:
        self.place.wall.forward(1)
        answer = await self.post("/api/v1/join", {"invite": self.invite, "name": name, **body})
        assert answer.status_code == 200, answer.text
        self.bearer = answer.json()["bearer"] or ""
        self.id = answer.json()["person"]["id"]
        return self

    async def leave(self) -> None:
        assert (await self.post("/api/v1/leave", {})).status_code == 200

    async def again(self, name: str) -> Browser:
        """Another person now."""
        before = self.id
        await self.leave()
        if self.script:
            self.bearer = ""
        await self.join(name)
        assert self.id != before
        return self

    async def ask(self, kind: str, **data: Any) -> httpx.Response:
        self.place.clock.forward(5)
        return await self.post(MESSAGES, {"type": kind, "id": fresh_id(), "data": data})

    async def code(self, kind: str = "chat.send", **data: Any) -> str:
        """What it is refused with, empty where it is taken."""
        answer = await self.ask(kind, **(data or {"text": "Hello"}))
        return "" if answer.status_code == 200 else str(answer.json()["code"])

    async def chat(self) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        answer = await self.http.get("/api/v1/sessions/studio", headers=headers)
        found: dict[str, Any] = answer.json()["chat"]
        return found


class Town:
    """A server behind a proxy, its host, and people who come from addresses."""

    def __init__(self, place: Place, stack: AsyncExitStack) -> None:
        self.place = place
        self._stack = stack

    async def begin(self) -> Town:
        self.invite = str((await self.place.invite())["invite"])
        self.host = await self.place.host()
        return self

    async def somebody(self, address: str = HOME, *, invite: str = "", script: bool = False) -> Browser:
        """In front of a browser, or with a script, not in the session yet."""
        browser = Browser(self.place, invite or self.invite, address, script=script)
        return await self._stack.enter_async_context(_closing(browser))

    async def comes(self, name: str, address: str = HOME, **how: Any) -> Browser:
        return await (await self.somebody(address, **how)).join(name)

    async def mute(self, person: str, seconds: int = 600) -> None:
        self.place.wall.forward(1)
        await self.host.done("chat.mute", person=person, seconds=seconds)

    async def votes(self) -> list[int]:
        found: list[int] = (await self.host.chat())["poll"]["votes"]
        return found


class _closing:
    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    async def __aenter__(self) -> Browser:
        return self.browser

    async def __aexit__(self, *_: object) -> None:
        await self.browser.http.aclose()


@pytest.fixture
async def town(tmp_path: Path, database: str) -> AsyncIterator[Town]:
    async with (
        running_house(tmp_path, Front(proxies=("127.0.0.1",)), database) as place,
        AsyncExitStack() as stack,
    ):
        yield await Town(place, stack).begin()


async def test_a_mute_holds_for_who_leaves_and_joins_again_in_the_same_browser(town: Town) -> None:
    ann = await town.comes("Ann")
    assert await ann.code() == ""
    await town.mute(ann.id, 60)
    await ann.again("Anna")
    answer = await ann.ask("chat.send", text="Here I am again")
    assert answer.json()["code"] == "muted"
    assert answer.json()["message"] == "A moderator has muted you in the chat."
    assert answer.json()["remedy"].startswith("You can write again at")
    assert 0 < (await ann.chat())["muted_s"] <= 60 and not (await ann.chat())["muted_as_neighbour"]
    town.place.wall.forward(61)
    assert await ann.code() == ""


async def test_a_mute_that_is_lifted_or_renewed_is_so_for_all_names(town: Town) -> None:
    ann = await town.comes("Ann")
    first = ann.id
    await town.mute(ann.id)
    await ann.again("Anna")
    await town.mute(first, 0)
    assert await ann.code() == ""
    await town.mute(ann.id)
    await ann.again("Annie")
    assert await ann.code() == "muted"
    await town.mute(ann.id, 0)
    assert await ann.code() == ""


async def test_a_muted_person_who_comes_back_is_told_of_what_a_moderator_does_to_any_of_their_names(town: Town) -> None:
    ann = await town.comes("Ann", script=True)
    first = ann.id
    shown = ann.bearer
    await ann.leave()
    await ann.join("Anna")
    assert ann.bearer != shown
    line_of = Guest(town.place, ann.bearer, {"id": ann.id, "name": "Anna"})
    async with line_of.socket() as line:
        await line.until("welcome")
        await town.mute(first)
        assert (await line.until("chat.muted"))["data"]["person"] == ann.id


async def test_the_cookie_is_not_for_scripts_nor_for_other_sites_and_a_forged_one_is_nobodys(town: Town) -> None:
    ann = await town.somebody()
    answer = await ann.post("/api/v1/join", {"invite": town.invite, "name": "Ann"})
    given = [each for each in answer.headers.get_list("set-cookie") if each.startswith("stoa_visitor_")]
    assert len(given) == 1
    flags = {part.strip().lower() for part in given[0].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags and any(each.startswith("max-age=") for each in flags)
    ann.id = answer.json()["person"]["id"]
    await town.mute(ann.id)
    name, value = given[0].split(";")[0].split("=", 1)
    visitor = value.rpartition(".")[0]
    for forged in (visitor, f"{visitor}.", f"{visitor}.{'0' * 64}", "v_somebody.else", ".", "\u00e9"):
        ben = await town.somebody(ELSEWHERE)
        headers = {b"Cookie": f"{name}={forged}".encode("latin-1")}
        answer = await ben.http.post(
            "/api/v1/join", json={"invite": town.invite, "name": fresh_id("B")}, headers=headers
        )
        assert answer.status_code == 200
        assert await ben.code() == "", forged
    ben = await town.somebody(ELSEWHERE)
    ben.http.cookies.set(name, value)
    await ben.join("Ben")
    assert await ben.code() == "muted", "the true one says who it is"


async def test_a_mute_holds_for_a_script_that_shows_its_old_token(town: Town) -> None:
    ann = await town.comes("Ann", script=True)
    await town.mute(ann.id)
    await ann.leave()
    back = await town.somebody(ELSEWHERE, script=True)
    back.bearer = ann.bearer  # dead, but it says who that was
    await back.join("Anna")
    assert await back.code() == "muted"


async def test_who_comes_without_cookies_from_the_network_of_somebody_muted_waits_too(town: Town) -> None:
    ann = await town.comes("Ann", script=True)
    await town.mute(ann.id)
    await ann.again("Anna")
    answer = await ann.ask("chat.send", text="Here I am again")
    assert answer.json()["code"] == "muted"
    assert "from your network by this link" in answer.json()["message"]
    assert "sign in with an account" in answer.json()["remedy"]
    assert (await ann.chat())["muted_as_neighbour"]
    private = await town.comes("Private Window")
    assert await private.code() == "muted"
    assert await private.code("chat.typing", channel="all") == "muted"
    await town.mute(private.id, 0)
    assert await private.code() == "", "a moderator lets them write"
    assert await (await town.comes("Other Address", ELSEWHERE)).code() == ""
    other = str((await town.place.invite())["invite"])
    assert await (await town.comes("Other Link", invite=other)).code() == ""
    town.place.wall.forward(600)
    assert await (await town.comes("Later")).code() == "", "as long as the mute lasts"


async def test_a_mute_that_is_made_longer_frees_nobody(town: Town) -> None:
    ann = await town.comes("Ann", script=True)
    await town.mute(ann.id)
    private = await town.comes("Private Window", script=True)
    await town.mute(ann.id, 1200)
    assert await private.code() == "muted"


async def test_who_was_here_before_is_muted_by_nobody_elses_mute(town: Town) -> None:
    ben, script = await town.comes("Ben"), await town.comes("Script", script=True)
    ann = await town.comes("Ann")
    await town.mute(ann.id)
    assert await ben.code() == "" and await script.code() == ""
    await ben.again("Benjamin")
    assert await ben.code() == "", "the browser was here before"
    host = await town.place.call("GET", "/api/v1/me", town.host.bearer)
    assert host.status_code == 200 and (await town.host.ask("chat.send", text="I run it")).status_code == 200


async def test_who_has_an_account_stands_for_nobody_but_themselves(town: Town) -> None:
    muted, eva = await signed_up(town.place, "muted"), await signed_up(town.place, "eva")
    home = await town.comes("Ann")
    await town.mute(home.id)
    page = await town.somebody(invite=" ")
    page.invite = ""
    page.bearer = eva.bearer
    await page.join("Eva", session="studio")
    assert await page.code() == "", "after the mute, from the same network"
    person = await muted.join()
    await town.mute(person.id)
    assert (await (await muted.join()).ask("chat.send", text="x")).json()["code"] == "muted"
    await person.call("POST", "/api/v1/leave")
    assert (await (await muted.join()).ask("chat.send", text="x")).json()["code"] == "muted"


async def test_a_browser_is_known_with_and_without_the_account_but_two_accounts_are_two(town: Town) -> None:
    await signed_up(town.place, "eva")
    await signed_up(town.place, "max")
    browser = await town.somebody()

    async def signs_in(login: str) -> None:
        answer = await ask_sign_in(town.place, login, headers={"Origin": town.place.base})
        cookie = answer.headers["set-cookie"].split(";")[0].split("=", 1)
        browser.http.cookies.set(*cookie)
        browser.invite = ""
        await browser.join("", session="studio")

    await signs_in("eva")
    await town.mute(browser.id)
    await browser.leave()
    browser.http.cookies.delete(next(name for name in browser.http.cookies if name.startswith("stoa_account_")))
    browser.invite = town.invite
    await browser.join("Anonymous")
    assert await browser.code() == "muted"
    await town.mute(browser.id, 0)
    await browser.leave()
    await signs_in("eva")
    await town.mute(browser.id)
    await browser.leave()
    await signs_in("max")
    assert await browser.code() == ""


async def test_the_network_of_an_ipv6_subscriber_is_one(town: Town) -> None:
    ann = await town.comes("Ann", "2001:db8:0:1::1", script=True)
    await town.mute(ann.id)
    assert await (await town.comes("Anna", "2001:db8:0:1:ffff::2")).code() == "muted"
    assert await (await town.comes("Ben", "2001:db8:0:2::1")).code() == ""


async def test_programs_of_this_machine_are_no_neighbours(place: Place) -> None:
    host, ann = await place.host(), await place.join("Ann")
    await host.done("chat.mute", person=ann.id, seconds=600)
    place.wall.forward(1)
    assert (await (await place.join("Ben")).ask("chat.send", text="Hello")).status_code == 200


@pytest.mark.parametrize("script", [False, True], ids=["browser", "script"])
async def test_slow_mode_is_not_evaded_by_another_name(town: Town, script: bool) -> None:
    await town.host.done("chat.rules", slow_s=60)
    ann = await town.comes("Ann", script=script)
    assert await ann.code() == ""
    town.place.wall.forward(10)
    await ann.again("Anna")
    answer = await ann.ask("chat.send", text="At once")
    assert (answer.json()["code"], answer.headers["Retry-After"]) == ("too_fast", "49")
    assert ("from your network" in answer.json()["message"]) is script
    town.place.wall.forward(49)
    assert await ann.code() == ""


async def test_in_slow_mode_who_is_still_here_has_no_successor(town: Town) -> None:
    await town.host.done("chat.rules", slow_s=60)
    ben, ann = await town.comes("Ben"), await town.comes("Ann", script=True)
    here = Guest(town.place, ann.bearer, {"id": ann.id, "name": "Ann"})
    async with here.socket() as line:
        await line.until("welcome")
        assert await ann.code() == ""
        assert await (await town.comes("Carl")).code() == "", "Ann is here, so Carl is not Ann"
    await ann.leave()
    assert await ben.code() == "", "he was here before"
    assert await (await town.comes("Dora")).code() == "too_fast"
    assert await (await town.comes("Emil", ELSEWHERE)).code() == ""


async def open_poll(town: Town) -> str:
    await town.host.done("poll.open", question="Tea?", options=["Yes", "No"])
    poll: str = (await town.host.chat())["poll"]["poll"]
    return poll


@pytest.mark.parametrize("script", [False, True], ids=["browser", "script"])
async def test_a_second_vote_under_another_name_takes_the_place_of_the_first(town: Town, script: bool) -> None:
    poll = await open_poll(town)
    ann = await town.comes("Ann", script=script)
    assert await ann.code("poll.vote", poll=poll, option=0) == ""
    assert await town.votes() == [1, 0]
    for name, option in (("Anna", 1), ("Annie", 1), ("Anya", 0)):
        await ann.again(name)
        assert ((await ann.chat())["my_vote"] == -1) is script, "a browser's earlier vote is shown to it"
        assert await ann.code("poll.vote", poll=poll, option=option) == ""
        assert await town.votes() == [1 - option, option], name


async def test_who_left_has_no_vote_more_once_it_was_given_in_their_place(town: Town) -> None:
    poll = await open_poll(town)
    ann = await town.comes("Ann")
    await ann.code("poll.vote", poll=poll, option=0)
    await ann.leave()
    ben = await town.comes("Ben", script=True)
    assert await ben.code("poll.vote", poll=poll, option=1) == ""
    await ann.join("Ann")
    answer = await ann.ask("poll.vote", poll=poll, option=0)
    assert answer.status_code == 409 and "in your place" in answer.json()["message"]
    assert await town.votes() == [0, 1]


async def test_an_audience_behind_one_address_has_a_vote_each(town: Town) -> None:
    poll = await open_poll(town)
    async with AsyncExitStack() as lines:
        for number in range(4):
            pupil = await town.comes(f"Pupil {number}", script=number % 2 > 0)
            cookies = "; ".join(f"{name}={value}" for name, value in pupil.http.cookies.items())
            guest = Guest(town.place, pupil.bearer, {"id": pupil.id, "name": ""})
            line = await lines.enter_async_context(guest.socket() if pupil.bearer else by_cookie(town, cookies))
            await line.until("welcome")
            assert await pupil.code("poll.vote", poll=poll, option=number % 2) == ""
        assert await town.votes() == [2, 2]
    eva = await (await signed_up(town.place, "eva")).join()
    await eva.done("poll.vote", poll=poll, option=1)
    assert await town.votes() == [2, 3]


@asynccontextmanager
async def by_cookie(town: Town, cookies: str) -> AsyncIterator[Line]:
    url = town.place.base.replace("http", "ws", 1) + "/api/v1/sessions/studio/events"
    async with connect(url, additional_headers={"Cookie": cookies}, origin=town.place.base) as connection:  # type: ignore[arg-type]
        yield Line(connection)


async def test_a_reaction_counts_once_for_all_names(town: Town) -> None:
    sent = await town.host.done("chat.send", text="React!")
    ann = await town.comes("Ann")
    thumb = {"message": sent["seq"], "emoji": "👍"}
    assert await ann.code("chat.react", **thumb) == ""
    await ann.again("Anna")
    assert await ann.code("chat.react", **thumb) == ""
    assert [each["count"] for each in (await town.host.chat())["reactions"]] == [1]
    assert await ann.code("chat.react", **thumb, on=False) == ""
    assert (await town.host.chat())["reactions"] == []


async def test_another_name_has_no_further_turns(town: Town) -> None:
    ann = await town.comes("Ann")

    async def writes() -> bool:
        answer = await ann.post(MESSAGES, {"type": "chat.send", "id": fresh_id(), "data": {"text": "x"}})
        return answer.status_code == 200

    assert [await writes() for _ in range(BURST + 1)] == [True] * BURST + [False]
    await ann.again("Anna")
    assert not await writes()


async def test_another_name_has_no_further_place_among_what_waits(town: Town) -> None:
    await town.host.done("chat.rules", hold=True)
    ann = await town.comes("Ann")
    for _ in range(HELD_OF_ONE):
        assert await ann.code() == ""
    await ann.again("Anna")
    assert await ann.code() == "too_many"


async def test_a_browser_is_known_after_a_restart_of_the_server(tmp_path: Path) -> None:
    front = Front(proxies=("127.0.0.1",))
    async with running_house(tmp_path, front) as place, AsyncExitStack() as stack:
        town = await Town(place, stack).begin()
        ann = await town.comes("Ann")
        await town.mute(ann.id)
        await ann.leave()
        kept = dict(ann.http.cookies)
        invite = town.invite
    async with running_house(tmp_path, front) as place, AsyncExitStack() as stack:
        back = await stack.enter_async_context(_closing(Browser(place, invite, ELSEWHERE)))
        back.http.cookies.update(kept)
        await back.join("Anna")
        assert await back.code() == "muted"


async def test_whose_time_to_write_is_over_writes_not_as_somebody_new_from_the_same_network(town: Town) -> None:
    eva = await town.place.join("Eva", "admin")
    first = await town.comes("Tom", ELSEWHERE, script=True)
    ann, here = await town.comes("Ann", script=True), await town.comes("Bob", script=True)
    assert (await eva.command("grant", ann.id, ends={"data": 60})).status_code == 200
    town.place.wall.forward(61)
    private = await town.comes("Zoe", script=True)
    refused = await private.ask("chat.send", text="Here I am")
    assert (refused.status_code, refused.json()["code"]) == (403, "time_over")
    assert "came from your network by this link" in refused.json()["message"] and refused.json()["remedy"]
    assert await private.code("chat.typing", channel="all") == "time_over"
    for other in (first, here, await town.comes("Lea", ELSEWHERE, script=True)):
        assert await other.code() == "", "who was here before, or comes from elsewhere, is somebody else"
    assert (await eva.command("grant", private.id, ends={"data": 3600})).status_code == 200
    assert await private.code() == "", "an admin said otherwise"
    town.place.wall.forward(2 * 86_400)
    late = await town.comes("Leo", script=True)
    assert await late.code() == ""


async def test_the_chat_without_an_end_is_lifted_from_what_holds_for_the_network(town: Town) -> None:
    eva = await town.place.join("Eva", "admin")
    ann = await town.comes("Ann", script=True)
    assert (await eva.command("grant", ann.id, ends={"data": 60})).status_code == 200
    town.place.wall.forward(61)
    zoe, lea = await town.comes("Zoe"), await town.comes("Lea", script=True)
    assert (await zoe.code(), await lea.code()) == ("time_over", "time_over")
    for _ in range(2):
        assert (await eva.command("grant", zoe.id, ends={"data": None})).status_code == 200
        assert (await zoe.code(), await lea.code()) == ("", "time_over"), "it was said of one of them"
    lines = [line for line in await town.place.audit() if (line["action"], line["target"]) == ("grant", zoe.id)]
    assert [line["outcome"] for line in lines] == ["effective", "already"]
    assert (await zoe.http.get("/api/v1/me")).json()["person"]["ends"] == {}
    await zoe.again("Zoe two")
    assert await zoe.code() == "", "they are who it was said of"
    assert (await eva.command("grant", zoe.id, ends={"data": 60})).status_code == 200
    town.place.wall.forward(61)
    assert await zoe.code() == "time_over"
    assert (await eva.command("grant", zoe.id, ends={"data": None})).status_code == 200
    assert await zoe.code() == "", "neither their own end nor that of others holds"
