"""What must be there for a show, looked at with what the engine and the session tell now. Nothing is asked anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from studio.control import api
from ui import words
from ui.room import Presence, Room
from ui.show import Show

SCARCE_S = 3600.0
"""With less room on the disk than for so long a recording the host is warned."""


class Mark(StrEnum):
    """How a check stands."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list: `words` says what is there, or what is missing and what helps."""

    name: str
    mark: Mark
    words: str


def checks(show: Show, room: Room) -> tuple[Check, ...]:
    """Every check, in the order of the list."""
    if not show.is_attached or show.program is None:
        gone = Check("Engine", Mark.BAD, "The engine is not there; it is started again by itself.")
        return (gone, _server(show, room))
    return (
        _picture(show),
        _sound(show),
        _encoder(show.program, show.live),
        _destinations(show),
        _recording(show.recording, show.program),
        _server(show, room),
    )


def _picture(show: Show) -> Check:
    shown = [show.sources[one.source] for one in show.placements if one.visible and one.source in show.sources]
    bad = _broken([one for one in shown if one.kind != "tone"])
    if bad is not None:
        return Check("Picture", Mark.BAD, bad)
    held = next((one.held for one in shown if one.held), "")
    live = [one for one in shown if one.has_video and one.state is api.SourceState.LIVE and not one.held]
    if not live:
        return Check("Picture", Mark.BAD, held or "Nothing is in the picture. Add a camera, a screen or a clip.")
    names = words.listed([one.name for one in live])
    if all(one.kind == "testcard" for one in live):
        return Check("Picture", Mark.WARN, "Only the test card is in the picture. Add your camera.")
    return Check("Picture", Mark.GOOD, f"{names} {'is' if len(live) == 1 else 'are'} in the picture.")


def _sound(show: Show) -> Check:
    heard = [show.sources[one] for one in show.strips if one in show.sources]
    bad = _broken(heard)
    if bad is not None:
        return Check("Sound", Mark.BAD, bad)
    live = [one for one in heard if one.state is api.SourceState.LIVE]
    if not live:
        return Check("Sound", Mark.BAD, "Nothing can be heard. Add a microphone.")
    loud = [one for one in live if not show.strips[one.id].mute]
    if not loud:
        return Check("Sound", Mark.WARN, "All sound is muted in the mixer.")
    if not any(one.kind in ("microphone", "netcamera") for one in loud):
        return Check("Sound", Mark.WARN, f"{_names(loud)} can be heard, and no microphone.")
    return Check("Sound", Mark.GOOD, f"{_names(loud)} can be heard.")


def _broken(sources: Sequence[api.SourceInfo]) -> str | None:
    """What to say of the first source that does not play."""
    for one in sources:
        if one.state in (api.SourceState.FAILED, api.SourceState.LOST):
            said = f"{one.problem.words} {one.problem.remedy}".strip() if one.problem else one.words
            return f"{one.name}: {said or 'it does not play.'}"
    return None


def _names(sources: Sequence[api.SourceInfo]) -> str:
    return words.listed([one.name for one in sources])


def _encoder(program: api.ProgramInfo, live: bool) -> Check:
    if program.go_live_refused and not live:
        return Check("Go live", Mark.BAD, program.go_live_refused)
    rate = program.fps_num / program.fps_den
    shape = f"{program.width_px} × {program.height_px}, {rate:.4g} fps, {words.rate(program.video_kbps)}"
    name = "The best encoder of this machine" if program.encoder == "auto" else program.encoder
    return Check("Encoder", Mark.GOOD, f"{name}: {shape}.")


def _destinations(show: Show) -> Check:
    enabled = [one for one in show.destinations.values() if one.enabled]
    if not enabled:
        return Check("Destinations", Mark.BAD, "There is nothing to send to. Add a destination, or join the session.")
    failed = [one for one in enabled if one.state == "failed"]
    if failed:
        one = failed[0]
        said = f"{one.problem.words} {one.problem.remedy}".strip() if one.problem else one.words
        return Check("Destinations", Mark.BAD, f"{one.name}: {said}")
    names = words.listed([one.name or one.url for one in enabled])
    return Check("Destinations", Mark.GOOD, f"{words.count(len(enabled), 'destination')}: {names}.")


def _recording(recording: api.RecordingInfo, program: api.ProgramInfo) -> Check:
    if recording.problem is not None:
        said = f"{recording.problem.words} {recording.problem.remedy}".strip()
        return Check("Recording", Mark.BAD, said)
    if not recording.free_bytes:
        return Check("Recording", Mark.WARN, "It is not known how much room the recordings' folder has.")
    kbps = program.video_kbps + program.audio_kbps
    left = words.hours_left(recording.free_bytes, kbps)
    where = f" in {Path(recording.path).parent}" if recording.path else ""
    room = f"{words.size(recording.free_bytes)} free{where}, {left} of recording."
    scarce = recording.free_bytes * 8 / (kbps * 1000) < SCARCE_S if kbps else False
    return Check("Recording", Mark.WARN if scarce else Mark.GOOD, room)


def _server(show: Show, room: Room) -> Check:
    if room.presence is not Presence.JOINED:
        return Check("Server", Mark.BAD, room.words or "The session's server is not reached at present.")
    if not show.session.joined:
        return Check("Server", Mark.WARN, "The studio is not in the session. Join under Share.")
    if not room.may_share:  # another's server: who reaches it is not decided here
        return Check("Server", Mark.GOOD, "The server answers.")
    reached = "viewers reach it" if room.reach.shared else "only this machine reaches it: share it under Share"
    return Check("Server", Mark.GOOD if room.reach.shared else Mark.WARN, f"The server answers, and {reached}.")
