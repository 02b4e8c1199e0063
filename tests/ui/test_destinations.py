"""Destinations: adding, states in words, retry, secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from studio.control import api
from studio.control.api import EventType
from studio.media.mask import MASK
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
    studio.press("Down", dialog.rtmp.preset)
    assert dialog.rtmp.preset.currentText() == "YouTube"
    studio.press("Return", dialog.rtmp.key.line)
    assert dialog.problem == "The stream key is missing." and dialog.rtmp.key.line.hasFocus()
    studio.type("abcd-1234", dialog.rtmp.key.line)
    studio.press("Return", dialog.rtmp.key.line)
    studio.until(lambda: engine.show.destinations, "added")
    url = "rtmps://a.rtmps.youtube.com/live2/abcd-1234"
    assert engine.called("destination.add") == [api.DestinationAdd(url, "YouTube", save=True)]


def test_srt_and_whip_send_their_secret_beside_the_address(studio: Driver, engine: FakeEngine) -> None:
    studio.click(studio.window.destinations.add)
    dialog = studio.dialog(DestinationDialog)
    studio.click(dialog.protocol.button("srt"))
    studio.type("ingest.example.org", dialog.srt.host)
    studio.type("read:a/b", dialog.srt.stream.line)
    studio.type("a long passphrase", dialog.srt.passphrase.line)
    studio.click(dialog.accept_button)
    studio.until(lambda: engine.called("destination.add"), "added")
    (added,) = engine.called("destination.add")
    assert added.url == "srt://ingest.example.org:9000?latency=120&streamid=read%3Aa%2Fb"
    assert added.secret == "a long passphrase" and added.name == "SRT"
    studio.until(lambda: studio.window.findChild(DestinationDialog) is None, "closed")
    studio.click(studio.window.destinations.add)
    dialog = studio.dialog(DestinationDialog)
    studio.click(dialog.protocol.button("whip"))
    studio.type("https://media.example.org/whip/room", dialog.whip.url)
    studio.type("t0ken", dialog.whip.token.line)
    studio.click(dialog.accept_button)
    studio.until(lambda: len(engine.called("destination.add")) == 2, "added")
    assert engine.called("destination.add")[1].url == "whip+https://media.example.org/whip/room"
    assert engine.called("destination.add")[1].secret == "t0ken"


def test_what_cannot_be_right_is_told_in_the_dialog(studio: Driver, engine: FakeEngine) -> None:
    studio.press("Ctrl+D", studio.window)
    dialog = studio.dialog(DestinationDialog)
    studio.click(dialog.accept_button)
    assert dialog.problem == "The address is missing."
    studio.type("ftp://host/x", dialog.rtmp.url)
    studio.click(dialog.accept_button)
    studio.until(lambda: "ftp://" in dialog.problem, "refused")
    assert dialog.isVisible() and dialog.accept_button.isEnabled()


def test_no_secret_is_on_screen_or_in_the_windows_file(studio: Driver, engine: FakeEngine, tmp_path: Path) -> None:
    studio.press("Ctrl+D", studio.window)
    dialog = studio.dialog(DestinationDialog)
    studio.type("rtmp://host/live", dialog.rtmp.url)
    studio.type("s3cret-key", dialog.rtmp.key.line)
    assert dialog.rtmp.key.line.displayText() == "●" * 10
    studio.click(dialog.accept_button)
    studio.until(lambda: studio.window.destinations.rows, "added")
    row = next(iter(studio.window.destinations.rows.values()))
    shown = " ".join(
        (row.name.text(), row.words.text(), row.words.toolTip(), row.accessibleName(), row.destination.url)
    )
    assert "s3cret" not in shown and MASK in row.destination.url
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
    dialog.name.selectAll()
    sending.type("Renamed", dialog.name)
    sending.click(dialog.accept_button)
    sending.until(lambda: engine.show.destinations[only(engine)].name == "Renamed", "renamed")
    sending.until(lambda: sending.window.findChild(DestinationDialog) is None, "closed")
    row.setFocus()
    sending.press("Del", row)
    sending.click(sending.dialog(Question).act)
    sending.until(lambda: not engine.show.destinations, "removed")


def edit(studio: Driver, engine: FakeEngine) -> DestinationDialog:
    """The dialog on the only destination, by keyboard."""
    row = studio.window.destinations.rows[only(engine)]
    row.setFocus()
    studio.press("Return", row)
    return studio.dialog(DestinationDialog)


def changed(studio: Driver, engine: FakeEngine) -> api.DestinationSet:
    """What the engine was asked for once the dialog is closed."""
    studio.until(lambda: studio.window.findChild(DestinationDialog) is None, "closed")
    return engine.called("destination.set")[-1]  # type: ignore[no-any-return]


def test_another_server_keeps_the_key_and_the_place(sending: Driver, engine: FakeEngine) -> None:
    which = only(engine)
    dialog = edit(sending, engine)
    assert dialog.rtmp.url.text() == "rtmp://host/live"
    assert (dialog.rtmp.key.line.text(), dialog.rtmp.key.line.placeholderText()) == ("", "Unchanged")
    dialog.rtmp.url.selectAll()
    sending.type("ftp://x", dialog.rtmp.url)
    sending.press("Return", dialog.rtmp.url)
    sending.until(lambda: dialog.problem, "refused")
    dialog.rtmp.url.selectAll()
    sending.type("rtmp://other/live", dialog.rtmp.url)
    sending.press("Return", dialog.rtmp.url)
    assert changed(sending, engine) == api.DestinationSet(which, url=f"rtmp://other/live/{MASK}")
    assert only(engine) == which and engine.show.destinations[which].name == "Main"


def test_a_new_key_for_the_same_server(sending: Driver, engine: FakeEngine) -> None:
    dialog = edit(sending, engine)
    sending.type("key-2", dialog.rtmp.key.line)
    sending.click(dialog.accept_button)
    assert changed(sending, engine) == api.DestinationSet(only(engine), url="rtmp://host/live/key-2")


def test_another_platform_never_gets_the_old_key(sending: Driver, engine: FakeEngine) -> None:
    dialog = edit(sending, engine)
    sending.press("Down", dialog.rtmp.preset)
    sending.click(dialog.accept_button)
    assert dialog.problem == "The stream key is missing." and not engine.called("destination.set")


def test_nothing_changed_asks_for_nothing(sending: Driver, engine: FakeEngine) -> None:
    sending.click(edit(sending, engine).accept_button)
    sending.until(lambda: sending.window.findChild(DestinationDialog) is None, "closed")
    assert not engine.called("destination.set")


def test_srts_options_stay_and_its_secrets_can_be_taken_away(
    engine: FakeEngine, open_window: Callable[..., Driver]
) -> None:
    url = "srt://[::1]:9000?streamid=publish:x&pkt_size=1128&passphrase=in-the-address"
    engine.show.destination_add(api.DestinationAdd(url, "Relay"))
    studio = open_window()
    dialog = edit(studio, engine)
    assert (dialog.srt.host.text(), dialog.srt.port.value(), dialog.srt.latency.value()) == ("[::1]", 9000, 120)
    assert not any(part in field.text() for field in (dialog.srt.stream.line,) for part in ("publish", MASK))
    dialog.srt.latency.setValue(400)
    studio.click(dialog.accept_button)
    kept = f"srt://[::1]:9000?streamid={MASK}&pkt_size=1128&passphrase={MASK}"
    assert changed(studio, engine) == api.DestinationSet(only(engine), url=f"{kept}&latency=400")
    dialog = edit(studio, engine)
    studio.press("Space", dialog.srt.passphrase.none)
    studio.press("Space", dialog.srt.stream.none)
    assert not dialog.srt.passphrase.line.isEnabled()
    studio.click(dialog.accept_button)
    assert changed(studio, engine).url == "srt://[::1]:9000?pkt_size=1128&latency=400"


def test_a_token_is_kept_changed_and_taken_away(engine: FakeEngine, open_window: Callable[..., Driver]) -> None:
    engine.show.destination_add(api.DestinationAdd("whip+https://h/whip/a", "Room", "t0ken"))
    studio = open_window()
    dialog = edit(studio, engine)
    assert dialog.whip.url.text() == "https://h/whip/a" and dialog.whip.token.line.text() == ""
    studio.press("End", dialog.whip.url)
    studio.type("b", dialog.whip.url)
    studio.click(dialog.accept_button)
    assert changed(studio, engine).secret is None
    dialog = edit(studio, engine)
    studio.type("new", dialog.whip.token.line)
    studio.click(dialog.accept_button)
    assert changed(studio, engine) == api.DestinationSet(only(engine), secret="new")
    dialog = edit(studio, engine)
    studio.press("Space", dialog.whip.token.none)
    studio.click(dialog.accept_button)
    assert changed(studio, engine) == api.DestinationSet(only(engine), secret="")


def test_where_a_live_one_sends_cannot_change_but_its_name_can(sending: Driver, engine: FakeEngine) -> None:
    engine.show.put_destination(EventType.DESTINATION_LIVE, id=only(engine), state="live", words="Sending.")
    sending.until(lambda: sending.show.destinations[only(engine)].state == "live", "live")
    dialog = edit(sending, engine)
    assert not dialog.rtmp.url.isEnabled() and "Disconnect it" in dialog.note.text() and dialog.note.isVisible()
    dialog.name.selectAll()
    sending.type("Renamed", dialog.name)
    sending.press("Return", dialog.name)
    assert changed(sending, engine) == api.DestinationSet(only(engine), name="Renamed")


def test_the_sessions_own_address_comes_from_the_session(sending: Driver, engine: FakeEngine) -> None:
    sending.show.session = msgspec.structs.replace(sending.show.session, publish_destination=only(engine))
    dialog = edit(sending, engine)
    assert not dialog.pages.isVisible() and "session" in dialog.note.text()
