"""The pages by keyboard, with a screen reader, on a phone, at 200 %, with less motion, in light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from studio.server.api import AuditEntry
from studio.server.messages import SessionState
from studio.server.rights import Role
from tests.fakes.people_server import WEB, FakePeople
from tests.fixtures.chromium import PHONE
from tests.web.conftest import Pages

ZOOMED = {"width": 640, "height": 400}  # 1280 × 800 at 200 %
WORST = {"width": 320, "height": 256}  # 1280 × 1024 at 400 %

# Every control that can be pressed has a name, and every field a label.
NAMELESS = """() =>
  [...document.querySelectorAll('button, a[href], input, textarea, [role=tab], video, [role=log], dialog')]
  .filter((e) => !e.closest('[hidden]') && !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') ||
     e.labels?.length || e.textContent.trim())).map((e) => e.outerHTML.slice(0, 120))"""

# WCAG contrast of every visible text against the first opaque ground behind it.
DIM = """() => {
  const shade = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const parse = (s) => { const n = s.match(/[\\d.]+/g).map(Number);
    return s.startsWith('color(') ? n.slice(-3).map((v) => v * 255) : n; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
  const dim = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.closest('[hidden], .unseen, video, noscript, :disabled')) continue;
    const style = getComputedStyle(e), a = shade(parse(style.color).slice(0, 3)), b = shade(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) dim.push(`${ratio.toFixed(2)} ${e.className} ${e.textContent.trim().slice(0, 40)}`);
  }
  return dim; }"""


async def busy(fake: FakePeople) -> None:
    host = fake.person("Sana Okafor", Role.BROADCASTER, publishing=("video",))
    admin = fake.person("Tom", Role.ADMIN)
    await fake.say(host, "Welcome")
    await fake.notice("A word to all", by=admin)
    await fake.notice("A warning to all", "warning", by=admin)
    await fake.notice("An alarm to all", "alarm", by=admin)


async def fits(page: Page) -> None:
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"the page is {wide} px wider than the window"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["watch", "admin"])
async def test_all_text_stands_out_and_all_controls_have_names(
    pages: Pages, fake: FakePeople, kind: str, scheme: str
) -> None:
    page = await getattr(pages, kind)(color_scheme=scheme)
    await busy(fake)
    await expect(page.locator(".notice")).to_have_count(3)
    for tab in await page.get_by_role("tab").all():
        await tab.click()
        await page.wait_for_timeout(150)
        assert await page.evaluate(DIM) == []
        assert await page.evaluate(NAMELESS) == []
    await fake.become(SessionState.LIVE)
    await page.wait_for_timeout(200)
    assert await page.evaluate(DIM) == []
    assert await page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("size", [PHONE, ZOOMED, WORST], ids=["phone", "200 %", "400 %"])
@pytest.mark.parametrize("kind", ["watch", "admin"])
async def test_it_fits_and_the_chat_can_be_used(
    pages: Pages, fake: FakePeople, kind: str, size: dict[str, int]
) -> None:
    page = await getattr(pages, kind)(viewport=size)
    await busy(fake)
    await fits(page)
    await page.get_by_role("tab", name="Chat").click()
    field = page.get_by_role("textbox", name="Write a message")
    await field.scroll_into_view_if_needed()
    await field.fill("from here")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".said.mine")).to_be_in_viewport()
    await fits(page)


async def test_the_viewers_page_is_walked_by_keyboard_alone(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    await expect(page.locator("#stage")).to_be_focused()
    await fake.become(SessionState.LIVE)
    await expect(page.get_by_role("slider", name="Volume")).to_be_visible()
    await page.keyboard.press("m")
    assert not await page.evaluate("document.querySelector('video').muted")
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate("document.querySelector('video').volume") == pytest.approx(0.95)
    names = []
    for _ in range(12):
        await page.keyboard.press("Tab")
        focused = "(e => e.getAttribute('aria-label') || e.innerText.trim())(document.activeElement)"
        names.append(await page.evaluate(focused))
        ring = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none", f"no focus is seen on {names[-1]}"
        if names[-1] == "Send":
            break
    assert [n for n in ("Mute", "Volume", "Full screen", "Chat", "Write a message", "Send") if n not in names] == []
    await page.get_by_role("tab", name="Chat").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("tab", name="People")).to_be_focused()
    await expect(page.locator("#panel-people")).to_be_visible()


async def test_the_skip_link_is_first_and_leads_to_the_chat(pages: Pages) -> None:
    page = await pages.watch()
    await page.evaluate("document.activeElement.blur()")
    await page.reload()
    await expect(page.locator("#room")).to_be_visible()
    await page.evaluate("document.querySelector('.skip').focus()")
    await expect(page.get_by_role("link", name="Skip to the chat")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Write a message")).to_be_focused()


async def test_letters_written_in_the_chat_are_no_shortcuts(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    await fake.become(SessionState.LIVE)
    await expect(page.locator("#badge")).to_have_text("Live")
    await page.get_by_role("textbox", name="Write a message").press_sequentially("mfp")
    assert await page.evaluate("document.querySelector('video').muted")


async def test_less_motion_means_none(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch(reduced_motion="reduce")
    await fake.become(SessionState.LIVE)
    await expect(page.locator(".veil")).to_be_visible()
    moving = "[...document.querySelectorAll('*')].filter((e) => getComputedStyle(e).animationName !== 'none').length"
    assert await page.evaluate(moving) == 0


async def test_changes_are_said_to_a_screen_reader(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    assert await page.locator("#announcer").get_attribute("role") == "status"
    assert await page.locator(".log").get_attribute("role") == "log"
    await fake.become(SessionState.LIVE, "On air.")
    await expect(page.locator("#announcer")).to_have_text("On air.")
    await fake.notice("Danger", "alarm")
    await expect(page.get_by_role("alert")).to_contain_text("Danger")


async def test_the_focus_stays_when_the_list_of_people_is_painted_anew(pages: Pages, fake: FakePeople) -> None:
    bob = fake.person("Bob")
    page = await pages.admin()
    await page.get_by_role("button", name="Remove Bob").focus()
    await fake.left(fake.person("Ann"))
    await page.wait_for_timeout(600)
    await expect(page.get_by_role("button", name=f"Remove {bob.name}")).to_be_focused()


@pytest.mark.parametrize("page", ["watch", "admin"])
def test_a_page_names_all_its_modules_so_that_they_load_at_once(page: str) -> None:
    html = (WEB / f"{page}.html").read_text()
    named = set(re.findall(r'href="/static/js/([^"]+)"', html))
    needed: set[str] = set()
    waiting = [f"{page}.js"]
    while waiting:
        script = (WEB / "js" / waiting.pop()).read_text()
        found = set(re.findall(r'from "\./([^"]+)"', script)) - needed
        needed |= found
        waiting += found
    assert named == needed


def test_nothing_comes_from_another_host_and_nothing_is_inline() -> None:
    for path in [*WEB.rglob("*.html"), *WEB.rglob("*.css"), *WEB.rglob("*.js"), *WEB.rglob("*.svg")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//[a-z]+\.[a-z]", text), path
        if path.suffix == ".html":
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text), path
        if path.suffix == ".js":
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), (
                path
            )


async def test_many_people_scroll_in_their_list_on_a_phone(pages: Pages, fake: FakePeople) -> None:
    for number in range(60):
        fake.person(f"Guest {number}")
    page = await pages.admin(viewport=PHONE)
    await expect(page.locator(".person")).to_have_count(61)
    high_px = await page.locator("#panel-people").evaluate("(panel) => panel.offsetHeight")
    assert high_px <= PHONE["height"] * 0.8


async def test_a_long_word_in_the_audit_log_leaves_every_column_in_sight(pages: Pages, fake: FakePeople) -> None:
    facts = {"at": "2026-11-20T20:05:00.000Z", "session": "studio", "actor_id": "p", "actor_name": "W" * 40}
    rest = {"target": "", "target_name": "Tom", "command": "", "outcome": "done", "words": "W" * 400, "address": ""}
    entry = {"number": 1, "hash": "", "actor_role": "admin", "action": "announce", **facts, **rest}
    fake.audit = [AuditEntry.model_validate(entry)]
    page = await pages.admin()
    await page.get_by_role("tab", name="Audit").click()
    await expect(page.locator(".audit tbody tr")).to_have_count(1)
    assert await page.locator(".audit").evaluate("(audit) => audit.scrollWidth - audit.clientWidth") <= 0
