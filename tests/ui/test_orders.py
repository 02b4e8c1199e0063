"""The people panel's menus: the commands that the person at the window has the right for, some after a question."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QMenu

from studio.server.rights import Role, rights_of
from tests.ui.conftest import Driver
from ui.dialogs.frame import Question
from ui.dialogs.times import TimesDialog
from ui.panels.orders import AnnounceDialog, ReasonQuestion
from ui.panels.person import PersonRow
from ui.room import Presence, Someone

LIN = Someone("p_lin", "Lin", "viewer", hand=True)
BOB = Someone("p_bob", "Bob", "broadcaster", publishing=True, muted_video=True, times=(("camera", "until 20:30"),))
GRACE = Someone("p_grace", "Grace", "admin")
EVE = Someone("p_eve", "Eve", "broadcaster", publishing=True)
HOST = Someone("host.studio", "Ada", "broadcaster", me=True)


class FakeAttendance:
    """Remembers what was commanded."""

    def __init__(self) -> None:
        self.given: list[tuple[object, ...]] = []

    async def command(self, action: str, target: str = "", **more: object) -> None:
        self.given.append((action, target, {key: value for key, value in more.items() if value}))

    async def chat(self, kind: str, **data: object) -> None:
        self.given.append((kind, data))


@pytest.fixture
def attendance(studio: Driver) -> FakeAttendance:
    return begin(studio, Role.OWNER)


def begin(studio: Driver, role: Role) -> FakeAttendance:
    made = FakeAttendance()
    studio.room.attendance = made  # type: ignore[assignment]
    studio.room.set_presence(Presence.JOINED)
    rights = frozenset(right.value for right in rights_of(role))
    studio.room.set_rights(share=True, remove=True, invite_admins=True, rights=rights)
    studio.room.set_people((LIN, BOB, GRACE, HOST), 1)
    studio.press("Ctrl+6", studio.window)
    return made


def row_of(studio: Driver, someone: Someone) -> PersonRow:
    rows = studio.window.people.findChildren(PersonRow)
    return next(row for row in rows if row.person_id == someone.id and row.isVisible())


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions()]


def offered(studio: Driver, someone: Someone) -> list[str]:
    row = row_of(studio, someone)
    if not hasattr(row, "more"):
        return []
    studio.click(row.more)
    menu = studio.menu()
    found = texts(menu)
    menu.close()
    studio.settle()
    return found


def test_the_owner_is_offered_what_the_owner_may(studio: Driver, attendance: FakeAttendance) -> None:
    assert offered(studio, LIN) == [
        "Lower the hand",
        "Mute in the chat",
        "Announce something to them…",
        "Make admin",
        "Make director",
        "Make host",
        "Make guest",
        "Time",
        "Ban",
    ]
    assert offered(studio, BOB) == [
        "Mute sound",  # the picture is off: to switch it on again is an admin's
        "Start their recording",
        "Stop their recording",
        "Announce something to them…",
        "Make admin…",
        "Make director…",
        "Make guest…",
        "Make viewer…",
        "Time",
        "Ban",
    ]
    assert offered(studio, HOST) == []


@pytest.mark.parametrize(
    ("role", "lin", "session"),
    [
        (
            Role.ADMIN,
            [
                "Lower the hand",
                "Mute in the chat",
                "Announce something to them…",
                "Make director",
                "Make host",
                "Make guest",
                "Time",
                "Ban",
            ],
            True,
        ),
        (Role.DIRECTOR, ["Lower the hand", "Mute in the chat"], False),
        (Role.BROADCASTER, ["Lower the hand", "Mute in the chat"], False),
        (Role.GUEST, [], False),
        (Role.VIEWER, [], False),
    ],
)
def test_others_are_offered_what_they_may(studio: Driver, role: Role, lin: list[str], session: bool) -> None:
    begin(studio, role)
    assert offered(studio, LIN) == lin
    assert studio.window.people.more.isVisible() is session
    if role is Role.ADMIN:
        assert not any(words.startswith("Make") for words in offered(studio, GRACE))


def test_a_choice_of_the_menu_is_commanded(studio: Driver, attendance: FakeAttendance) -> None:
    for words in ("Make director", "Lower the hand"):
        studio.click(row_of(studio, LIN).more)
        studio.choose(words)
    studio.until(lambda: len(attendance.given) == 2, "commanded")
    assert attendance.given == [("promote", LIN.id, {"role": "director"}), ("lower_hand", LIN.id, {})]


@pytest.mark.parametrize(
    ("muted", "words", "action"),
    [
        (False, "Mute sound", "mute_audio"),
        (True, "Unmute sound", "unmute_audio"),
        (False, "Picture off", "mute_video"),
        (True, "Picture on", "unmute_video"),
    ],
)
def test_an_admin_takes_and_gives_back_the_sound_and_picture_of_one(
    studio: Driver, muted: bool, words: str, action: str
) -> None:
    attendance = begin(studio, Role.ADMIN)
    eve = replace(EVE, muted_audio=muted, muted_video=muted)
    studio.room.set_people((BOB, eve, HOST), 1)
    studio.click(row_of(studio, eve).more)
    studio.choose(words)
    studio.until(lambda: attendance.given, words)
    assert attendance.given == [(action, EVE.id, {})]


def test_the_recording_of_one_is_started_and_stopped(studio: Driver) -> None:
    attendance = begin(studio, Role.ADMIN)
    studio.room.set_people((BOB, EVE, HOST), 1)
    for words in ("Start their recording", "Stop their recording"):
        studio.click(row_of(studio, EVE).more)
        studio.choose(words)
    studio.until(lambda: len(attendance.given) == 2, "commanded")
    assert attendance.given == [("record_start", EVE.id, {}), ("record_stop", EVE.id, {})]


def test_a_ban_and_a_demotion_on_air_are_asked_first(studio: Driver, attendance: FakeAttendance) -> None:
    row = row_of(studio, LIN)
    row._orders.ask_ban(LIN, 600, "For 10 minutes…")
    question = studio.dialog(Question)
    assert "Lin" in question.accessibleDescription() and "for 10 minutes" in question.accessibleDescription()
    studio.press("Return", question)
    studio.until(lambda: not studio.window.findChildren(Question), "kept")
    assert attendance.given == []
    row._orders.ask_ban(LIN, 600, "For 10 minutes…")
    studio.click(studio.dialog(Question).act)
    studio.until(lambda: len(attendance.given) == 1, "banned")
    studio.click(row_of(studio, BOB).more)
    studio.choose("Make viewer…")
    studio.click(studio.dialog(Question).act)
    studio.until(lambda: len(attendance.given) == 2, "demoted")
    assert attendance.given == [("ban", LIN.id, {"seconds": 600}), ("demote", BOB.id, {"role": "viewer"})]


def test_the_ban_has_a_choice_of_ends(studio: Driver, attendance: FakeAttendance) -> None:
    menu = row_of(studio, LIN)._orders.of_person(LIN)
    assert menu is not None
    ban = next(action.menu() for action in menu.actions() if action.text() == "Ban")
    assert isinstance(ban, QMenu)
    assert texts(ban) == ["For 10 minutes…", "For 1 hour…", "For 1 day…", "For 7 days…", "Until an admin lifts it…"]
    menu.deleteLater()


def choose_below(studio: Driver, above: str, words: str) -> None:
    """Click an entry of the menu that opens beside the entry `above` of the open one."""
    first = studio.menu()
    studio.choose(above)
    studio.until(lambda: QApplication.activePopupWidget() is not first, above)
    studio.choose(words)


def test_who_is_banned_for_a_time_is_let_back_in_before(studio: Driver) -> None:
    attendance = begin(studio, Role.ADMIN)
    spans = (("For 10 minutes…", 600), ("For 7 days…", 604800), ("Until an admin lifts it…", 0))
    for words, seconds in spans:
        studio.click(row_of(studio, LIN).more)
        choose_below(studio, "Ban", words)
        question = studio.dialog(ReasonQuestion)
        assert f" gets in {words.rstrip('…').lower()}." in question.accessibleDescription()
        studio.type("Spam", question.reason)
        studio.click(question.act)
        for_so_long: dict[str, object] = {"seconds": seconds} if seconds else {}
        banned = ("ban", LIN.id, for_so_long | {"text": "Spam"})
        studio.until(lambda g=banned: attendance.given[-1:] == [g], words)  # type: ignore[misc]
        studio.until(lambda: not studio.window.findChildren(Question), "closed")
    assert len(attendance.given) == 3
    out = replace(LIN, present=False, removed=True, banned=True)
    studio.room.set_people((BOB, out, HOST), 1)
    studio.click(row_of(studio, out).back)
    studio.until(lambda: attendance.given[3:] == [("unban", LIN.id, {})], "let back in")


def test_somebody_of_the_audience_is_muted_in_the_chat_for_a_time(studio: Driver, attendance: FakeAttendance) -> None:
    menu = row_of(studio, LIN)._orders.of_person(LIN)
    assert menu is not None
    mutes = next(action.menu() for action in menu.actions() if action.text() == "Mute in the chat")
    assert isinstance(mutes, QMenu)
    assert texts(mutes) == ["For 1 minute", "For 10 minutes", "For 1 hour", "For 1 day", "Let them write again"]
    mutes.actions()[1].trigger()
    mutes.actions()[4].trigger()
    studio.until(lambda: len(attendance.given) == 2, "muted")
    assert attendance.given == [
        ("chat.mute", {"person": LIN.id, "seconds": 600}),
        ("chat.mute", {"person": LIN.id, "seconds": 0}),
    ]
    menu.deleteLater()


def test_the_whole_session_is_commanded_and_its_lock_is_said(studio: Driver, attendance: FakeAttendance) -> None:
    panel = studio.window.people
    studio.click(panel.more)
    assert texts(studio.menu()) == [
        "Mute everyone",
        "All pictures off",
        "Announce to everyone…",
        "Announce to the hosts…",
        "Lock the session",
        "Stop the host's show…",
        "End for all…",
        "",
        "Audit log…",
        "Admin's page in the browser",
    ]
    studio.choose("Lock the session")
    studio.until(lambda: attendance.given == [("lock", "", {})], "locked")
    assert "locked" not in panel.count.text()
    studio.room.set_standing(locked=True)
    assert "locked: nobody new can come in" in panel.count.text()
    for words, given in (("Unlock the session", ("unlock", "", {})), ("Mute everyone", ("mute_audio", "all", {}))):
        studio.click(panel.more)
        studio.choose(words)
        studio.until(lambda g=given: attendance.given[-1] == g, words)  # type: ignore[misc]
    studio.click(panel.more)
    studio.choose("End for all…")
    studio.click(studio.dialog(Question).act)
    studio.until(lambda: attendance.given[-1] == ("end", "", {}), "ended")


@pytest.mark.parametrize(
    ("words", "action"),
    [
        ("Mute everyone", "mute_audio"),
        ("Unmute everyone", "unmute_audio"),
        ("All pictures off", "mute_video"),
        ("All pictures on", "unmute_video"),
    ],
)
def test_an_admin_takes_and_gives_back_the_sound_and_picture_of_all(studio: Driver, words: str, action: str) -> None:
    attendance = begin(studio, Role.ADMIN)
    studio.click(studio.window.people.more)
    studio.choose(words)
    studio.until(lambda: attendance.given, words)
    assert attendance.given == [(action, "all", {})]


def test_an_announcement_is_written_for_everyone_the_hosts_or_one(studio: Driver, attendance: FakeAttendance) -> None:
    studio.click(studio.window.people.more)
    studio.choose("Announce to everyone…")
    dialog = studio.dialog(AnnounceDialog)
    assert dialog.windowTitle() == "Announce to everyone"
    studio.type("  We begin ", dialog.text)
    studio.click(dialog.send)
    studio.until(lambda: attendance.given == [("announce", "", {"text": "We begin", "to": "all"})], "sent to everyone")
    attendance.given.clear()
    studio.until(lambda: not studio.window.findChildren(AnnounceDialog), "closed")
    studio.click(studio.window.people.more)
    studio.choose("Announce to the hosts…")
    dialog = studio.dialog(AnnounceDialog)
    studio.click(dialog.send)
    assert dialog.problem == "Write what is announced."
    studio.type("Wrap up", dialog.text)
    studio.press("Return", dialog.text)
    studio.until(lambda: len(attendance.given) == 1, "sent")
    studio.click(row_of(studio, LIN).more)
    studio.choose("Announce something to them…")
    dialog = studio.dialog(AnnounceDialog)
    assert dialog.windowTitle() == "Announce to Lin"
    studio.type("Your turn", dialog.text)
    studio.click(dialog.send)
    studio.until(lambda: len(attendance.given) == 2, "sent")
    assert attendance.given == [
        ("announce", "", {"text": "Wrap up", "to": "hosts"}),
        ("announce", LIN.id, {"text": "Your turn", "to": "person"}),
    ]


def test_a_time_is_set_for_all_of_it_or_for_one_thing(studio: Driver, attendance: FakeAttendance) -> None:
    for where, what, length in ((LIN, "All of it", "15 minutes from now"), (BOB, "Camera", "No end")):
        studio.click(row_of(studio, where).more)
        menu = studio.menu()
        time = next(action for action in menu.actions() if action.text() == "Time").menu()
        one = next(action for action in time.actions() if action.text() == what).menu()
        next(action for action in one.actions() if action.text() == length).trigger()
        menu.close()
        studio.settle()
    assert attendance.given == [
        ("grant", LIN.id, {"ends": {"data": 900, "join": 900}}),
        ("grant", BOB.id, {"ends": {"camera": None}}),
    ]


def asked_for_times(studio: Driver, someone: Someone) -> TimesDialog:
    studio.click(row_of(studio, someone).more)
    menu = studio.menu()
    time = next(action for action in menu.actions() if action.text() == "Time").menu()
    assert isinstance(time, QMenu)
    next(action for action in time.actions() if action.text() == "Several at once…").trigger()
    menu.close()
    return studio.dialog(TimesDialog)


def test_several_times_are_set_to_different_ends_by_one_command(studio: Driver, attendance: FakeAttendance) -> None:
    dialog = asked_for_times(studio, BOB)
    assert list(dialog.choices) == ["camera", "microphone", "screen", "data", "join"]
    assert dialog.choices["camera"].accessibleName() == "Camera, now until 20:30"
    assert dialog.choices["join"].accessibleName() == "Time in the session, now no end"
    studio.click(dialog.set)
    assert dialog.problem == "Choose an end for something of it." and attendance.given == []
    for grant, words in (("camera", "5 minutes from now"), ("screen", "Ends now"), ("data", "No end")):
        dialog.choices[grant].setCurrentText(words)
    studio.click(dialog.set)
    studio.until(lambda: attendance.given, "commanded")
    assert attendance.given == [("grant", BOB.id, {"ends": {"camera": 300, "screen": 0, "data": None}})]
    studio.until(lambda: not studio.window.findChildren(TimesDialog), "closed")


def test_all_times_follow_the_first_choice_until_one_differs(studio: Driver, attendance: FakeAttendance) -> None:
    dialog = asked_for_times(studio, LIN)
    assert list(dialog.choices) == ["data", "join"], "who sends nothing has no camera to end"
    dialog.all.setCurrentText("15 minutes from now")
    assert {each.currentText() for each in dialog.choices.values()} == {"15 minutes from now"}
    dialog.choices["join"].setCurrentText("As it is")
    assert dialog.all.currentText() == "As it is"
    assert dialog.choices["data"].currentText() == "15 minutes from now"
    dialog.choices["join"].setCurrentText("15 minutes from now")
    assert dialog.all.currentText() == "15 minutes from now"
    studio.press("Return", dialog.all)
    studio.until(lambda: attendance.given, "commanded")
    assert attendance.given == [("grant", LIN.id, {"ends": {"data": 900, "join": 900}})]
