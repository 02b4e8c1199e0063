"""Signing in from the window: a real server over HTTPS, a real keyring, and everything that may go wrong meanwhile."""

from __future__ import annotations

import gc
import logging
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backends.fail
import keyring.core
import keyring.errors
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLineEdit

import ui.account
from studio.control import api
from studio.media.system_keyring import SystemKeyring
from studio.server.front import Front
from tests.fakes.account_holder import PASSWORD, ask_sign_in, signed_in, signed_up
from tests.fakes.engine import FakeEngine
from tests.fakes.house_thread import HouseThread
from tests.fakes.keyring_in_memory import Memory, Shut
from tests.fakes.server_house import Place
from tests.fixtures.authority import Authority
from tests.fixtures.programs import find_program
from tests.fixtures.secret_service import SecretService
from tests.ui.conftest import Driver
from ui.account import Account, Standing
from ui.dialogs.frame import Question
from ui.dialogs.password import PasswordDialog
from ui.dialogs.sign_in import SignInDialog

NEW = "eight loud herons"
LEFT_TO_THE_COLLECTOR = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def https(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch, studio: Driver
) -> Iterator[HouseThread]:
    """A server with a certificate that this machine trusts, and Eva, who may go on stage."""
    made = authority.issue("127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    house = HouseThread(tmp_path / "server", Front(certificate=str(made.certificate), key=str(made.key)))
    house.do(lambda place: signed_up(place, "eva", "broadcaster"))
    yield house
    studio.run(studio.window.account.close())
    house.stop()


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    made = Memory()
    monkeypatch.setattr(keyring.core, "_keyring_backend", made)
    yield made
    made.opened.set()


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", Shut())


@pytest.fixture
def real_keyring(secret_service: SecretService, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    """The keyring of the desktop, as this process finds it. The library leaves its lines to it to the collector."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    yield secret_service
    gc.collect()


def ask(studio: Driver, server: str, login: str = "eva", password: str = PASSWORD) -> SignInDialog:
    """Fill the dialogue in and press Enter."""
    if not any(one.isVisible() for one in studio.window.findChildren(SignInDialog)):
        studio.click(studio.window.account_button)
    dialog = studio.dialog(SignInDialog)
    for field, text in ((dialog.server, server), (dialog.login, login), (dialog.password, password)):
        field.clear()
        studio.type(text, field)
    studio.press("Return", dialog.password)
    return dialog


def come_in(studio: Driver, server: str) -> Account:
    ask(studio, server)
    account = studio.window.account
    studio.until(lambda: account.standing is Standing.IN, "signed in", 20)
    return account


def end(studio: Driver, https: HouseThread) -> None:
    """The server goes, while the window lives."""
    https.ask_to_stop()
    studio.until(lambda: not https.is_running, "the server is gone", 20)
    https.stop()


def kept(home: Path, base: str) -> str | None:
    return SystemKeyring(home, "sign-in").find(base)


def toast(studio: Driver) -> str:
    return f"{studio.window.toast.words.text()} {studio.window.toast.remedy.text()}"


# -- with the desktop's keyring --------------------------------------------------------------------------------------


@LEFT_TO_THE_COLLECTOR
@pytest.mark.usefixtures("real_keyring")
def test_signed_in_over_https_and_again_at_the_next_start(
    studio: Driver, https: HouseThread, stoa_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account = come_in(studio, https.base)
    assert studio.window.account_button.text() == "Eva"
    assert "Host" in studio.window.account_button.toolTip() and "eva" in studio.window.account_button.toolTip()
    studio.until(lambda: account.kept == https.base, "the keyring has it", 20)
    bearer = account.bearer
    assert bearer and kept(stoa_home, https.base) == bearer
    assert studio.window.preferences().account == https.base
    for secret in (bearer, PASSWORD):
        assert secret not in caplog.text and secret not in str(studio.window.preferences())
        assert not any(secret.encode() in path.read_bytes() for path in stoa_home.rglob("*") if path.is_file())
        processes = subprocess.run([find_program("ps", "procps"), "auxeww"], capture_output=True, text=True, check=True)
        assert secret not in processes.stdout
    later = Account(studio.show.start)
    studio.run(_restore(later, https.base))
    studio.until(lambda: later.standing is Standing.IN, "signed in again without a password", 20)
    assert (later.name, later.bearer) == ("Eva", bearer)
    studio.run(later.close())


@LEFT_TO_THE_COLLECTOR
def test_a_locked_keyring_is_told_and_signing_in_goes_on_without_it(
    studio: Driver, https: HouseThread, stoa_home: Path, real_keyring: SecretService
) -> None:
    collection = "/org/freedesktop/secrets/collection/login"
    lock = [find_program("dbus-send", "dbus"), f"--bus={real_keyring.bus}", "--print-reply"]
    lock += ["--dest=org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock"]
    subprocess.run([*lock, f"array:objpath:{collection}"], check=True, capture_output=True, timeout=10)
    account = come_in(studio, https.base)
    studio.until(lambda: ui.account.WAITS in toast(studio), "told that it waits", 20)
    assert account.is_in and account.kept == "" and studio.window.preferences().account == ""
    real_keyring.hub.stop()
    studio.until(lambda: ui.account.NOT_KEPT in toast(studio), "told that it was not kept", 20)
    assert account.is_in and account.kept == ""


async def _restore(account: Account, base: str) -> None:
    account.restore(base)


# -- signing out -----------------------------------------------------------------------------------------------------


def test_signed_out_it_is_out_of_the_keyring_and_dead(
    studio: Driver, https: HouseThread, memory: Memory, stoa_home: Path
) -> None:
    account = come_in(studio, https.base)
    studio.until(lambda: account.kept, "kept")
    bearer = account.bearer
    studio.click(studio.window.account_button)
    studio.choose("Sign out")
    studio.until(lambda: account.standing is Standing.OUT and not memory.entries, "out")
    answer = https.do(lambda place: place.call("GET", "/api/v1/account", bearer))
    assert answer.status_code == 401
    assert studio.window.account_button.text() == "Sign in…" and studio.window.preferences().account == ""
    assert not studio.window.findChildren(SignInDialog)


def test_signed_out_everywhere_after_a_question(studio: Driver, https: HouseThread, memory: Memory) -> None:
    other = https.do(lambda place: signed_in(place, "eva"))
    account = come_in(studio, https.base)
    studio.click(studio.window.account_button)
    studio.choose("Sign out everywhere")
    question = studio.dialog(Question)
    studio.click(question.keep)
    assert account.is_in
    studio.click(studio.window.account_button)
    studio.choose("Sign out everywhere")
    studio.click(studio.dialog(Question).act)
    studio.until(lambda: account.standing is Standing.OUT, "out")
    assert https.do(lambda place: other.call("GET", "account")).status_code == 401


def test_out_here_though_the_server_is_gone(studio: Driver, https: HouseThread, memory: Memory) -> None:
    account = come_in(studio, https.base)
    studio.until(lambda: account.kept, "kept")
    end(studio, https)
    studio.click(studio.window.account_button)
    studio.choose("Sign out everywhere")
    studio.click(studio.dialog(Question).act)
    studio.until(studio.window.toast.isVisible, "told that it was not done")
    assert account.is_in and memory.entries
    studio.click(studio.window.account_button)
    studio.choose("Sign out")
    studio.until(lambda: account.standing is Standing.OUT and not memory.entries, "out here")
    assert "could not be told" in toast(studio)
    https.start()


# -- what is refused -------------------------------------------------------------------------------------------------


def test_the_sixth_wrong_password_waits(studio: Driver, https: HouseThread, memory: Memory) -> None:
    for number in range(5):
        dialog = ask(studio, https.base, password=f"wrong {number}")
        studio.until(lambda d=dialog: d.problem and d.enter.isEnabled(), "refused")
        assert dialog.problem.startswith("The login or the password is wrong.")
        assert dialog.password.hasFocus() and dialog.password.selectedText()
    dialog = ask(studio, https.base, password="wrong 6")
    studio.until(lambda: "Too many attempts" in dialog.problem, "told")
    assert dialog.enter.text().startswith("Wait ") and not dialog.enter.isEnabled()
    dialog._patience._timer.setInterval(1)
    studio.until(dialog.enter.isEnabled, "it may be tried again")
    assert dialog.enter.text() == "Sign in" and not memory.entries
    assert dialog.password.echoMode() is QLineEdit.EchoMode.Password


def test_what_is_missing_or_no_address_is_said_before_anything_is_sent(studio: Driver) -> None:
    dialog = ask(studio, "", "", "")
    assert dialog.problem == "Type the address of the server." and dialog.server.hasFocus()
    ask(studio, "studio.example", "", "")
    assert dialog.problem == "Type your login." and dialog.login.hasFocus()
    ask(studio, "studio.example", "eva", "")
    assert dialog.problem == "Type your password."
    ask(studio, "a b", "eva", "x")
    assert "no server's address" in dialog.problem
    assert not dialog.readable.isVisible()
    ask(studio, "http://10.0.0.7:1", "", "")
    assert dialog.readable.isVisible() and "password" in dialog.readable.text()


def test_certificates_and_servers_that_are_not_there_are_told_in_words(
    studio: Driver, https: HouseThread, monkeypatch: pytest.MonkeyPatch, memory: Memory
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    dialog = ask(studio, https.base)
    studio.until(lambda: "certificate" in dialog.problem, "told", 20)
    plain = https.do(_local_base)
    dialog = ask(studio, plain.replace("http:", "https:"))
    studio.until(lambda: "does not speak HTTPS" in dialog.problem, "told", 20)
    end(studio, https)
    dialog = ask(studio, https.base)
    studio.until(lambda: "cannot be reached" in dialog.problem, "told", 20)
    assert dialog.enter.isEnabled() and dialog.password.text() == PASSWORD
    https.start()


async def _local_base(place: Place) -> str:
    return place.base


def test_a_server_that_says_nothing_stops_nobody(studio: Driver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dialog = ask(studio, f"http://127.0.0.1:{silent.getsockname()[1]}")
        studio.until(lambda: dialog._task is not None, "asked")
        assert dialog.enter.text() == "Signing in…" and not dialog.enter.isEnabled()
        task, beats = dialog._task, []
        beat = QTimer(dialog, interval=5)
        beat.timeout.connect(lambda: beats.append(task.done()))
        beat.start()
        studio.until(lambda: len(beats) > 20, "the window goes on meanwhile")
        assert not any(beats)
        dialog.reject()
        studio.until(task.cancelled, "given up")
    assert studio.window.account.standing is Standing.OUT


# -- without a keyring -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_keyring")
def test_without_a_keyring_one_is_in_until_the_window_closes(
    studio: Driver, https: HouseThread, stoa_home: Path
) -> None:
    account = come_in(studio, https.base)
    studio.until(studio.window.toast.isVisible, "told")
    assert "until this window closes" in toast(studio) and "gnome-keyring" in toast(studio)
    assert account.is_in and studio.window.preferences().account == ""
    assert not any(account.bearer.encode() in path.read_bytes() for path in stoa_home.rglob("*") if path.is_file())


def test_a_keyring_that_waits_for_its_person_stops_nobody(
    studio: Driver, https: HouseThread, memory: Memory, stoa_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.account, "PATIENCE_S", 0.02)
    holder = https.do(lambda place: signed_in(place, "eva"))
    memory.entries = {}
    SystemKeyring(stoa_home, "sign-in").keep(https.base, holder.bearer)
    memory.opened.clear()
    account = studio.window.account
    studio.run(_restore(account, https.base))
    studio.until(lambda: account.words == ui.account.WAITS, "told that it waits")
    assert studio.window.account_button.text() == "Signing in…"
    memory.opened.set()
    studio.until(lambda: account.standing is Standing.IN, "in")


# -- what changes meanwhile ------------------------------------------------------------------------------------------


def test_a_server_that_goes_and_comes_back(
    studio: Driver, https: HouseThread, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.account, "CHECK_EVERY_S", 0.05)
    monkeypatch.setattr(ui.account, "AGAIN_AFTER_S", (0.05,))
    account = come_in(studio, https.base)
    end(studio, https)
    studio.until(lambda: account.standing is Standing.AWAY, "away", 20)
    assert account.is_in and studio.window.account_button.text() == "Eva"
    assert "cannot be reached" in studio.window.account_button.toolTip()
    https.start()
    studio.until(lambda: account.standing is Standing.IN, "back", 20)


def test_a_sign_in_that_was_ended_is_asked_for_anew(
    studio: Driver, https: HouseThread, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.account, "CHECK_EVERY_S", 0.05)
    account = come_in(studio, https.base)
    studio.until(lambda: account.kept, "kept")
    other = https.do(lambda place: signed_in(place, "eva"))
    https.do(lambda place: other.call("POST", "sign-out-everywhere"))
    dialog = studio.dialog(SignInDialog)
    assert dialog.why.text() == ui.account.ENDED and dialog.why.isVisible()
    assert (dialog.server.text(), dialog.login.text(), dialog.password.text()) == (https.base, "eva", "")
    assert dialog.password.hasFocus()
    studio.until(lambda: not memory.entries, "out of the keyring")
    studio.type(PASSWORD, dialog.password)
    studio.press("Return", dialog.password)
    studio.until(lambda: account.standing is Standing.IN, "in again", 20)


def test_nothing_covers_the_window_of_who_is_on_air(
    studio: Driver, https: HouseThread, memory: Memory, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.account, "CHECK_EVERY_S", 0.05)
    account = come_in(studio, https.base)
    engine.show.program_start(api.Nothing())
    studio.until(lambda: studio.show.live, "on air")
    https.do(_lock_the_only_one)
    studio.until(lambda: account.standing is Standing.OUT, "out")
    studio.until(studio.window.toast.isVisible, "told")
    assert ui.account.ENDED in toast(studio)
    assert not any(one.isVisible() for one in studio.window.findChildren(SignInDialog))


async def _lock_the_only_one(place: Place) -> None:
    (only,) = (await place.owner("GET", "/api/v1/accounts")).json()["accounts"]
    assert (await place.owner("PATCH", f"/api/v1/accounts/{only['id']}", json={"disabled": True})).is_success


# -- another password, and the session -------------------------------------------------------------------------------


def test_another_password(studio: Driver, https: HouseThread, memory: Memory) -> None:
    come_in(studio, https.base)
    studio.click(studio.window.account_button)
    studio.choose("Change password")
    dialog = studio.dialog(PasswordDialog)
    for field, text in ((dialog.old, PASSWORD), (dialog.new, NEW), (dialog.again, "eight loud heron")):
        studio.type(text, field)
    studio.press("Return", dialog.again)
    assert "same twice" in dialog.problem
    studio.type("s", dialog.again)
    dialog.again.setText(NEW)
    dialog.old.setText("not it at all")
    studio.press("Return", dialog.again)
    studio.until(lambda: "The current password is wrong." in dialog.problem, "refused")
    dialog.old.setText(PASSWORD)
    dialog.new.setText("eva")
    dialog.again.setText("eva")
    studio.press("Return", dialog.again)
    studio.until(lambda: "10 characters" in dialog.problem, "too weak")
    dialog.new.setText(NEW)
    dialog.again.setText(NEW)
    studio.press("Return", dialog.again)
    studio.until(lambda: not any(one.isVisible() for one in studio.window.findChildren(PasswordDialog)), "done")
    assert studio.window.account.is_in
    assert https.do(lambda place: ask_sign_in(place, "eva")).status_code == 403
    assert https.do(lambda place: ask_sign_in(place, "eva", NEW)).status_code == 200


def test_the_studio_joins_where_one_is_signed_in(
    studio: Driver, https: HouseThread, memory: Memory, engine: FakeEngine
) -> None:
    session = studio.window.session
    studio.window.pages.setCurrentWidget(studio.window.share)
    assert not session.join_there.isVisible()
    account = come_in(studio, https.base)
    studio.until(session.join_there.isVisible, "offered")
    assert session.join_there.text() == f"Join at {account.host}"
    studio.click(session.join_there)
    studio.until(lambda: studio.show.session.by_account, "joined")
    assert engine.show.joined == api.SessionJoin(https.base, sign_in=account.bearer)
    assert account.host in session.words.text() and not session.join_there.isVisible()
    studio.click(studio.window.account_button)
    studio.choose("Sign out…")
    studio.click(studio.dialog(Question).act)
    studio.until(lambda: account.standing is Standing.OUT and not studio.show.session.joined, "left and out")


@pytest.mark.parametrize("many", [1, 40])
def test_a_long_name_leaves_the_bar_as_it_is(studio: Driver, many: int) -> None:
    account = studio.window.account
    account.name, account.login, account.role, account.server = "Name & so " * many, "eva" * many, "admin", "https://x"
    account._set(Standing.IN)
    studio.settle()
    assert studio.window.account_button.width() < 200 and studio.window.topbar.go.isVisible()
