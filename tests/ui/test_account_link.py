"""By a link of an admin, in the window: an account is made, a new password is set; what is wrong is said."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from studio.control import api
from tests.fakes.account_holder import PASSWORD, ask_sign_in, signed_up
from tests.fakes.house_thread import HouseThread
from tests.fakes.keyring_in_memory import keep_in_memory
from tests.fakes.server_house import Place
from tests.ui.conftest import Driver
from ui.account import Account, Standing
from ui.dialogs.account_link import AccountLinkDialog, NewPasswordDialog, SignUpDialog
from ui.dialogs.sign_in import SignInDialog

NEW = "eight loud herons"
Entries = dict[tuple[str, str], str]


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Entries:
    return keep_in_memory(monkeypatch)


@pytest.fixture
def house(tmp_path: Path, studio: Driver, entries: Entries) -> Iterator[HouseThread]:
    """A server, at which Eva has an account."""
    made = HouseThread(tmp_path / "server")
    made.do(lambda place: signed_up(place, "eva"))
    yield made
    studio.run(studio.window.account.close())
    made.stop()


def invite_link(house: HouseThread, role: str = "broadcaster") -> str:
    made = house.do(lambda place: place.invite(role, account=True))
    return f"{house.base}/sign-in#a={made['invite']}"


async def _evas_reset(place: Place) -> str:
    (eva,) = (await place.owner("GET", "/api/v1/accounts")).json()["accounts"]
    made = await place.owner("POST", f"/api/v1/accounts/{eva['id']}/reset")
    return str(made.json()["link"]).partition("#")[2]


def go_on(studio: Driver, link: str) -> AccountLinkDialog:
    """From the button in the top bar, with this link pasted."""
    studio.click(studio.window.account_button)
    studio.click(studio.dialog(SignInDialog).by_link)
    dialog = studio.dialog(AccountLinkDialog)
    dialog.link.setText(link)
    studio.press("Return", dialog.link)
    return dialog


def send(studio: Driver, dialog: SignUpDialog | NewPasswordDialog, **texts: str) -> None:
    """Fill these in, and press Enter."""
    for key, text in texts.items():
        dialog.fields[key].setText(text)
    studio.press("Return", dialog.fields["again"])


def told(studio: Driver, dialog: SignUpDialog | NewPasswordDialog, words: str) -> None:
    studio.until(lambda: words in dialog.problem, words, 20)


def wait_until_in(studio: Driver, house: HouseThread) -> Account:
    account = studio.window.account
    studio.until(lambda: account.standing is Standing.IN, "signed in", 20)
    studio.until(lambda: account.kept == house.base, "kept", 20)
    return account


def test_an_account_is_made_by_an_invite_and_is_signed_in(studio: Driver, house: HouseThread, entries: Entries) -> None:
    link = invite_link(house)
    go_on(studio, link)
    dialog = studio.dialog(SignUpDialog)
    assert dialog.fields["login"].hasFocus() and not dialog.readable.isVisible()
    for key, text, said in (
        ("login", "ada", "Type a login."),
        ("name", "Ada", "Type your name."),
        ("password", PASSWORD, "Type your password."),
        ("again", PASSWORD, "The password was not typed the same twice."),
    ):
        send(studio, dialog)
        assert dialog.problem == said and dialog.fields[key].hasFocus()
        dialog.fields[key].setText(text)
    send(studio, dialog, login="eva")
    told(studio, dialog, "There is an account eva already. Choose another login.")
    assert dialog.fields["login"].hasFocus() and dialog.make.isEnabled()
    send(studio, dialog, login="ada", name="Stoa Studio")
    told(studio, dialog, "is kept for what the studio itself says")
    assert dialog.fields["name"].hasFocus()
    send(studio, dialog, name="Ada", password="short", again="short")
    told(studio, dialog, "The password has fewer than 10 characters.")
    assert dialog.fields["password"].hasFocus() and not entries
    send(studio, dialog, password=PASSWORD, again=PASSWORD)
    account = wait_until_in(studio, house)
    assert (account.name, account.login, account.role) == ("Ada", "ada", "broadcaster")
    assert {address: bearer for (_, address), bearer in entries.items()} == {house.base: account.bearer}
    assert studio.window.account_button.text() == "Ada" and studio.window.preferences().account == house.base
    assert house.do(lambda place: place.call("GET", "/api/v1/account", account.bearer)).json()["login"] == "ada"
    studio.until(lambda: not studio.window.findChildren(SignUpDialog), "closed")


async def _used(place: Place) -> str:
    made = await place.invite("viewer", account=True)
    body = {"invite": made["invite"], "login": "bob", "name": "Bob", "password": PASSWORD}
    assert (await place.call("POST", "/api/v1/accounts", json=body)).is_success
    return str(made["invite"])


async def _taken_back(place: Place) -> str:
    made = await place.invite("viewer", account=True)
    assert (await place.owner("DELETE", f"/api/v1/sessions/studio/invites/{made['id']}")).is_success
    return str(made["invite"])


async def _run_out(place: Place) -> str:
    made = await place.invite("viewer", account=True)
    place.wall.forward(25 * 3600)
    return str(made["invite"])


async def _unknown(place: Place) -> str:
    return "nothing-of-this-server"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (_used, "This invite has been used already. Ask whoever sent it for a new one."),
        (_taken_back, "This invite was taken back."),
        (_run_out, "This invite has run out."),
        (_unknown, "This invite is not known here."),
    ],
)
def test_a_link_that_is_no_good_is_told_in_the_servers_words(
    studio: Driver, house: HouseThread, entries: Entries, made: Callable[[Place], Awaitable[str]], words: str
) -> None:
    go_on(studio, f"{house.base}/sign-in#a={house.do(made)}")
    dialog = studio.dialog(SignUpDialog)
    send(studio, dialog, login="ada", name="Ada", password=PASSWORD, again=PASSWORD)
    told(studio, dialog, words)
    assert studio.window.account.standing is Standing.OUT and not entries
    assert dialog.make.isEnabled() and dialog.fields["password"].text() == PASSWORD


def test_what_is_no_link_to_an_account_is_said_before_anything_is_sent(studio: Driver) -> None:
    dialog = go_on(studio, "")
    assert dialog.problem == "Paste the link that you were sent."
    for typed, words in (
        ("http://127.0.0.1:8470/sign-in", "This is no link to an account."),
        ("http://127.0.0.1:8470/watch/studio#i=abc", "This link leads into a session, and makes no account."),
        ("a b#a=abc", "This is no server's address."),
    ):
        dialog.link.setText(typed)
        studio.press("Return", dialog.link)
        assert dialog.problem.startswith(words) and dialog.link.hasFocus()
    studio.press("Escape", dialog)
    studio.click(studio.window.account_button)
    asked = studio.dialog(SignInDialog)
    asked.server.setText("http://10.0.0.7:1/sign-in#a=abc")
    studio.click(asked.by_link)
    studio.press("Return", studio.dialog(AccountLinkDialog).link)
    assert studio.dialog(SignUpDialog).readable.isVisible(), "a link in the server's field goes along"


def test_a_new_password_is_set_by_an_admins_link(studio: Driver, house: HouseThread) -> None:
    link = f"{house.base}/sign-in#{house.do(_evas_reset)}"
    go_on(studio, link)
    dialog = studio.dialog(NewPasswordDialog)
    send(studio, dialog, password="short", again="short")
    told(studio, dialog, "The password has fewer than 10 characters.")
    send(studio, dialog, password=NEW, again=NEW)
    asked = studio.dialog(SignInDialog)
    assert asked.why.text() == "Your new password is set. Sign in with it."
    assert (asked.server.text(), asked.login.text(), asked.password.text()) == (house.base, "", NEW)
    assert asked.login.hasFocus()
    studio.type("eva", asked.login)
    studio.press("Return", asked.login)
    assert wait_until_in(studio, house).name == "Eva"
    assert house.do(lambda place: ask_sign_in(place, "eva")).status_code == 403
    studio.run(studio.window.account.sign_out())
    go_on(studio, link)
    dialog = studio.dialog(NewPasswordDialog)
    send(studio, dialog, password=PASSWORD, again=PASSWORD)
    told(studio, dialog, "This link to a new password is not good any more. Ask an admin for one.")


def eva_in_a_session(studio: Driver, house: HouseThread) -> Account:
    """The studio too."""
    account = studio.window.account
    studio.run(account.sign_in(house.base, "eva", PASSWORD))
    wait_until_in(studio, house)
    joined = api.SessionJoin(house.base, sign_in=account.bearer)
    studio.show.start(studio.show.call("session.join", joined))
    studio.until(lambda: studio.show.session.by_account, "in the session")
    return account


def open_link(studio: Driver, link: str) -> None:
    dialog = AccountLinkDialog(studio.window, studio.show, studio.window.account, link)
    dialog.open()
    studio.press("Return", dialog.link)


def test_nobody_leaves_a_session_by_an_account_elsewhere(studio: Driver, house: HouseThread) -> None:
    account = eva_in_a_session(studio, house)
    open_link(studio, "http://127.0.0.1:1/sign-in#a=abc")
    made = studio.dialog(SignUpDialog)
    send(studio, made, login="ada", name="Ada", password=PASSWORD, again=PASSWORD)
    assert made.problem == f"The studio is in a session by your account at {account.host}. Leave the session first."
    assert account.login == "eva" and account.is_in


def test_a_new_password_puts_the_studio_out_of_no_session_unasked(studio: Driver, house: HouseThread) -> None:
    account = eva_in_a_session(studio, house)
    open_link(studio, f"{house.base}/sign-in#{house.do(_evas_reset)}")
    dialog = studio.dialog(NewPasswordDialog)
    send(studio, dialog, password=NEW, again=NEW)
    assert dialog.problem.startswith(f"The studio is in a session by an account at {account.host}; a new password")
    assert dialog.problem.endswith("Leave the session first.") and dialog.set.isEnabled()
    assert house.do(lambda place: place.call("GET", "/api/v1/account", account.bearer)).is_success
    studio.show.start(studio.show.call("session.leave"))
    studio.until(lambda: not studio.show.session.joined, "out of it")
    send(studio, dialog)
    studio.dialog(SignInDialog)


def test_what_is_closed_before_it_began_is_not_done(
    studio: Driver, house: HouseThread, caplog: pytest.LogCaptureFixture
) -> None:
    go_on(studio, invite_link(house))
    dialog = studio.dialog(SignUpDialog)
    for key, text in (("login", "ada"), ("name", "Ada"), ("password", PASSWORD), ("again", PASSWORD)):
        dialog.fields[key].setText(text)
    dialog._press()
    dialog.reject()
    studio.until(lambda: not studio.window.findChildren(SignUpDialog), "closed")
    studio.settle()
    assert house.do(lambda place: ask_sign_in(place, "ada")).status_code == 403
    assert studio.window.account.standing is Standing.OUT
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


def test_a_server_that_says_nothing_stops_nobody(studio: Driver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        go_on(studio, f"http://127.0.0.1:{silent.getsockname()[1]}/sign-in#r=abc")
        dialog = studio.dialog(NewPasswordDialog)
        send(studio, dialog, password=NEW, again=NEW)
        studio.until(lambda: dialog._task is not None, "asked")
        assert dialog.set.text() == "Setting it…" and not dialog.set.isEnabled()
        task = dialog._task
        dialog.reject()
        studio.until(lambda: task is not None and task.cancelled(), "given up")
