"""A show as it is half an hour in: sources, destinations, people and chat, for tests that look at the window."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from studio.control import api
from studio.control.api import EventType
from studio.server.rights import Role, rights_of
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from ui.line import Line, Reaction
from ui.room import Address, Presence, Reach, Someone
from ui.talk import Rules

QR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"><path d="M0 0h7v7h-7zM22 0h7v7h-7zM0 22h7v7h-7z'
    'M10 3h2v4h-2zM14 9h5v3h-5zM9 14h4v6h-4zM16 17h6v2h-6zM20 22h4v5h-4zM12 24h4v3h-4z"/></svg>'
)


def furnish(engine: FakeEngine) -> None:
    """A show as it is half an hour in."""
    show = engine.show
    show.source_add(api.SourceAdd("camera:cam0", "Logitech BRIO", place=True))
    show.source_add(api.SourceAdd("screen:0", "Screen 1", place=True))
    show.source_add(api.SourceAdd("mic:a", "Røde NT-USB"))
    show.source_add(api.SourceAdd("file:/home/ada/Videos/intro.mp4", "intro.mp4", place=True))
    camera, screen, clip = show.placements.values()
    show.scene_set(
        api.SceneSet(
            [
                msgspec.structs.replace(screen, order=0),
                msgspec.structs.replace(camera, x=0.68, y=0.62, width=0.28, height=0.32, order=1),
                msgspec.structs.replace(clip, x=0.05, y=0.06, width=0.2, height=0.2, order=2, visible=False),
            ]
        )
    )
    microphone, sound = show.strips
    show.strip_set(api.StripSet(microphone, gain_db=3.5, sync_offset_ms=40))
    show.strip_set(api.StripSet(sound, gain_db=-12, pan=-0.3, mute=True))
    show.meters = {
        microphone: api.Meter((-6.2, -8.0), (-17.0, -19.5)),
        sound: api.Meter((-14.0, -15.0), (-26.0, -27.0)),
        "master": api.Meter((-5.1, -6.4), (-15.0, -16.5)),
    }
    show.destination_add(api.DestinationAdd("rtmps://a.rtmps.youtube.com/live2/abcd-1234", "YouTube"))
    show.destination_add(api.DestinationAdd("srt://ingest.example.org:9000", "Second site"))


def on_air(engine: FakeEngine) -> None:
    show = engine.show
    show.program_start(api.Nothing())
    show.program = msgspec.structs.replace(show.program, live_since_ns=show.program.live_since_ns - 1834 * 10**9)
    show._emit(EventType.PROGRAM_STARTED, show.program)
    first, second = show.destinations
    rates = [2500 + (at * 37) % 90 - 45 for at in range(60)]
    show.put_destination(
        EventType.DESTINATION_LIVE,
        id=first,
        bitrate_kbps=2512.0,
        history_kbps=rates,
        history_dropped=[0] * 60,
        frames=55_020,
        rtt_ms=21.0,
        words="Sending.",
    )
    show.put_destination(
        EventType.DESTINATION_LOST,
        id=second,
        state="reconnecting",
        words="The server went away.",
        problem=api.Problem("lost", "The server closed the connection.", "Check that it is running."),
        history_kbps=[*rates[:40], *([0] * 20)],
        history_dropped=[*([0] * 38), 2, 5, *([0] * 20)],
        dropped=7,
        reconnects=2,
        retry_in_s=1.4,
    )
    show.recording_start(api.RecordingStart())
    show.recording = msgspec.structs.replace(show.recording, bytes=431_000_000, duration_s=1380.0, frames=41_400)


def attend(studio: Driver) -> None:
    room = studio.room
    room.set_presence(Presence.JOINED)
    room.set_rights(share=True, remove=True, invite_admins=True)
    room.set_people(
        (
            Someone("1", "Ada", "owner", me=True, publishing=True, streams=("audio", "video"), since="19:55"),
            Someone("2", "Grace", "admin", since="20:10"),
            Someone("3", "A viewer with a name that is a good deal longer than the list is wide", "viewer"),
            Someone("4", "Lin", "viewer", since="20:14"),
        ),
        2,
    )
    room.reset_lines(
        [
            Line("a", "", "Lin came in.", "20:14", notice=True),
            Line("b", "Lin", "Hello! The sound is much better today.", "20:14", "viewer"),
            Line("c", "Ada", "Thank you. New microphone.", "20:15", "owner", mine=True),
            Line("d", "Grace", "Two minutes to the interview.", "20:31", "admin"),
            Line("e", "Lin", "<b>not bold</b> https://example.org/" + "x" * 70, "20:32", "viewer"),
        ]
    )
    room.set_reach(
        Reach(
            True,
            "192.168.1.20",
            8080,
            "off",
            "http://192.168.1.20:8080/watch/studio#i=3f9a1c77e0",
            QR,
            "Everyone in your network (192.168.1.0/24) can open it.",
            "Your firewall must let TCP 8080 and UDP 40000 to 40100 in.",
            "Without HTTPS some browsers hold back full screen and the microphone.",
            (
                Address("192.168.1.20", "wlan0", "Who is in the same network."),
                Address("10.8.0.2", "tun0", "Who is in the VPN."),
            ),
        )
    )


def busy_chat(studio: Driver) -> None:
    """Everything that can stand in the chat and above it."""
    room = studio.room
    rights = frozenset(right.value for right in rights_of(Role.OWNER))
    room.set_rights(share=True, remove=True, invite_admins=True, rights=rights)
    people = [one for one in room.people if one.name != "Lin"]
    room.set_people((*people, Someone("4", "Lin", "viewer", hand=True, hand_s=1)), 2)
    question = Line("f", "Lin", "Will there be a recording of today?", "20:33", "viewer", seq=11, by="4")
    room.add_line(replace(question, reactions=(Reaction("👍", 4, True), Reaction("🎉", 1))))
    room.add_line(Line("g", "Ada", "Yes, from tonight on.", "20:33", "owner", mine=True, seq=12, reply_to=11))
    room.add_line(Line("h", "Lin", "@Ada thank you!", "20:34", "viewer", seq=13, by="4", called=True))
    room.add_line(
        Line("i", "Grace", "One minute.", "20:34", "admin", seq=14, by="2", place="backstage", backstage=True)
    )
    room.talk.set_pinned(Line("p", "Ada", "Questions are read at nine.", "20:00", "owner", mine=True, seq=3))
    room.talk.set_rules(Rules(30, False, True))
    room.talk.types("4", "Lin")
