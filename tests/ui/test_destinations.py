"""Destinations: adding, states in words, retry, secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.control import api
from studio.control.api import EventType
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from ui.dialogs.destination import DestinationDialog
from ui.dialogs.frame import Question
from ui.preferences import store


@pytest.fixture
def sending(engine: FakeEngine, open_window: Callable[..., Driver]) -> Driver:
    engine.show.destination_add(api.DestinationAdd("rtmp://host/live/key", "Main"))
    return open_window()


def only(engine: FakeEngine) -> str:
    (found,) = engine.show.destinations
    return found


def test_a_platform_is_chosen_and_the_key_typed(studio: Driver, engine: FakeEngine) -> None:
    studio.press("Ctrl+D", studio.window)
    dialog = studio.dialog(DestinationDialog)
    dialog.preset.setCurrentText("YouTube")
    studio.type("abcd-1234", dialog.rtmp_key)
    studio.press("Return", dialog.rtmp_key)
    studio.until(lambda: engine.show.destinations, "added")
    url = "rtmps://a.rtmps.youtube.com/live2/abcd-1234"
    assert engine.called("destination.add") == [api.DestinationAdd(url, "YouTube", save=True)]


def test_srt_and_whip_send_their_secret_beside_the_address(studio: Driver, engine: FakeEngine) -> None:
    studio.click(studio.window.destinations.add)
    dialog = studio.dialog(DestinationDialog)
    studio.click(dialog.protocol.button("srt"))
    studio.type("ingest.example.org", dialog.srt_host)
    studio.type("read:a/b", dialog.srt_stream)
    studio.type("a long passphrase", dialog.srt_passphrase)
    studio.click(dialog.accept_button)
    studio.until(lambda: engine.called("destination.add"), "added")
    (added,) = engine.called("destination.add")
    assert added.url == "srt://ingest.example.org:9000?latency=120&streamid=read%3Aa%2Fb"
    assert added.secret == "a long passphrase" and added.name == "SRT"
    studio.until(lambda: studio.window.findChild(DestinationDialog) is None, "closed")
    studio.click(studio.window.destinations.add)
    dialog = studio.dialog(DestinationDialog)
    studio.click(dialog.protocol.button("whip"))
    studio.type("https://media.example.org/whip/room", dialog.whip_url)
    studio.type("t0ken", dialog.whip_token)
    studio.click(dialog.accept_button)
    studio.until(lambda: len(engine.called("destination.add")) == 2, "added")
    assert engine.called("destination.add")[1].url == "whip+https://media.example.org/whip/room"
    assert engine.called("destination.add")[1].secret == "t0ken"


def test_what_cannot_be_right_is_told_in_the_dialog(studio: Driver, engine: FakeEngine) -> None:
    studio.press("Ctrl+D", studio.window)
    dialog = studio.dialog(DestinationDialog)
    studio.click(dialog.accept_button)
    assert dialog.problem == "The address is missing."
    studio.type("ftp://host/x", dialog.rtmp_url)
    studio.click(dialog.accept_button)
    studio.until(lambda: "ftp://" in dialog.problem, "refused")
    assert dialog.isVisible() and dialog.accept_button.isEnabled()


def test_no_secret_is_on_screen_or_in_the_windows_file(studio: Driver, engine: FakeEngine, tmp_path: Path) -> None:
    studio.press("Ctrl+D", studio.window)
    dialog = studio.dialog(DestinationDialog)
    studio.type("rtmp://host/live", dialog.rtmp_url)
    studio.type("s3cret-key", dialog.rtmp_key)
    assert dialog.rtmp_key.displayText() == "●" * 10
    studio.click(dialog.accept_button)
    studio.until(lambda: studio.window.destinations.rows, "added")
    row = next(iter(studio.window.destinations.rows.values()))
    shown = " ".join(
        (row.name.text(), row.words.text(), row.words.toolTip(), row.accessibleName(), row.destination.url)
    )
    assert "s3cret" not in shown and "****" in row.destination.url
    store(tmp_path / "window.json", studio.window.preferences())
    assert "s3cret" not in (tmp_path / "window.json").read_text()


def test_states_are_said_in_words_with_a_remedy(sending: Driver, engine: FakeEngine) -> None:
    row = next(iter(sending.window.destinations.rows.values()))
    engine.show.put_destination(
        EventType.DESTINATION_CONNECTING, id=only(engine), state="connecting", words="Connecting."
    )
    sending.until(lambda: row.words.text() == "Connecting.", "connecting")
    engine.show.put_destination(
        EventType.DESTINATION_LIVE,
        id=only(engine),
        state="live",
        words="Sending.",
        bitrate_kbps=2500.0,
        history_kbps=[2500, 2480],
    )
    sending.until(lambda: row.rate.text() == "2.5 Mb/s", "live")
    assert row.line.isVisible() and not row.retry.isVisible()
    engine.show.put_destination(
        EventType.DESTINATION_FAILED,
        id=only(engine),
        state="failed",
        words="Refused.",
        problem=api.Problem("refused", "The server refused the stream key.", "Copy it again.", True),
    )
    sending.until(lambda: row.words.text() == "The server refused the stream key.", "failed")
    assert row.remedy.text() == "Copy it again." and row.retry.isVisible()
    assert "failed" in row.accessibleName()


def test_retry_now_by_button_and_key(sending: Driver, engine: FakeEngine) -> None:
    row = next(iter(sending.window.destinations.rows.values()))
    engine.show.put_destination(
        EventType.DESTINATION_LOST, id=only(engine), state="reconnecting", words="Lost.", retry_in_s=9.0
    )
    sending.until(lambda: "9" in row.words.text(), "words")
    sending.click(row.retry)
    sending.until(lambda: row.rate.isVisible() and engine.show.destinations[only(engine)].state == "live", "live")
    engine.show.put_destination(EventType.DESTINATION_LOST, id=only(engine), state="reconnecting", words="Lost.")
    sending.until(lambda: sending.show.destinations[only(engine)].state == "reconnecting", "lost again")
    sending.press("Ctrl+T", sending.window)
    sending.until(lambda: len(engine.called("destination.start")) == 2, "tried")


def test_enable_edit_and_remove(sending: Driver, engine: FakeEngine) -> None:
    row = next(iter(sending.window.destinations.rows.values()))
    sending.click(row.enabled_box)
    sending.until(lambda: not engine.show.destinations[only(engine)].enabled, "disabled")
    row.setFocus()
    sending.press("Return", row)
    dialog = sending.dialog(DestinationDialog)
    assert not dialog.pages.isVisible()
    dialog.name.selectAll()
    sending.type("Renamed", dialog.name)
    sending.click(dialog.accept_button)
    sending.until(lambda: engine.show.destinations[only(engine)].name == "Renamed", "renamed")
    sending.until(lambda: sending.window.findChild(DestinationDialog) is None, "closed")
    row.setFocus()
    sending.press("Del", row)
    sending.click(sending.dialog(Question).act)
    sending.until(lambda: not engine.show.destinations, "removed")


def test_a_new_address_takes_the_old_ones_place_only_if_it_is_taken(sending: Driver, engine: FakeEngine) -> None:
    row = next(iter(sending.window.destinations.rows.values()))
    old = only(engine)
    row.edit_wanted.emit(old)
    dialog = sending.dialog(DestinationDialog)
    sending.click(dialog.change)
    sending.type("ftp://x", dialog.rtmp_url)
    sending.click(dialog.accept_button)
    sending.until(lambda: dialog.problem, "refused")
    assert only(engine) == old
    dialog.rtmp_url.clear()
    sending.type("rtmp://other/live", dialog.rtmp_url)
    sending.click(dialog.accept_button)
    sending.until(lambda: len(engine.show.destinations) == 1 and only(engine) != old, "replaced")
    assert engine.show.destinations[only(engine)].name == "Main"
