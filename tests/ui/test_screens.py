"""Every panel and state as a picture (STOA_PICTURES=FOLDER keeps them), each checked for what must be readable."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from studio.control import api
from studio.control.api import EventType
from studio.server.rights import Role, rights_of
from studio.session import ChatHeld, ChatRulesData, Host, PlanList, Poll
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from tests.ui.furnished_show import attend, busy_chat, furnish, on_air
from ui.agenda import Planned
from ui.dialogs.chat_rules import ChatRulesDialog
from ui.dialogs.destination import DestinationDialog
from ui.dialogs.picker import SourcePicker
from ui.dialogs.plan import PlanDialog
from ui.dialogs.poll import PollDialog
from ui.dialogs.settings import SettingsDialog
from ui.dialogs.shortcuts import ShortcutSheet
from ui.line import Line, Reaction
from ui.panels.topbar import Question
from ui.room import Connection, Presence, Someone
from ui.theme.look import look
from ui.theme.tokens import ThemeName


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept = os.environ.get("STOA_PICTURES")
    found = Path(kept) if kept else tmp_path
    found.mkdir(parents=True, exist_ok=True)
    return found


@pytest.fixture
def furnished(engine: FakeEngine, open_window: Callable[..., Driver]) -> Driver:
    furnish(engine)
    studio = open_window()
    attend(studio)
    studio.window.selection.choose_source(next(iter(engine.show.sources)))
    studio.until(lambda: studio.window.canvas.painted > 3, "pictures")
    return studio


def test_empty(studio: Driver, folder: Path) -> None:
    studio.picture(folder / "empty.png")
    assert studio.window.sources.empty.isVisible()
    assert studio.window.destinations.empty.isVisible()
    assert studio.window.mixer.empty.isVisible()


def test_no_engine(engine: FakeEngine, open_window: Callable[..., Driver], folder: Path) -> None:
    engine.file.unlink()
    studio = open_window(wait=False)
    studio.settle(30)
    studio.picture(folder / "no-engine.png")
    assert not studio.window.topbar.go.isEnabled()
    assert "started again" in studio.window.topbar.told.text()


def test_ready(furnished: Driver, folder: Path) -> None:
    furnished.until(lambda: furnished.window.statistics.values["fps"].text() != "–", "statistics")
    furnished.picture(folder / "ready.png")


def test_the_chat_with_everything(furnished: Driver, folder: Path) -> None:
    window, talk = furnished.window, furnished.room.talk
    window.resize(1440, 1000)
    busy_chat(furnished)
    furnished.press("Ctrl+5", window)
    furnished.picture(folder / "chat-busy.png")
    talk.set_poll(
        Poll("p", "Which guest first?", ("Grace", "The Lin with the long name", "Neither"), (5, 3, 0), 8, True), 0
    )
    furnished.picture(folder / "chat-poll.png", window.chat)
    talk.set_poll(None)
    talk.hold(ChatHeld("h1", "4", "Lin", "Can you say that again, a little slower, for those of us who write along?"))
    window.chat.composer.answer(furnished.room.lines[-1])
    furnished.picture(folder / "chat-held.png", window.chat)
    talk.set_held(())
    menu = window.chat._menu.of(window.chat._area.bubbles()[-4])
    menu.popup(window.mapToGlobal(window.rect().center()))
    furnished.picture(folder / "chat-menu.png", menu)
    menu.close()
    talk.set_poll(
        Poll("p", "Which guest first?", ("Grace", "The Lin with the long name", "Neither"), (5, 3, 0), 8, False), 0
    )
    furnished.picture(folder / "chat-poll-closed.png", window.chat)
    talk.set_poll(None)
    window.chat.composer.address("4", "Lin")
    window.chat.composer._say("You write too fast. Wait 3 seconds.")
    furnished.picture(folder / "chat-private-refused.png", window.chat)
    window.chat.composer._say("")
    window.chat.tools.view.button("backstage").click()
    furnished.picture(folder / "chat-backstage.png", window.chat)
    for name, dialog in (
        ("poll", PollDialog(window, furnished.room)),
        ("chat-rules", ChatRulesDialog(window, furnished.room, ChatRulesData(30, False, True, ("spam*",)))),
    ):
        dialog.open()
        furnished.picture(folder / f"dialog-{name}.png", dialog)
        dialog.reject()
    window.resize(1024, 640)
    furnished.picture(folder / "chat-small.png")
    assert window.chat.text.isVisible()


def test_the_chat_with_little_and_with_much(furnished: Driver, folder: Path) -> None:
    window, room = furnished.window, furnished.room
    furnished.press("Ctrl+5", window)
    room.reset_lines([])
    furnished.picture(folder / "chat-empty.png", window.chat)
    window.chat.tools.search.click()
    furnished.picture(folder / "chat-search.png", window.chat)
    window.chat.search.end()
    long = "A viewer with a name that is a good deal longer than the list is wide"
    rights = frozenset(right.value for right in rights_of(Role.OWNER))
    room.set_rights(share=True, remove=True, invite_admins=True, rights=rights)
    crowd = [Someone(f"c{at}", f"{long} {at}", "viewer", hand=True, hand_s=at + 1) for at in range(4)]
    room.set_people((*room.people, *crowd), 4)
    room.talk.set_held(tuple(ChatHeld(f"h{at}", "4", long, "Much to read. " * 12) for at in range(5)))
    room.talk.set_pinned(Line("p", long, "W" * 180, "20:00", "viewer", seq=3))
    texts = ("Yes.", "I did not hear that, could you say it again a little slower?", "Donaudampfschifffahrt" * 6)
    room.reset_lines(
        [
            replace(
                Line(f"m{at}", long if at % 3 else "Lin", texts[at % 3], "20:14", "viewer", seq=at + 1),
                reactions=tuple(Reaction(one, at) for one in "👍🎉😂👏🔥🙏🤔") if at == 198 else (),
                place=f"to {long} alone" if at == 199 else "",
            )
            for at in range(200)
        ]
    )
    furnished.picture(folder / "chat-200.png", window.chat)
    assert window.chat.text.isVisible()
    room.talk.set_held(())
    room.set_presence(Presence.AWAY, "The line to the session server was lost.")
    furnished.picture(folder / "chat-away.png", window.chat)
    room.reset_lines([])
    furnished.picture(folder / "chat-away-empty.png", window.chat)


def test_people_in_every_state(furnished: Driver, folder: Path) -> None:
    rights = frozenset(right.value for right in rights_of(Role.ADMIN))
    room = furnished.room
    room.set_rights(share=False, remove=True, invite_admins=False, rights=rights)
    long = "A viewer with a name that is a good deal longer than the list is wide"
    room.set_people(
        (
            *room.people,
            Someone("5", "Bob", "broadcaster", publishing=True, streams=("audio",), muted_audio=True, since="20:01"),
            Someone("6", "Mia", "guest", hand=True, hand_s=1, since="20:20"),
            Someone("7", "Troll", "viewer", present=False, removed=True),
            Someone("8", long, "viewer", present=False, removed=True, banned=True, ban_ends="22 Nov 20:14"),
        ),
        4,
    )
    room.set_standing(locked=True, needs_release=True)
    room.set_connections({"6": Connection("poor", "9 % lost."), "4": Connection("good", "20 ms.", watches=True)})
    furnished.press("Ctrl+6", furnished.window)
    furnished.picture(folder / "people.png", furnished.window.people)
    furnished.window.people._rows["4"].ask_remove()
    furnished.picture(folder / "dialog-remove.png", furnished.dialog(Question))
    furnished.dialog(Question).reject()
    assert furnished.window.people.removed.isVisible()


def test_home(furnished: Driver, engine: FakeEngine, folder: Path) -> None:
    window, room = furnished.window, furnished.room
    furnished.press("Ctrl+9", window)
    furnished.picture(folder / "home-nothing.png", window.home)
    rights = frozenset(right.value for right in rights_of(Role.OWNER))
    room.set_rights(share=True, remove=True, invite_admins=True, rights=rights)
    now_s = room.agenda.now_s
    weekly = Planned(
        "s1",
        "p1",
        "Weekly Q&A",
        now_s + 4000,
        now_s + 3100,
        now_s + 9000,
        "Thursday, 26 November, 19:00 (14:00 in America/New_York)",
        description="Bring your questions about the new release; the answers come from those who built it.",
        hosts=("Ada", "Grace"),
    )
    long = "The yearly meeting of everybody who ever sent a picture somewhere"
    later = replace(weekly, id="s2", title=long, starts_s=now_s + 400_000, when="Wednesday, 2 December, 09:30")
    room.agenda.set((weekly, later))
    furnished.picture(folder / "home-before.png", window.home)
    room.agenda.set((replace(weekly, opens_s=now_s - 60, starts_s=now_s + 840), later))
    furnished.picture(folder / "home-open.png")
    assert window.home.go.isEnabled()
    on_air(engine)
    furnished.until(lambda: furnished.show.live, "live")
    room.agenda.set((replace(weekly, state="live", words="On air since 19:00."), later))
    furnished.picture(folder / "home-live.png", window.home)
    found = PlanList((), (Host("owner", "Ada"), Host("b", "Grace"), Host("c", long)), "")
    plan = PlanDialog(window, room, found)
    plan.open()
    furnished.picture(folder / "dialog-plan.png", plan)
    plan.repeats.setCurrentIndex(2)
    plan.ends.setCurrentIndex(1)
    furnished.picture(folder / "dialog-plan-weekly.png", plan)
    plan.reject()


def test_on_air(furnished: Driver, engine: FakeEngine, folder: Path) -> None:
    on_air(engine)
    furnished.until(lambda: furnished.show.live and furnished.show.recording.bytes, "live and recording")
    for tab, name in enumerate(("chat", "people", "share", "statistics", "home")):
        furnished.window.pages.setCurrentIndex(tab)
        furnished.picture(folder / f"on-air-{name}.png")
    assert "ON AIR" in furnished.window.topbar.state.text()


def test_admin_notice(furnished: Driver, engine: FakeEngine, folder: Path) -> None:
    on_air(engine)
    engine.show.program = msgspec.structs.replace(engine.show.program, muted_audio_by="Grace")
    engine.show._emit(EventType.PROGRAM_CHANGED, engine.show.program)
    engine.show.raise_notice("warning", "The microphone Røde NT-USB is lost.", remedy="It comes back by itself.")
    engine.show.raise_notice(
        "admin",
        "An admin muted your sound. Everyone hears silence.",
        remedy="Only an admin can lift it; you can ask in the chat.",
        by="Grace",
        action="mute_audio",
    )
    furnished.until(lambda: len(furnished.window.notices.banners) == 2, "notices")
    furnished.picture(folder / "admin-notice.png")
    banner = next(one for one in furnished.window.notices.banners.values() if one.notice.severity == "admin")
    assert banner.width() == furnished.window.width()


def test_light(furnished: Driver, engine: FakeEngine, folder: Path) -> None:
    on_air(engine)
    furnished.press("Ctrl+Shift+D")
    assert look.chosen is ThemeName.LIGHT
    furnished.picture(folder / "light.png")
    furnished.window.pages.setCurrentIndex(2)
    furnished.picture(folder / "light-share.png")


def test_small(furnished: Driver, engine: FakeEngine, folder: Path) -> None:
    on_air(engine)
    furnished.window.resize(furnished.window.minimumSize())
    furnished.picture(folder / "small.png")
    assert furnished.window.size() == furnished.window.minimumSize()


def test_long_names_and_errors(engine: FakeEngine, furnished: Driver, folder: Path) -> None:
    long = "The camera on the gantry over stage two, the one with the wide lens and the yellow cable"
    for source in list(engine.show.sources):
        engine.show.source_set(api.SourceSet(source, name=f"{long} ({source})"))
    for destination in list(engine.show.destinations):
        engine.show.put_destination(
            EventType.DESTINATION_FAILED,
            id=destination,
            name=long,
            state="failed",
            words="Refused.",
            problem=api.Problem(
                "refused",
                "The server refused the stream key.",
                "Copy the key again from your platform's page; keys change when the event does.",
                True,
            ),
        )
    first = next(iter(engine.show.sources))
    lost = msgspec.structs.replace(
        engine.show.sources[first],
        state=api.SourceState.FAILED,
        problem=api.Problem("busy", "Another program uses this camera.", "Close it there."),
    )
    engine.show.sources[first] = lost
    engine.show._emit(EventType.SOURCE_CHANGED, lost)
    furnished.window.toast.say(
        "The camera could not be opened.", "Another program uses it. The old one stays on.", tone="danger"
    )
    furnished.until(lambda: furnished.show.sources[first].state is api.SourceState.FAILED, "failed")
    furnished.picture(folder / "long-names.png")
    width = furnished.window.width()
    assert width == 1440


def test_dialogs(furnished: Driver, engine: FakeEngine, folder: Path) -> None:
    window = furnished.window
    furnished.press("Ctrl+N")
    picker = furnished.dialog(SourcePicker)
    furnished.until(lambda: picker.devices.count() == 2, "devices")
    furnished.picture(folder / "dialog-picker.png", picker)
    picker.kinds.setCurrentRow(4)
    furnished.picture(folder / "dialog-picker-window.png", picker)
    picker.kinds.setCurrentRow(5)
    picker.path.setText("/home/ada/missing.mp4")
    furnished.click(picker.use)
    furnished.until(lambda: picker.problem, "refusal")
    furnished.picture(folder / "dialog-picker-refused.png", picker)
    picker.reject()
    furnished.press("Ctrl+D", window)
    dialog = furnished.dialog(DestinationDialog)
    furnished.picture(folder / "dialog-destination.png", dialog)
    dialog._choose("srt")
    furnished.picture(folder / "dialog-destination-srt.png", dialog)
    dialog.reject()
    engine.show.destination_add(
        api.DestinationAdd("srt://relay.example.org:9000?streamid=publish:show&latency=200", "Relay", "a passphrase")
    )
    furnished.until(lambda: "Relay" in [one.name for one in furnished.show.destinations.values()], "added")
    for which, destination in furnished.show.destinations.items():
        edited = DestinationDialog(window, furnished.show, which)
        edited.open()
        furnished.picture(folder / f"dialog-edit-{destination.protocol}-{destination.state}.png", edited)
        edited.reject()
    engine.show.destination_remove(api.ById(list(engine.show.destinations)[-1]))
    furnished.press("Ctrl+,", window)
    settings = furnished.dialog(SettingsDialog)
    furnished.picture(folder / "dialog-settings.png", settings)
    settings.reject()
    furnished.press("F1", window)
    sheet = furnished.dialog(ShortcutSheet)
    furnished.picture(folder / "dialog-shortcuts.png", sheet)
    sheet.reject()
    on_air(engine)
    furnished.until(lambda: furnished.show.live, "live")
    furnished.press("Ctrl+Shift+L", window)
    question = furnished.dialog(Question)
    furnished.picture(folder / "dialog-stop.png", question)
    question.reject()
    window.close()
    from ui.dialogs.leave import LeaveQuestion

    leave = furnished.dialog(LeaveQuestion)
    furnished.picture(folder / "dialog-leave.png", leave)
    leave.reject()
    furnished.settle()
