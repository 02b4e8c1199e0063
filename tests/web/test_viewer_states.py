"""What a viewer sees of the session: waiting, live, ended, removed, reconnecting; each in words."""

from __future__ import annotations

import asyncio
import re

import pytest
from fastapi import Response
from playwright.async_api import Route, expect

from studio.server import order_words
from studio.server.api import ErrorCode
from studio.server.bans import banned
from studio.server.chat_messages import ChatMuted
from studio.server.commands import SHOWN_OUT
from studio.server.messages import Command, CommandAction, EventType, Presence, SessionState
from studio.server.model import PersonRow
from studio.server.rights import Role
from tests.fakes.people_server import FakePeople, refuse
from tests.web.conftest import Pages


async def test_waiting_live_and_ended_have_words_and_a_badge(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    badge = page.locator("#badge")
    await expect(badge).to_have_text("Not on air")
    await expect(page.get_by_role("heading", name="The show has not begun yet")).to_be_visible()
    await fake.become(SessionState.LIVE, "On air.")
    await expect(badge).to_have_text("Live")
    await expect(page).to_have_title("● Weekly Q&A · Stoa")
    await fake.become(SessionState.ENDED, "An admin ended the show.", why="stopped")
    await expect(badge).to_have_text("Ended")
    await expect(page.get_by_role("heading", name="The show has ended")).to_be_visible()
    await expect(page.locator("#announcer")).to_have_text("An admin ended the show.")


@pytest.mark.slow
async def test_a_picture_that_does_not_come_is_said_and_tried_again(pages: Pages, fake: FakePeople) -> None:
    fake.whep_answer = refuse(503, ErrorCode.MEDIA_AWAY, "The picture is away.", "It comes back by itself.", 1)
    page = await pages.watch()
    await fake.become(SessionState.LIVE)
    await expect(page.get_by_role("heading", name="The picture is away.")).to_be_visible()
    await expect(page.locator(".veil")).to_contain_text("It comes back by itself.")
    before = [what for what, _ in fake.posted].count("whep")
    await page.get_by_role("button", name="Try now").click()
    await page.wait_for_timeout(100)
    assert [what for what, _ in fake.posted].count("whep") > before
    await page.route("**/whep/*", lambda route: route.abort())
    await expect(page.get_by_role("heading", name="The picture does not come through")).to_be_visible()
    await expect(page.locator(".veil")).to_contain_text("The server does not answer. The page keeps trying.")
    await page.unroute("**/whep/*")
    await fake.become(SessionState.ENDED, why="off_air")
    await page.wait_for_timeout(200)
    asked = [what for what, _ in fake.posted].count("whep")
    await page.wait_for_timeout(2500)
    assert [what for what, _ in fake.posted].count("whep") == asked, "nothing is on air, and the page still asks for it"


@pytest.mark.parametrize(
    ("code", "reason", "title"),
    [
        (4403, "An admin removed you from this session.", "An admin has removed you"),
        (4410, "The invite that you came by was taken back.", "This invite is no longer good"),
        (4404, "There is no session 'studio' here.", "There is no such show"),
    ],
)
async def test_being_out_is_final_and_said(pages: Pages, fake: FakePeople, code: int, reason: str, title: str) -> None:
    page = await pages.watch()
    connections = len(fake.afters)
    await fake.hang_up(code, reason)
    heading = page.get_by_role("heading", name=title)
    await expect(heading).to_be_visible()
    await expect(heading).to_be_focused()
    await expect(page.get_by_text(reason)).to_be_visible()
    await expect(page.locator("#room")).to_be_hidden()
    await page.wait_for_timeout(1000)
    assert len(fake.afters) == connections, "who is out does not knock again"


@pytest.mark.slow
@pytest.mark.parametrize("admin", [False, True], ids=["viewer", "admin"])
async def test_a_page_that_the_server_cannot_read_stops_at_the_third_time_and_says_so(
    pages: Pages, fake: FakePeople, admin: bool
) -> None:
    page = await (pages.admin() if admin else pages.watch())

    async def refused(code: int) -> None:
        (before,) = fake.sockets
        await fake.hang_up(code, "Messages are text in JSON.")
        while not fake.sockets or before in fake.sockets:
            await page.wait_for_timeout(20)

    for code in (4400, 4400, 1012, 4400, 4400):  # never three in a row
        await refused(code)
    connections = len(fake.afters)
    await fake.hang_up(4400, "Messages are text in JSON.")
    heading = page.get_by_role("heading", name="This page and the server do not understand each other")
    await expect(heading).to_be_visible()
    await expect(heading).to_be_focused()
    await expect(page.get_by_text("Load the page again.")).to_be_visible()
    await expect(page.locator("#room")).to_be_hidden()
    await page.wait_for_timeout(1000)
    assert len(fake.afters) == connections, "what the server cannot read it is not sent again"
    await page.get_by_role("button", name="Load again").click()
    await expect(page.locator("#room")).to_be_visible()


@pytest.mark.parametrize("seconds", [600, 0], ids=["for a time", "for good"])
async def test_a_ban_is_called_one_and_says_until_when(pages: Pages, fake: FakePeople, seconds: int) -> None:
    page = await pages.watch(timezone_id="Europe/Berlin")
    assert fake.me is not None
    refusal = banned(PersonRow(banned=True, ban_ends_s=seconds and 1_795_205_400))  # 2026-11-20 20:10 UTC
    title = re.compile("^An admin has banned you until (20 Nov,? )?21:10$" if seconds else "^An admin has banned you$")
    words = order_words.told(CommandAction.BAN, "Tom", "Spam", seconds=seconds)
    ban = {"action": CommandAction.BAN, "target": fake.me.id, "target_name": "Mia", "text": "Spam", "seconds": seconds}
    tom = fake.sender(fake.person("Tom", Role.ADMIN))
    await fake.tell(EventType.COMMAND, tom, Command.model_validate({**ban, "words": words}))
    await fake.hang_up(4403, SHOWN_OUT)
    await expect(page.get_by_role("heading", name=title)).to_be_visible()
    await expect(page.locator(".card")).to_contain_text(words)
    fake.status_refusal = refuse(403, ErrorCode.REMOVED, refusal.message, refusal.remedy)
    await page.reload()
    await expect(page.get_by_role("heading", name=title)).to_be_visible()
    await expect(page.locator(".card")).to_contain_text("After that" if seconds else "An admin can lift the ban.")
    await expect(page.locator(".card")).not_to_contain_text("UTC")


async def test_a_ban_that_is_over_is_not_why_somebody_is_removed_later(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    assert fake.me is not None
    tom = fake.sender(fake.person("Tom", Role.ADMIN))
    await fake.hang_up()
    ban = {"action": CommandAction.BAN, "target": fake.me.id, "target_name": "Mia", "text": "", "seconds": 60}
    fake.write(EventType.COMMAND, tom, Command.model_validate({**ban, "words": "Tom banned you."}))
    while len(fake.afters) < 2 or not fake.sockets:
        await page.wait_for_timeout(20)
    await fake.hang_up(4403, SHOWN_OUT)
    await expect(page.get_by_role("heading", name="An admin has removed you")).to_be_visible()
    await expect(page.locator(".card")).not_to_contain_text("Tom")


async def test_a_mute_that_came_while_the_line_was_away_holds_no_longer_for_it(pages: Pages, fake: FakePeople) -> None:
    fake.now = "2026-11-20T20:10:00.000Z"
    page = await pages.watch()
    assert fake.me is not None
    tom = fake.person("Tom", Role.ADMIN)
    await fake.hang_up()
    muted = ChatMuted(person=fake.me.id, name="Mia", seconds=600, until="2026-11-20T20:09:00.000Z")
    fake.write(EventType.CHAT_MUTED, fake.sender(tom), muted)
    while len(fake.afters) < 2 or not fake.sockets:
        await page.wait_for_timeout(20)
    await fake.say(tom, "There you are")
    await expect(page.locator(".log")).to_contain_text("There you are")
    await expect(page.locator("#chat-text")).to_be_enabled()
    await expect(page.locator(".log")).not_to_contain_text("has muted you")
    left = muted.model_copy(update={"until": "2026-11-20T20:12:00.000Z"})
    await fake.tell(EventType.CHAT_MUTED, fake.sender(tom), left)
    await expect(page.locator("#chat-text")).to_be_disabled()


async def test_who_is_signed_out_meanwhile_goes_in_again_by_the_invite(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch("Mia")
    fake.me = None  # nothing of theirs can be renewed
    await fake.hang_up(4401, "You are not signed in here.")
    while [what for what, _ in fake.posted].count("join") < 2:
        await page.wait_for_timeout(20)
    await expect(page.locator("#room")).to_be_visible()
    assert fake.posted[-1] == ("join", {"invite": "invite-of-a-viewer", "name": "Mia", "session": "studio"})


async def test_a_lost_line_is_said_and_comes_back_with_nothing_missed_or_doubled(
    pages: Pages, fake: FakePeople
) -> None:
    page = await pages.watch()
    host = fake.person("Sana", Role.BROADCASTER)
    await fake.say(host, "one")
    await expect(page.locator(".said")).to_have_count(1)
    fake.line_is_down = True
    await fake.hang_up(1012)
    await expect(page.get_by_text("Connection to the server lost.")).to_be_visible()
    for word in ("two", "three"):
        await fake.say(host, word)
    fake.line_is_down = False
    await expect(page.locator(".said .text")).to_have_text(["one", "two", "three"])
    await expect(page.get_by_text("Connection to the server lost.")).to_be_hidden()
    assert fake.afters[-1] == fake.record[-3].seq, "it asks for what came after the last one that it saw"
    # a server that sends again what the page has: shown once
    for envelope in fake.record:
        await fake.sockets[0].send_text(envelope.model_dump_json())
    await fake.say(host, "four")
    await expect(page.locator(".said .text")).to_have_text(["one", "two", "three", "four"])


async def test_the_words_of_the_server_are_the_headline_of_waiting(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    await fake.become(SessionState.WAITING, "Back in a minute. Stay here.")
    await expect(page.get_by_role("heading", name="Back in a minute")).to_be_visible()
    await expect(page.locator(".veil")).to_contain_text("Stay here.")


async def test_people_and_their_count_follow_who_comes_and_goes(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch("Mia")
    host = fake.person("Sana", Role.BROADCASTER, publishing=("video",))
    await fake.tell(EventType.PRESENCE_JOINED, fake.sender(host), Presence(person=fake.sender(host), present=2))
    await expect(page.locator("#present")).to_have_text("2")
    await page.get_by_role("tab", name="People").click()
    await expect(page.locator(".person")).to_have_count(2)
    await expect(page.locator(".person").first).to_contain_text("Sana")
    await fake.left(host)
    await expect(page.locator(".person")).to_have_count(1)
    await expect(page.locator("#present")).to_have_text("1")


async def test_a_list_asked_for_before_somebody_left_does_not_bring_them_back(pages: Pages, fake: FakePeople) -> None:
    bob = fake.person("Bob")
    page = await pages.watch()
    answered, told = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        response = await route.fetch()
        answered.set()
        await told.wait()
        await route.fulfill(response=response)

    await page.route("**/people", late)
    async with page.expect_response("**/people") as came:
        await fake.become(SessionState.WAITING, "Back in a minute.")  # this makes the page ask
        await answered.wait()
        await fake.left(bob)
        await expect(page.locator("#present")).to_have_text("1")
        told.set()
    await (await came.value).finished()
    await page.evaluate("new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))")
    await page.get_by_role("tab", name="People").click()
    await expect(page.locator(".person")).to_have_count(1)
    await expect(page.locator("#present")).to_have_text("1")


async def test_an_announcement_is_shown_above_all_and_stays_in_the_chat(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    admin = fake.person("Tom", Role.ADMIN)
    await fake.notice("We begin ten minutes late.", by=admin)
    banner = page.locator(".notice")
    await expect(banner).to_contain_text("Tom: We begin ten minutes late.")
    await banner.get_by_role("button", name="Put away").click()
    await expect(banner).to_have_count(0)
    await expect(page.locator(".log")).to_contain_text("We begin ten minutes late.")
    # the server's own words about a command name the admin already
    words = order_words.told(CommandAction.GRANT, "Tom", "", ends="5 minutes")
    await fake.notice(words, to="person", by=admin)
    await expect(banner.locator(".text")).to_have_text(words)
    await expect(page.locator(".announced").last).to_contain_text(words)
    await expect(page.locator(".announced .from").last).not_to_contain_text("Tom")
    await fake.notice("Tomatoes are on the way.", to="person", by=admin)
    await expect(banner.locator(".text").last).to_have_text("Tom: Tomatoes are on the way.")


async def test_an_alarm_stays_above_all_until_it_is_put_away(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    await fake.notice("Fire in the hall.", "alarm")
    for word in ("one", "two", "three"):
        await fake.notice(word)
    words = page.locator(".notice .text")
    await expect(words).to_have_text(["Fire in the hall.", "two", "three"])
    for alarm in ("Leave by the stairs.", "Fire in the hall."):  # said again: it stands there once
        await fake.notice(alarm, "alarm")
    await expect(words).to_have_text(["Leave by the stairs.", "Fire in the hall.", "three"])
    await page.get_by_role("button", name="Put away").first.focus()
    for left in (["Fire in the hall.", "three"], ["three"], []):
        await page.keyboard.press("Enter")
        await expect(words).to_have_text(left)
    await expect(page.locator("#stage")).to_be_focused()


async def test_what_comes_above_the_chat_does_not_take_its_end_out_of_sight(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch(viewport={"width": 390, "height": 844})
    host = fake.person("Sana", Role.BROADCASTER)
    for number in range(30):
        await fake.say(host, f"number {number}")
    await expect(page.get_by_text("number 29")).to_be_in_viewport()
    # something stands above it, in the frame that still has the scrolling of the line before to tell
    await page.evaluate(
        """() => { document.querySelector("#notices").style.height = "200px";
        document.querySelector(".log").dispatchEvent(new Event("scroll")); }"""
    )
    await expect(page.get_by_text("number 29")).to_be_in_viewport()
    await fake.say(host, "the last")
    await expect(page.get_by_text("the last")).to_be_in_viewport()
    await expect(page.locator(".newest")).to_be_hidden()


async def test_the_picture_beside_the_lost_line_is_there_without_the_server(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    await page.route("**/icons.svg", lambda route: route.abort())
    fake.line_is_down = True
    await fake.hang_up(1012)
    await expect(page.get_by_text("Connection to the server lost.")).to_be_visible()
    drawn = "(use) => use.getBBox().width > 0"
    assert await page.locator("#linkstate use").evaluate(drawn), "the icon was to come from the server that is away"


BREAKS = """() => {
    window.peer.connectionState = "failed";
    window.peer.dispatchEvent(new Event("connectionstatechange")); }"""
PLAYS_WHEN_ASKED = """
    window.RTCPeerConnection = class extends EventTarget {
      connectionState = "connected"; localDescription = { sdp: "v=0" }; bytes = 0;
      constructor() { super(); window.peer = this; }
      addTransceiver() {} close() {} getReceivers() { return []; }
      async createOffer() { return { type: "offer", sdp: "v=0" }; }
      async setLocalDescription() {}
      async setRemoteDescription() {
        const event = new Event("track");
        event.receiver = {};
        event.track = new MediaStreamTrackGenerator({ kind: "video" });
        this.dispatchEvent(event);
        this.dispatchEvent(new Event("connectionstatechange"));
      }
      async getStats() { return new Map([["in", { type: "inbound-rtp", bytesReceived: (this.bytes += 1000) }]]); }
    };
    let asked = false;
    addEventListener("click", () => (asked = true), true);
    HTMLMediaElement.prototype.play = async function () {
      if (!asked) throw new DOMException("ask first", "NotAllowedError");
      this.dispatchEvent(new Event("playing"));
    };
"""


async def test_a_browser_that_starts_nothing_by_itself_gets_a_play_button(pages: Pages, fake: FakePeople) -> None:
    fake.whep_answer = Response("v=0", 201, {"Location": "/media/1"}, "application/sdp")
    page = await pages.watch()
    await page.add_init_script(PLAYS_WHEN_ASKED)
    await page.reload()
    await expect(page.locator("#room")).to_be_visible()
    await fake.become(SessionState.LIVE)
    await expect(page.locator("#stage")).to_have_attribute("data-media", "playing")
    await expect(page.get_by_role("heading", name="Ready when you are")).to_be_visible()
    await page.get_by_role("button", name="Play", exact=True).click()
    await expect(page.locator(".veil")).to_be_hidden()
    await expect(page.get_by_text("Unmute", exact=True)).to_be_visible()
    # and why the picture goes is said over the last one, as far as the page can know
    caption, back = page.locator(".caption"), "The picture comes back by itself."
    played, fake.whep_answer = fake.whep_answer, refuse(503, ErrorCode.MEDIA_AWAY, "The router starts again.", "", 1)
    await page.evaluate(BREAKS)
    await expect(page.locator("#announcer")).to_contain_text("The connection for the picture broke off.")
    await expect(caption).to_have_text(f"Reconnecting… The router starts again. {back}")
    await page.context.set_offline(True)
    await expect(caption).to_have_text(f"Reconnecting… This device has no network. {back}")
    await page.context.set_offline(False)
    await page.route("**/whep/*", lambda route: route.abort())
    await expect(caption).to_have_text(f"Reconnecting… The server does not answer. {back}")
    await page.unroute("**/whep/*")
    fake.whep_answer = played
    await expect(page.locator("#stage")).to_have_attribute("data-media", "playing")
    await expect(page.locator(".veil")).to_be_hidden()
    await expect(caption).to_be_hidden()
