"""The accounts of the server in the window: what the owner and an admin are offered, and what the real server does."""

from __future__ import annotations

import msgspec
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from studio.server.rights import Role
from tests.fakes.account_holder import Holder, ask_sign_in, ask_sign_up, signed_up
from tests.fakes.house_thread import HouseThread
from tests.fakes.server_house import OWNER_TOKEN
from tests.ui.conftest import Driver
from tests.ui.desks import attend
from ui.dialogs.accounts import AccountRow, AccountsDialog
from ui.dialogs.frame import Question


def has(house: HouseThread, login: str, role: str) -> Holder:
    return house.do(lambda place: signed_up(place, login, role))


def open_as(studio: Driver, house: HouseThread, role: Role, bearer: str = OWNER_TOKEN) -> AccountsDialog:
    attend(studio, house, role, bearer)
    if role is Role.OWNER:
        studio.window.pages.setCurrentWidget(studio.window.share)
        studio.window.share._area.ensureWidgetVisible(studio.window.share.accounts)
        studio.click(studio.window.share.accounts)
    else:
        studio.window.account_button.open_accounts()
    dialog = studio.dialog(AccountsDialog)
    studio.until(dialog.invite.isEnabled, "listed")
    return dialog


def row_of(dialog: AccountsDialog, login: str) -> AccountRow:
    return next(row for row in dialog._area.widget().findChildren(AccountRow) if row.account.login == login)


def menu_of(studio: Driver, dialog: AccountsDialog, login: str) -> QMenu:
    studio.click(row_of(dialog, login).more)
    return studio.menu()


def done(studio: Driver, dialog: AccountsDialog) -> None:
    studio.until(dialog.invite.isEnabled, "done and listed again")


def test_the_owner_makes_an_admins_account_by_a_link(studio: Driver, house: HouseThread) -> None:
    dialog = open_as(studio, house, Role.OWNER)
    assert dialog.empty.isVisible()
    assert [dialog.role.itemText(at) for at in range(dialog.role.count())] == [
        "Admin", "Director", "Host", "Guest", "Viewer",
    ]  # fmt: skip
    dialog.role.setCurrentIndex(0)
    studio.click(dialog.invite)
    studio.until(dialog.told.isVisible, "the link")
    assert "Admin" in dialog.link_words.text() and dialog.link.selectedText() == dialog.link.text()
    studio.click(dialog.copy)
    base, _, secret = QGuiApplication.clipboard().text().partition("/sign-in#a=")
    assert base == house.base
    answer = house.do(lambda place: ask_sign_up(place, secret, "ada"))
    assert answer.json()["account"]["role"] == "admin"


def test_the_owner_changes_what_only_the_owner_may(studio: Driver, house: HouseThread) -> None:
    ada = has(house, "ada", "admin")
    has(house, "ann", "admin")
    dialog = open_as(studio, house, Role.OWNER)
    texts = [action.text() for action in menu_of(studio, dialog, "ada").actions()]
    assert texts == [
        "Make director", "Make host", "Make guest", "Make viewer", "", "Sign out everywhere…", "Link to a new password",
        "Lock…",
    ]  # fmt: skip
    studio.choose("Sign out everywhere")
    studio.click(studio.dialog(Question).act)
    studio.until(lambda: row_of(dialog, "ada").account.sign_ins == 0, "out")
    assert house.do(lambda place: ada.call("GET", "account")).status_code == 401
    assert "Sign out everywhere…" not in [action.text() for action in menu_of(studio, dialog, "ada").actions()]
    studio.choose("Make director")
    studio.until(lambda: row_of(dialog, "ada").account.role == "director", "another role")
    menu_of(studio, dialog, "ann")
    studio.choose("Make viewer")
    studio.until(lambda: "last admin" in dialog.problem, "the server's words")
    done(studio, dialog)
    assert row_of(dialog, "ann").account.role == "admin"


def test_locked_and_good_again_and_a_link_to_a_new_password(studio: Driver, house: HouseThread) -> None:
    has(house, "eva", "broadcaster")
    dialog = open_as(studio, house, Role.OWNER)
    menu_of(studio, dialog, "eva")
    studio.choose("Lock")
    question = studio.dialog(Question)
    studio.click(question.keep)
    assert not row_of(dialog, "eva").account.disabled
    menu_of(studio, dialog, "eva")
    studio.choose("Lock")
    studio.click(studio.dialog(Question).act)
    studio.until(lambda: row_of(dialog, "eva").account.disabled, "locked")
    assert house.do(lambda place: ask_sign_in(place, "eva")).json()["code"] == "account_disabled"
    menu_of(studio, dialog, "eva")
    studio.choose("Unlock")
    studio.until(lambda: not row_of(dialog, "eva").account.disabled, "good again")
    menu_of(studio, dialog, "eva")
    studio.choose("Link to a new password")
    studio.until(dialog.told.isVisible, "the link")
    secret = dialog.link.text().partition("#r=")[2]
    body = {"reset": secret, "new": "eight loud herons"}
    assert house.do(lambda place: place.call("POST", "/api/v1/reset", json=body)).json() == {"changed": True}


def test_an_admin_is_offered_no_admins_account_and_not_their_own(studio: Driver, house: HouseThread) -> None:
    ada = has(house, "ada", "admin")
    for login, role in (("ann", "admin"), ("eva", "broadcaster")):
        has(house, login, role)
    dialog = open_as(studio, house, Role.ADMIN, ada.bearer)
    assert [dialog.role.itemText(at) for at in range(dialog.role.count())] == ["Director", "Host", "Guest", "Viewer"]
    assert not hasattr(row_of(dialog, "ada"), "more") and not hasattr(row_of(dialog, "ann"), "more")
    assert "Make admin" not in [action.text() for action in menu_of(studio, dialog, "eva").actions()]
    studio.menu().close()
    promoted = msgspec.structs.replace(row_of(dialog, "ada").account, role="viewer")
    dialog._show_all((promoted,))
    assert not hasattr(row_of(dialog, "ada"), "more"), "their own, though it is no admin's but in this session"


def test_a_server_that_is_gone_is_said_and_the_list_stays(studio: Driver, house: HouseThread) -> None:
    has(house, "eva", "viewer")
    dialog = open_as(studio, house, Role.OWNER)
    house.ask_to_stop()
    studio.until(lambda: not house.is_running, "gone", 20)
    studio.click(dialog.invite)
    studio.until(lambda: "cannot be reached" in dialog.problem, "told", 20)
    assert row_of(dialog, "eva").isVisible() and not dialog.told.isVisible()
