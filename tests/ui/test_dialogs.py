"""Every dialogue, dark and light, with long names and with words of refusal: nothing is cut, the buttons are in sight.

Run again at 200 % by test_scaled. STOA_PICTURES=FOLDER keeps the pictures.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QAbstractButton, QLabel

from studio.server.rights import Role, rights_of
from studio.session import AccountLink, AccountLinkKind, ChatRulesData, Host, OwnCommand, Plan, PlanList
from studio.session.account_messages import Account
from studio.session.messages import AuditEntry
from tests.ui.conftest import Driver
from ui.dialogs import frame
from ui.dialogs.account_link import AccountLinkDialog, NewPasswordDialog, SignUpDialog
from ui.dialogs.accounts import AccountsDialog
from ui.dialogs.audit import AuditDialog
from ui.dialogs.chat_rules import ChatRulesDialog
from ui.dialogs.destination import DestinationDialog
from ui.dialogs.frame import Dialog, Question
from ui.dialogs.leave import LeaveQuestion
from ui.dialogs.links import LinksDialog
from ui.dialogs.password import PasswordDialog
from ui.dialogs.picker import SourcePicker
from ui.dialogs.plan import PlanDialog
from ui.dialogs.poll import PollDialog
from ui.dialogs.settings import SettingsDialog
from ui.dialogs.shortcuts import ShortcutSheet
from ui.dialogs.sign_in import SignInDialog
from ui.dialogs.times import TimesDialog
from ui.panels.orders import AnnounceDialog, ReasonQuestion
from ui.panels.session import JoinDialog
from ui.room import Someone
from ui.theme.look import look
from ui.theme.tokens import ThemeName
from ui.widgets.label import ElidedLabel

LONG = "The yearly meeting of everybody who ever sent a picture somewhere"
REFUSED = f"“{LONG}” is planned for Thursday, 26 November 2026, 19:00 (Europe/Berlin) too. Choose another time."
WEEKLY = Plan(
    "pl1", LONG, "Ask anything. " * 40, "2026-11-26T19:00", "America/Argentina/ComodRivadavia", 5400, "weekly", 2,
    ("MO", "TH"), "2027-06-30", 0, (Host("owner", "Ada"),), 1800, 7, "", (),
)  # fmt: skip
PLANS = PlanList((WEEKLY,), (Host("owner", "Ada"), Host("b", "Grace"), Host("c", LONG)), "")
RULES = ChatRulesData(30, False, True, ("spam*",) * 8, (OwnCommand("rules", "Be kind to each other. " * 4, 30),))
SOMEONE = Someone("p", LONG, "broadcaster", times=(("camera", "until 12 Nov 20:14"), ("data", "over")))
ACCOUNTS = tuple(
    Account(f"a{at}", login, name, role, "2026-11-01T10:00:00Z", disabled, at, at == 0)
    for at, (login, name, role, disabled) in enumerate(
        [("ada", "Ada", "admin", False), ("a.login.that.goes.on." * 3, LONG, "broadcaster", True)] * 6
    )
)
LINES = tuple(
    AuditEntry(
        at, "2026-11-21T12:00:03.120Z", "studio", "p", LONG, "admin", "account.signed_out_everywhere", "q", LONG, "c",
        ("effective", "refused")[at % 2], "They are out, and their tokens are dead. " * 3, "192.168.1.5", "",
    )
    for at in range(40)
)  # fmt: skip


def _accounts(studio: Driver) -> Dialog:
    made = AccountsDialog(studio.window, studio.room)
    made._show_all(ACCOUNTS)
    made._tell("For one account: Admin. It is shown this once, and is good once and for a day.", "http://h/" + "x" * 90)
    return made


def _audit(studio: Driver) -> Dialog:
    made = AuditDialog(studio.window, studio.room)
    made.lines.add(LINES)
    made._show(False)
    made.table.selectRow(1)
    return made


def _sign_in(studio: Driver) -> Dialog:
    account = studio.window.account
    account.server, account.login = "http://studio.a-rather-long-name-of-a-server.example.org:8470", "ada"
    return SignInDialog(studio.window, studio.show, account, "You are signed out: it is too old.")


def _by_link(studio: Driver, kind: AccountLinkKind) -> Dialog:
    link = AccountLink("http://studio.a-rather-long-name-of-a-server.example.org:8470", kind, "abc")
    made = SignUpDialog if kind is AccountLinkKind.SIGN_UP else NewPasswordDialog
    return made(studio.window, studio.show, studio.window.account, link)


MAKERS: dict[str, Callable[[Driver], Dialog]] = {
    "plan": lambda studio: PlanDialog(studio.window, studio.room, PLANS, "pl1"),
    "plan-new": lambda studio: PlanDialog(studio.window, studio.room, PlanList((), (), "")),
    "poll": lambda studio: PollDialog(studio.window, studio.room),
    "chat-rules": lambda studio: ChatRulesDialog(studio.window, studio.room, RULES),
    "links": lambda studio: LinksDialog(studio.window, studio.room),
    "accounts": _accounts,
    "audit": _audit,
    "sign-in": _sign_in,
    "account-link": lambda studio: AccountLinkDialog(studio.window, studio.show, studio.window.account),
    "sign-up": lambda studio: _by_link(studio, AccountLinkKind.SIGN_UP),
    "new-password": lambda studio: _by_link(studio, AccountLinkKind.NEW_PASSWORD),
    "password": lambda studio: PasswordDialog(studio.window, studio.show, studio.window.account),
    "destination": lambda studio: DestinationDialog(studio.window, studio.show),
    "picker": lambda studio: SourcePicker(studio.window, studio.show),
    "settings": lambda studio: SettingsDialog(studio.window, studio.show, lambda _: None),
    "shortcuts": lambda studio: ShortcutSheet(studio.window),
    "leave": lambda studio: LeaveQuestion(studio.window, live=True, recording=True),
    "question": lambda studio: Question(studio.window, "Lock it?", f"{LONG} is out.", "Keep it", "Lock", lambda: None),
    "reason": lambda studio: ReasonQuestion(
        studio.window, "Ban this person?", f"{LONG} is out at once. " * 4, "Ban", lambda **_: None, "Reason"
    ),
    "announce": lambda studio: AnnounceDialog(studio.window, LONG, lambda _: None),
    "times": lambda studio: TimesDialog(studio.window, SOMEONE, True, lambda _: None),
    "join": lambda studio: JoinDialog(studio.window, studio.show),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = Path(os.environ.get("STOA_PICTURES") or tmp_path)
    found.mkdir(parents=True, exist_ok=True)
    return found


@pytest.fixture
def room_of_an_owner(studio: Driver) -> Driver:
    rights = frozenset(right.value for right in rights_of(Role.OWNER))
    studio.room.set_rights(share=True, remove=True, invite_admins=True, rights=rights)
    return studio


@pytest.fixture
def small_screen(studio: Driver, monkeypatch: pytest.MonkeyPatch) -> int:
    """As where a screen has 420 px for a dialogue."""
    tall_px = studio.window.screen().availableGeometry().height()
    monkeypatch.setattr(frame, "FRAME_PX", tall_px - 420)
    return 420


def in_sight(dialog: Dialog) -> None:
    """The buttons are whole, and inside."""
    for at in range(dialog._buttons.count()):
        item = dialog._buttons.itemAt(at)
        press = item.widget() if item is not None else None
        if press is not None:
            assert dialog.rect().contains(press.geometry()), press
            assert press.width() >= press.sizeHint().width() and press.height() >= press.minimumSizeHint().height()


def whole(dialog: Dialog) -> None:
    """No words are cut, and nothing has to be scrolled."""
    in_sight(dialog)
    scrolled = dialog._scrolled
    assert scrolled is None or scrolled.verticalScrollBar().maximum() == 0, "there is room for all of it"
    for said in dialog.findChildren(QLabel):
        if said.isVisible() and not isinstance(said, ElidedLabel) and said.text():
            needs_px = said.heightForWidth(said.width()) if said.wordWrap() else said.sizeHint().height()
            assert said.height() >= needs_px, said.text()
            assert said.wordWrap() or said.width() >= said.sizeHint().width(), said.text()
    for press in dialog.findChildren(QAbstractButton):
        if press.isVisible() and press.text():
            assert press.width() >= press.minimumSizeHint().width(), press.text()


@pytest.mark.parametrize("theme", [ThemeName.DARK, ThemeName.LIGHT])
def test_nothing_is_cut(room_of_an_owner: Driver, folder: Path, theme: ThemeName) -> None:
    studio = room_of_an_owner
    look.choose(theme)
    for name, make in MAKERS.items():
        dialog = make(studio)
        dialog.open()
        studio.picture(folder / f"dialogue-{name}-{theme}.png", dialog)
        fits = dialog.height() < dialog.screen().availableGeometry().height() - frame.FRAME_PX
        (whole if fits else in_sight)(dialog)
        dialog.say(REFUSED)
        studio.picture(folder / f"dialogue-{name}-{theme}-refused.png", dialog)
        assert dialog._problem.height() >= dialog._problem.heightForWidth(dialog._problem.width()), name
        in_sight(dialog)
        dialog.reject()


def test_on_a_small_screen_the_fields_scroll_and_the_buttons_stay(room_of_an_owner: Driver, small_screen: int) -> None:
    studio = room_of_an_owner
    for name in ("plan", "chat-rules", "settings", "shortcuts"):
        dialog = MAKERS[name](studio)
        dialog.open()
        studio.settle()
        assert dialog.height() <= small_screen and dialog._scrolled is not None, name
        assert dialog._scrolled.verticalScrollBar().maximum() > 0, name
        dialog.say(REFUSED)
        studio.settle()
        assert dialog.height() <= small_screen, name
        in_sight(dialog)
        assert not dialog._scrolled.horizontalScrollBar().maximum(), name
        dialog.reject()


def test_the_keyboard_brings_what_it_is_on_into_sight(room_of_an_owner: Driver, small_screen: int) -> None:
    studio = room_of_an_owner
    dialog = PlanDialog(studio.window, studio.room, PLANS, "pl1")
    dialog.open()
    studio.settle()
    assert dialog._scrolled is not None
    view = dialog._scrolled.viewport()
    assert not view.rect().contains(dialog.before.mapTo(dialog._scrolled.inside, QPoint(0, 0)))
    dialog.hosts.setFocus()
    studio.press("Tab")
    assert dialog.before.hasFocus()
    assert view.rect().contains(dialog.before.mapTo(view, dialog.before.rect().center()))


def test_a_long_server_is_told_by_its_beginning(room_of_an_owner: Driver) -> None:
    dialog = _sign_in(room_of_an_owner)
    assert isinstance(dialog, SignInDialog) and dialog.server.cursorPosition() == 0


def test_fewer_rows_make_the_plan_lower_again(room_of_an_owner: Driver) -> None:
    studio = room_of_an_owner
    dialog = PlanDialog(studio.window, studio.room, PLANS, "pl1")
    dialog.open()
    studio.settle()
    tall_px = dialog.height()
    dialog.repeats.setCurrentIndex(0)
    studio.settle()
    assert dialog.height() < tall_px
    whole(dialog)
