"""One sign-in at a time: signing in at a second server ends the first, there and in the keyring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.errors
import pytest

import ui.account
from studio.control import api
from tests.fakes.account_holder import PASSWORD, signed_up
from tests.fakes.house_thread import HouseThread
from tests.fakes.keyring_in_memory import keep_in_memory
from tests.ui.conftest import Driver
from ui.account import Account, Standing
from ui.dialogs.sign_in import SignInDialog

Entries = dict[tuple[str, str], str]


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Entries:
    return keep_in_memory(monkeypatch)


@pytest.fixture
def houses(tmp_path: Path, studio: Driver) -> Iterator[tuple[HouseThread, HouseThread]]:
    """Two servers, at which Eva has an account each."""
    made = HouseThread(tmp_path / "one"), HouseThread(tmp_path / "two")
    for house in made:
        house.do(lambda place: signed_up(place, "eva", "broadcaster"))
    yield made
    studio.run(studio.window.account.close())
    for house in made:
        house.stop()


def come_in(studio: Driver, house: HouseThread) -> str:
    """The bearer, once the keyring has it."""
    account = studio.window.account
    studio.run(account.sign_in(house.base, "eva", PASSWORD))
    studio.until(lambda: account.kept == house.base, "kept", 20)
    return account.bearer


def kept(entries: Entries) -> dict[str, str]:
    return {address: bearer for (_, address), bearer in entries.items()}


def is_alive(house: HouseThread, bearer: str) -> bool:
    return house.do(lambda place: place.call("GET", "/api/v1/account", bearer)).status_code == 200


def test_the_first_is_signed_out_and_out_of_the_keyring(
    studio: Driver, houses: tuple[HouseThread, HouseThread], entries: Entries
) -> None:
    one, two = houses
    first = come_in(studio, one)
    assert kept(entries) == {one.base: first}
    second = come_in(studio, two)
    studio.until(lambda: not is_alive(one, first), "dead", 20)
    assert kept(entries) == {two.base: second} and is_alive(two, second)
    assert studio.window.preferences().account == two.base
    third = come_in(studio, two)
    studio.until(lambda: not is_alive(two, second), "the same server again", 20)
    studio.until(lambda: kept(entries) == {two.base: third}, "kept")
    assert third != second and is_alive(two, third)


def test_one_that_only_the_keyring_knows_is_ended_too(
    studio: Driver, houses: tuple[HouseThread, HouseThread], entries: Entries, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = houses
    first = come_in(studio, one)
    studio.run(studio.window.account.close())
    account = studio.window.account = _another(studio)
    open_keyring = keyring.get_password

    def locked(*_: str) -> None:
        raise keyring.errors.KeyringLocked

    monkeypatch.setattr(keyring, "get_password", locked)
    studio.run(_restore(account, one.base))
    studio.until(lambda: account.standing is Standing.OUT and account.words, "told that it is locked")
    monkeypatch.setattr(keyring, "get_password", open_keyring)
    second = come_in(studio, two)
    studio.until(lambda: not is_alive(one, first), "dead", 20)
    assert kept(entries) == {two.base: second}


def test_one_that_no_keyring_tells_is_known_at_the_next_start(
    studio: Driver, houses: tuple[HouseThread, HouseThread], monkeypatch: pytest.MonkeyPatch, entries: Entries
) -> None:
    one, two = houses
    first = come_in(studio, one)
    studio.run(studio.window.account.close())
    account = studio.window.account = _another(studio)
    account.kept = one.base

    def locked(*_: str) -> None:
        raise keyring.errors.KeyringLocked

    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, name, locked)
    told: list[str] = []
    account.told.connect(lambda words, _: told.append(words))
    studio.show.start(account.sign_in(two.base, "eva", PASSWORD))
    studio.until(lambda: ui.account.NOT_KEPT in told, "told that it is not kept", 20)
    assert account.is_in and account.server == two.base and account.kept == one.base
    studio.run(account.sign_out())
    studio.until(lambda: account.standing is Standing.OUT, "out")
    assert account.kept == one.base and is_alive(one, first)


def test_a_first_server_that_is_away_cannot_be_told(
    studio: Driver, houses: tuple[HouseThread, HouseThread], entries: Entries
) -> None:
    one, two = houses
    come_in(studio, one)
    one.ask_to_stop()
    studio.until(lambda: not one.is_running, "gone", 20)
    one.stop()
    told: list[tuple[str, str]] = []
    studio.window.account.told.connect(lambda *words: told.append(words))
    second = come_in(studio, two)
    studio.until(lambda: told, "told", 20)
    assert told[0][0].startswith(f"You are not signed in at {one.base[7:]} here any more.")
    assert told[0][1] == ui.account.NOT_TOLD and kept(entries) == {two.base: second}
    one.start()


def test_nobody_leaves_a_session_by_signing_in_elsewhere(
    studio: Driver, houses: tuple[HouseThread, HouseThread], entries: Entries
) -> None:
    one, two = houses
    first = come_in(studio, one)
    account = studio.window.account
    studio.show.start(studio.show.call("session.join", api.SessionJoin(one.base, sign_in=first)))
    studio.until(lambda: studio.show.session.by_account, "in the session")
    dialog = SignInDialog(studio.window, studio.show, account)
    dialog.open()
    for field, text in ((dialog.server, two.base), (dialog.login, "eva"), (dialog.password, PASSWORD)):
        field.setText(text)
    studio.press("Return", dialog.password)
    assert dialog.problem == f"The studio is in a session by your account at {account.host}. Leave the session first."
    dialog.server.setText(one.base)
    studio.press("Return", dialog.password)
    studio.until(lambda: account.bearer != first, "in again", 20)
    studio.until(lambda: kept(entries) == {one.base: account.bearer}, "kept")
    assert is_alive(one, first), "the session is by it"


def _another(studio: Driver) -> Account:
    return Account(studio.show.start)


async def _restore(account: Account, base: str) -> None:
    account.restore(base)
