"""Choosing PostgreSQL for the session server's data in the settings: the URL is typed unseen, kept in the keyring."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit

from studio.session.kept_database import KeptDatabase
from tests.fakes.keyring_in_memory import keep_in_memory
from tests.ui.conftest import Driver
from ui.dialogs.settings import SettingsDialog
from ui.room import Presence

URL = "postgresql://ada:hunter2-secret@db.example/stoa"


def opened(studio: Driver) -> SettingsDialog:
    studio.press("Ctrl+,", studio.window)
    dialog = studio.dialog(SettingsDialog)
    studio.until(dialog.database.isEnabled, "what was chosen before")
    return dialog


def closed(studio: Driver) -> None:
    studio.until(lambda: not any(one.isVisible() for one in studio.window.findChildren(SettingsDialog)), "saved")


def test_chosen_shown_and_taken_back(studio: Driver, stoa_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = keep_in_memory(monkeypatch)
    dialog = opened(studio)
    page = dialog.database
    assert not page.url.isVisible() and not page.note.isVisible()
    studio.click(page.where.button("postgresql"))
    assert page.url.isVisible() and page.note.isVisible() and page.url.echoMode() is QLineEdit.EchoMode.Password
    studio.click(dialog.save)
    studio.until(lambda: "no URL of a PostgreSQL database" in dialog.problem, "refused")
    assert page.url.hasFocus() and not entries
    studio.type(URL, page.url)
    studio.click(dialog.save)
    closed(studio)
    assert KeptDatabase(stoa_home).find() == URL
    assert not any(b"hunter2" in path.read_bytes() for path in stoa_home.rglob("*") if path.is_file())
    dialog = opened(studio)
    assert dialog.database.url.placeholderText() == "stoa at db.example (in the keyring)"
    assert dialog.database.url.text() == ""
    studio.click(dialog.save)
    closed(studio)
    assert KeptDatabase(stoa_home).find() == URL
    dialog = opened(studio)
    studio.click(dialog.database.where.button("file"))
    studio.click(dialog.save)
    closed(studio)
    assert (KeptDatabase(stoa_home).shown(), entries) == ("", {})


def test_why_the_server_is_not_there_stands_where_the_session_is(studio: Driver) -> None:
    studio.room.set_trouble("The database stoa at db.example is not there. Start it.")
    assert studio.room.presence is Presence.NONE
    studio.window.pages.setCurrentWidget(studio.window.share)
    assert studio.room.words.startswith("The database stoa at db.example")
    studio.room.set_presence(Presence.JOINED)
    studio.room.set_trouble("Later.")
    assert studio.room.presence is Presence.JOINED
