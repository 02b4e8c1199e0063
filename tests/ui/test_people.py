"""The people panel: since when, what they have on air, who was removed and comes back; links, reasons, outcomes."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from studio.media import ErrorKind, StoaError
from studio.server.rights import Role, rights_of
from tests.ui.conftest import Driver
from ui.dialogs.frame import Question
from ui.dialogs.links import LinksDialog
from ui.panels import orders
from ui.panels.orders import ReasonQuestion
from ui.panels.people import SHOWN
from ui.panels.person import PersonRow
from ui.room import Connection, Link, Presence, Someone

ADA = Someone("host.studio", "Ada", "broadcaster", me=True, since="19:55")
BOB = Someone("p_bob", "Bob", "broadcaster", publishing=True, streams=("audio", "video"), since="20:01")
LIN = Someone("p_lin", "Lin", "viewer", since="20:14", device="Firefox on Android", ends=("chat over",))
TROLL = Someone("p_troll", "Troll", "viewer", present=False, removed=True)
BANNED = Someone("p_ban", "Mallory", "viewer", present=False, removed=True, banned=True, ban_ends="21:14")


class FakeAttendance:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.given: list[tuple[object, ...]] = []
        self.all_links: list[Link] = []
        self.refuse: StoaError | None = None

    async def command(self, action: str, target: str = "", **more: object) -> None:
        self.given.append((action, target, {key: value for key, value in more.items() if value}))

    async def links(self) -> list[Link]:
        return list(self.all_links)

    async def new_link(self, role: str) -> Link:
        if self.refuse is not None:
            raise self.refuse
        made = Link(f"l{len(self.all_links)}", role, "", f"http://host/{role}#i=once", "made 20:00, not used yet")
        kept = made if role == "viewer" else Link(made.id, role, "", "", made.facts)  # the server tells it once
        self.all_links.insert(0, kept)
        return made

    async def link_qr(self, link: str) -> str:
        self.given.append(("qr", link))
        if self.refuse is not None:
            raise self.refuse
        return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><rect width="2" height="2"/></svg>'

    async def take_link_back(self, link: str) -> None:
        self.all_links = [one for one in self.all_links if one.id != link]

    async def admin_link(self) -> str:
        return "http://host/admin#i=once"


def begin(studio: Driver, role: Role, *people: Someone) -> FakeAttendance:
    made = FakeAttendance()
    studio.room.attendance = made  # type: ignore[assignment]
    studio.room.set_presence(Presence.JOINED)
    rights = frozenset(right.value for right in rights_of(role))
    studio.room.set_rights(
        share="share" in rights, remove="kick" in rights, invite_admins="invite_admin" in rights, rights=rights
    )
    studio.room.set_people(people or (ADA, BOB, LIN, TROLL, BANNED), 1)
    studio.press("Ctrl+6", studio.window)
    return made


@pytest.fixture
def attendance(studio: Driver) -> FakeAttendance:
    return begin(studio, Role.ADMIN)


def rows(studio: Driver) -> list[PersonRow]:
    return list(studio.window.people._rows.values())


def test_a_row_says_since_when_and_what_is_on_air(studio: Driver, attendance: FakeAttendance) -> None:
    said = {row.someone.name: row.accessibleDescription() for row in rows(studio)}
    assert said == {
        "Ada": "Since 19:55",
        "Bob": "On air with sound and picture, since 20:01",
        "Lin": "Chat over, Firefox on Android, since 20:14",
        "Troll": "Removed",
        "Mallory": "Banned until 21:14",
    }
    lin = next(row for row in rows(studio) if row.someone is LIN)
    assert studio.window.people.removed.isVisible() and not lin.connection.isVisible()
    studio.room.set_connections({"p_lin": Connection("poor", "Poor connection: 9 % lost.", watches=True)})
    assert (lin.connection.text(), lin.connection.toolTip()) == ("●○○ poor", "Poor connection: 9 % lost.")
    assert (
        lin.accessibleDescription()
        == "Watching, chat over, Firefox on Android, since 20:14. Poor connection: 9 % lost."
    )
    tones = {}
    for word in ("good", "fair", "poor", "lost"):
        studio.room.set_connections({"p_lin": Connection(word, "How it does.", watches=True)})
        tones[word] = lin.connection.property("tone")
    assert tones == {"good": "", "fair": "", "poor": "warn", "lost": "warn"}, "red is for danger and for being on air"


def test_who_was_removed_is_let_back_in_by_who_may(studio: Driver, attendance: FakeAttendance) -> None:
    troll, banned = rows(studio)[3], rows(studio)[4]
    troll, banned = (banned, troll) if troll.someone.banned else (troll, banned)
    studio.click(troll.back)
    studio.click(banned.back)
    studio.until(lambda: len(attendance.given) == 2, "let in")
    assert attendance.given == [("readmit", "p_troll", {}), ("unban", "p_ban", {})]
    begin(studio, Role.DIRECTOR)
    assert not any(hasattr(row, "back") for row in rows(studio)), "a director may not"


def test_a_reason_goes_with_the_removal(studio: Driver, attendance: FakeAttendance) -> None:
    lin = next(row for row in rows(studio) if row.someone is LIN)
    lin.ask_remove()
    question = studio.dialog(ReasonQuestion)
    assert question.keep.hasFocus(), "Enter keeps them"
    studio.type("Spam", question.reason)
    studio.press("Return", question.reason)
    assert question.isVisible() and question.act.hasFocus(), "Return after the reason goes to the button"
    studio.press("Space", question.act)
    studio.until(lambda: attendance.given == [("kick", "p_lin", {"text": "Spam"})], "removed")


def test_rows_that_stay_are_kept_and_so_is_the_keyboard(studio: Driver, attendance: FakeAttendance) -> None:
    before = {row.person_id: row for row in rows(studio)}
    before["p_lin"].setFocus()
    studio.room.set_people((ADA, BOB, LIN, Someone("p_zoe", "Zoe", "viewer")), 1)
    now = {row.person_id: row for row in rows(studio)}
    assert now["p_lin"] is before["p_lin"] and now["p_lin"].hasFocus()
    assert list(now) == ["host.studio", "p_bob", "p_lin", "p_zoe"] and not studio.window.people.removed.isVisible()
    studio.press("Down", now["p_lin"])
    assert now["p_zoe"].hasFocus()
    changed = Someone("p_zoe", "Zoe", "viewer", hand=True)
    studio.room.set_people((ADA, BOB, LIN, changed), 1)
    zoe = rows(studio)[3]
    assert zoe is not now["p_zoe"] and zoe.hasFocus() and zoe.facts.text() == "Hand up"
    studio.press("Up", zoe)
    assert now["p_lin"].hasFocus()
    stops = [now["p_lin"].stops[-1]]
    while stops[-1] is not zoe:
        following = stops[-1].nextInFocusChain()
        assert following is zoe or not isinstance(following, PersonRow)
        stops.append(following)


def test_a_large_audience_is_listed_when_asked_for(studio: Driver) -> None:
    crowd = [Someone(f"p{at}", f"Viewer {at:04}", "viewer") for at in range(SHOWN + 30)]
    begin(studio, Role.OWNER, ADA, *crowd)
    assert len(rows(studio)) == SHOWN and studio.window.pages.tabText(1) == f"People {SHOWN + 31}"
    assert studio.window.people.show_all.text() == f"Show all {SHOWN + 31}"
    studio.window.people.show_all.click()
    studio.settle()
    assert len(rows(studio)) == SHOWN + 31 and not studio.window.people.show_all.isVisible()


def test_what_became_of_a_command_is_said(studio: Driver, attendance: FakeAttendance) -> None:
    studio.room.outcome.emit("Bob's studio refused it: no room on the disk.", "danger")
    assert studio.window.toast.isVisible()
    assert studio.window.toast.words.text() == "Bob's studio refused it: no room on the disk."


def test_stopping_and_releasing_the_hosts_show(studio: Driver, attendance: FakeAttendance) -> None:
    people = studio.window.people
    studio.click(people.more)
    studio.choose("Stop the host's show…")
    studio.click(studio.dialog(ReasonQuestion).act)
    studio.until(lambda: attendance.given == [("stop", "", {})], "stopped")
    studio.room.set_standing(locked=False, needs_release=True)
    assert "going live waits for an admin" in people.count.text()
    studio.click(people.more)
    studio.choose("Allow Go live again")
    studio.until(lambda: attendance.given[-1] == ("release", "", {}), "released")


def test_the_admins_page_opens_or_its_link_is_in_the_clipboard(studio: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(studio, Role.OWNER)
    opened: list[str] = []

    def browse(address: str) -> bool:
        opened.append(address)
        return len(opened) == 1

    monkeypatch.setattr(orders, "open_page", browse)
    QGuiApplication.clipboard().clear()
    for _ in range(2):
        studio.click(studio.window.people.more)
        studio.choose("Admin's page in the browser")
    studio.until(studio.window.toast.isVisible, "told")
    assert opened == ["http://host/admin#i=once"] * 2
    assert QGuiApplication.clipboard().text() == "http://host/admin#i=once"


def links(studio: Driver) -> LinksDialog:
    studio.press("Ctrl+7", studio.window)
    studio.window.share.links.click()
    return studio.dialog(LinksDialog)


def test_links_are_made_copied_and_taken_back(studio: Driver) -> None:
    attendance = begin(studio, Role.OWNER)
    dialog = links(studio)
    studio.until(dialog.none.isVisible, "none yet")
    studio.click(dialog.for_host)
    studio.until(lambda: len(dialog.rows) == 1, "made")
    assert not dialog.none.isVisible()
    studio.click(dialog.rows[0].copy)
    assert QGuiApplication.clipboard().text() == "http://host/broadcaster#i=once"
    studio.click(dialog.for_viewers)
    studio.until(lambda: len(dialog.rows) == 2, "two")
    assert [row.link.url for row in dialog.rows] == ["http://host/viewer#i=once", "http://host/broadcaster#i=once"]
    studio.click(dialog.rows[1].back)
    studio.click(studio.until(lambda: dialog.findChild(Question), "asked").act)
    studio.until(lambda: [row.link.role for row in dialog.rows] == ["viewer"], "taken back")
    attendance.refuse = StoaError(ErrorKind.BUSY, "Too many links.", remedy="Take some back.")
    studio.click(dialog.for_viewers)
    studio.until(lambda: dialog.problem == "Too many links. Take some back.", "refused in words")
    dialog.reject()
    again = links(studio)
    studio.until(lambda: len(again.rows) == 1, "there again")
    again.reject()


def test_a_viewers_link_is_shown_as_a_qr_code(studio: Driver) -> None:
    attendance = begin(studio, Role.OWNER)
    dialog = links(studio)
    studio.click(dialog.for_host)
    studio.click(dialog.for_viewers)
    studio.until(lambda: len(dialog.rows) == 2, "two")
    viewers, host = dialog.rows
    assert not hasattr(host, "draw") and not viewers.qr.isVisible()
    studio.click(viewers.draw)
    studio.until(viewers.qr.isVisible, "drawn")
    assert attendance.given == [("qr", viewers.link.id)] and viewers.draw.isChecked()
    seen = viewers.qr.grab().toImage()
    assert seen.pixelColor(seen.rect().center()).lightness() == 0 and seen.pixelColor(3, 50).lightness() == 255
    studio.until(lambda: not viewers.qr.visibleRegion().isEmpty(), "scrolled to")
    studio.click(viewers.draw)
    assert not viewers.qr.isVisible() and len(attendance.given) == 1
    attendance.refuse = StoaError(
        ErrorKind.NOT_FOUND, "There is no such invite.", remedy="Look at the list of invites."
    )
    studio.click(viewers.draw)
    studio.until(lambda: "There is no such invite." in dialog.problem, "refused in words")
    assert not viewers.draw.isChecked() and not viewers.qr.isVisible()
    dialog.reject()


def test_names_that_look_like_markup_stay_words(studio: Driver) -> None:
    name = "<img src='file:///etc/passwd'>"
    begin(studio, Role.OWNER, ADA, Someone("p_x", name, "viewer"))
    row = next(row for row in rows(studio) if row.person_id == "p_x")
    assert row.accessibleName().startswith(name)
    assert all(name not in each.toolTip() for each in (row, *row.stops))
    assert QApplication.activeModalWidget() is None
