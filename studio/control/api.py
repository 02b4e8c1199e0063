"""The control API, typed once: every method's parameters and result, every event. The reference page is made from it.

JSON-RPC 2.0 over a WebSocket at `ws://127.0.0.1:PORT/control`; port and token stand in
`$STOA_HOME/run/engine-PID.json`.
The token comes as `Authorization: Bearer …` or as `{"token": …}` in the first message. Methods are imperative, events
facts; meters, statistics and preview are polled. A source's SPEC is written as on the command line.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import msgspec

VERSION = 1


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a method takes; unknown fields are refused."""


class Nothing(Params, frozen=True):
    """No parameters, or no result."""


class Problem(msgspec.Struct, frozen=True):
    """Why something is not as it should be: `kind` as in StoaError, plain words, what helps, whether it is for good."""

    kind: str
    words: str
    remedy: str = ""
    permanent: bool = False


# -- sources ---------------------------------------------------------------------------------------------------------


class SourceState(StrEnum):
    OPENING = "opening"
    LIVE = "live"
    LOST = "lost"
    ENDED = "ended"
    FAILED = "failed"


class SourceInfo(msgspec.Struct, frozen=True):
    """One source. `spec` is masked. `kind`: testcard, tone, clip, image, camera, microphone, screen, netcamera.

    `dropped`: pictures that it could not deliver in time or had no place for. `repeated`: ticks at which the program
    showed an old picture of it although, by its own rate, a new one was due (a clip's still passages do not count).
    `held`: why the session keeps it out of the picture for now; it comes back as it is placed. Empty where it does not.
    """

    id: str
    name: str
    spec: str
    kind: str
    state: SourceState
    words: str = ""
    problem: Problem | None = None
    has_video: bool = False
    has_audio: bool = False
    width_px: int = 0
    height_px: int = 0
    fps: float = 0.0
    render_delay_ms: float = 0.0
    drift_ppm: float = 0.0
    pictures: int = 0
    dropped: int = 0
    pid: int = 0
    repeated: int = 0
    held: str = ""


class SourceAdd(Params, frozen=True):
    """Open a source beside the others. It is in no scene until it is placed; its sound gets a strip at once.

    With `place` it fills the frame on top of what is there. Waits until the source plays, or refuses with its words.
    """

    spec: str
    name: str = ""
    video: bool = True
    audio: bool = True
    loop: bool = True
    width_px: int = 0
    height_px: int = 0
    fps: float = 0.0
    place: bool = False


class SourceReplace(Params, frozen=True):
    """Put another device or file in the place of a source: its placements and strip stay. The old one stays on air
    until the new one plays, and where it cannot be opened. What is chosen last for a source wins: an earlier choice
    that does not play yet is refused (`conflict`). Few sources open at once; the others wait their turn."""

    id: str
    spec: str
    name: str = ""
    video: bool = True
    audio: bool = True
    loop: bool = True
    width_px: int = 0
    height_px: int = 0
    fps: float = 0.0


class SourceSet(Params, frozen=True):
    """Change a source's name or the render delay of its picture (0 to 2000 ms)."""

    id: str
    name: str | None = None
    render_delay_ms: float | None = None


class ById(Params, frozen=True):
    """Names one thing."""

    id: str


class Created(msgspec.Struct, frozen=True):
    """The identity of what was made."""

    id: str


class SourceList(msgspec.Struct, frozen=True):
    sources: list[SourceInfo]


# -- scene -----------------------------------------------------------------------------------------------------------


class Fit(StrEnum):
    """How a picture goes into its box: whole inside it, or filling it and cut, or stretched."""

    FIT = "fit"
    FILL = "fill"
    STRETCH = "stretch"


class Crop(Params, frozen=True):
    """What is cut from a source's picture, as fractions of its sides (0 to 0.95)."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0


class Placement(Params, frozen=True):
    """A source in the scene. The box is in fractions of the program's frame (may reach beyond it); order 0 is the
    back.
    """

    source: str
    id: str = ""
    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0
    fit: Fit = Fit.FIT
    crop: Crop = Crop()
    opacity: float = 1.0
    order: int = 0
    mirror: bool = False
    visible: bool = True


class SceneSet(Params, frozen=True):
    """The whole scene at once, in one tick."""

    placements: list[Placement]


class SceneInfo(msgspec.Struct, frozen=True):
    placements: list[Placement]


class PlacementSet(Params, frozen=True):
    """Change some fields of a placement."""

    id: str
    source: str | None = None
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    fit: Fit | None = None
    crop: Crop | None = None
    opacity: float | None = None
    order: int | None = None
    mirror: bool | None = None
    visible: bool | None = None


# -- strips ----------------------------------------------------------------------------------------------------------


class StripInfo(msgspec.Struct, frozen=True):
    """The mixer input of one source. `sync_offset_ms` is added to its sound (−950 to 2000: a negative one delays all
    else). `pan` −1 left to 1 right. `forced_mute` is an admin's, which the host cannot lift."""

    source: str
    gain_db: float = 0.0
    mute: bool = False
    solo: bool = False
    pan: float = 0.0
    sync_offset_ms: float = 0.0
    monitor: bool = False


class StripSet(Params, frozen=True):
    """Change some fields of a strip; `gain_db` −60 to 20."""

    source: str
    gain_db: float | None = None
    mute: bool | None = None
    solo: bool | None = None
    pan: float | None = None
    sync_offset_ms: float | None = None
    monitor: bool | None = None


class StripList(msgspec.Struct, frozen=True):
    strips: list[StripInfo]


class Meter(msgspec.Struct, frozen=True):
    """Left and right in dBFS (−100 for silence): highest peak since the last call of this client, RMS over 300 ms."""

    peak_db: tuple[float, float]
    rms_db: tuple[float, float]


class Meters(msgspec.Struct, frozen=True):
    """`limiter_db` is what the limiter takes off the master at present (0 or less)."""

    strips: dict[str, Meter]
    master: Meter
    limiter_db: float


class HeadphonesSet(Params, frozen=True):
    """Monitor the program on headphones: the output device's identity ("" the system's), None to stop."""

    device: str | None = None
    volume_db: float = 0.0


class HeadphonesInfo(msgspec.Struct, frozen=True):
    """Where the program is monitored: the output's identity ("" the system's; None: off) and, once it plays, its name.
    A failed output is tried again by itself; `problem` says what it lacks."""

    device: str | None = None
    name: str = ""
    volume_db: float = 0.0
    state: Literal["off", "opening", "playing", "failed"] = "off"
    words: str = ""
    problem: Problem | None = None


# -- destinations ----------------------------------------------------------------------------------------------------


class DestinationInfo(msgspec.Struct, frozen=True):
    """`url` is masked; `has_secret`: a bearer or passphrase is kept beside it. Counts are since the show began;
    `history_kbps` one figure a second of the last minute."""

    id: str
    name: str
    url: str
    protocol: str
    state: Literal["idle", "connecting", "live", "reconnecting", "failed"]
    words: str
    problem: Problem | None = None
    enabled: bool = True
    saved: bool = False
    frames: int = 0
    bytes: int = 0
    dropped: int = 0
    reconnects: int = 0
    bitrate_kbps: float = 0.0
    queue_ms: float = 0.0
    rtt_ms: float = 0.0
    loss: float = 0.0
    retry_in_s: float = 0.0
    history_kbps: list[int] = []
    history_dropped: list[int] = []
    pid: int = 0
    has_secret: bool = False


class DestinationAdd(Params, frozen=True):
    """`url` as on the command line (a key in it is taken and masked everywhere); `secret`: WHIP bearer or SRT
    passphrase.

    With `save` it stands in the settings under `name`, its secrets in the keyring only.
    """

    url: str
    name: str = ""
    secret: str = ""
    enabled: bool = True
    save: bool = False
    ca_file: str = ""


class DestinationSet(Params, frozen=True):
    """Rename, take part in `program.start` or not, or send somewhere else.

    In `url` the dots of the masked one keep what they hide. Without `secret` the bearer or passphrase is kept (unless
    the protocol is another), "" takes it away. `save` puts it into the settings or takes it out. While it is live its
    address stays: CONFLICT; while it tries to connect it turns to the new one at once.
    """

    id: str
    name: str | None = None
    enabled: bool | None = None
    url: str | None = None
    secret: str | None = None
    ca_file: str | None = None
    save: bool | None = None


class DestinationList(msgspec.Struct, frozen=True):
    destinations: list[DestinationInfo]


# -- program ---------------------------------------------------------------------------------------------------------


class ProgramSet(Params, frozen=True):
    """The program's shape; refused while live or recording, but for the bitrate."""

    width_px: int | None = None
    height_px: int | None = None
    fps_num: int | None = None
    fps_den: int | None = None
    video_kbps: int | None = None
    audio_kbps: int | None = None
    encoder: str | None = None
    preset: str | None = None


class ProgramInfo(msgspec.Struct, frozen=True):
    """`live` from program.start to program.stop. `live_since_ns` is an instant of the studio clock (0: not live)."""

    width_px: int
    height_px: int
    fps_num: int
    fps_den: int
    video_kbps: int
    audio_kbps: int
    encoder: str
    preset: str
    profile: str
    live: bool
    live_since_ns: int
    go_live_refused: str = ""
    muted_audio_by: str = ""
    muted_video_by: str = ""


class ProgramStatistics(msgspec.Struct, frozen=True):
    """Lagged: ticks composed more than a frame late; skipped: the encoder was behind; dropped: lost for the network
    (sum over destinations); repeated: a source was late (sum over sources). `ticks` composed since the engine started,
    `encoded` pictures of this show."""

    ticks: int
    lagged: int
    skipped: int
    dropped: int
    encoded: int
    fps: float
    video_kbps: float
    compose_ms: float
    encode_ms: float
    mixer_lag_ms: float
    cpu_percent: float
    first_packet_ms: float
    time_on_air_s: float
    repeated: int = 0


# -- recording, preview, session, engine -----------------------------------------------------------------------------


class RecordingInfo(msgspec.Struct, frozen=True):
    active: bool
    path: str = ""
    frames: int = 0
    bytes: int = 0
    duration_s: float = 0.0
    free_bytes: int = 0
    problem: Problem | None = None
    pid: int = 0


class RecordingStart(Params, frozen=True):
    """Without a path: the library, named by date and time."""

    path: str = ""


class PreviewOpen(Params, frozen=True):
    """A preview of the program, no larger than this, keeping its shape."""

    width_px: int
    height_px: int


class PreviewInfo(msgspec.Struct, frozen=True):
    """Connect to 127.0.0.1:`port`, send `token` and a newline; then speak `studio.control.preview`'s messages. The
    ring's
    path and layout come over that connection. I420 BT.709 limited."""

    port: int
    token: str


class SessionJoin(Params, frozen=True):
    """Join a session: the embedded server's as its owner (`server` empty), or another's by its link with an invite.

    With `sign_in`, the bearer of an account's sign-in, `server` is the server's address and `session` one of its
    sessions (empty: its first). `sign_in` is a secret: the journal and the answer never have it.
    """

    server: str = ""
    name: str = ""
    sign_in: str = ""
    session: str = ""


class SessionInvite(Params, frozen=True):
    """Make a link for a viewer, a broadcaster or an admin (the admin's works once)."""

    role: Literal["viewer", "broadcaster", "admin"] = "viewer"


class Link(msgspec.Struct, frozen=True):
    url: str
    qr_svg: str = ""
    words: str = ""


class SessionInfo(msgspec.Struct, frozen=True):
    """`token_file`: what the window signs in with at the embedded server (owner). `by_account`: joined by `sign_in`."""

    joined: bool
    server: str = ""
    session: str = ""
    state: str = ""
    role: str = ""
    name: str = ""
    words: str = ""
    token_file: str = ""
    publish_destination: str = ""
    by_account: bool = False


class DeviceInfo(msgspec.Struct, frozen=True):
    """One thing that `source.add` takes: `spec` is ready to use."""

    spec: str
    id: str
    name: str
    identity: str = ""
    detail: str = ""
    default: bool = False
    modes: list[str] = []


class DeviceList(msgspec.Struct, frozen=True):
    """Each list may be empty; `problems` says why where something keeps Stoa from looking."""

    cameras: list[DeviceInfo]
    microphones: list[DeviceInfo]
    system_sounds: list[DeviceInfo]
    screens: list[DeviceInfo]
    windows: list[DeviceInfo]
    headphones: list[DeviceInfo]
    problems: list[Problem]


class Notice(msgspec.Struct, frozen=True):
    """What the host must see. `severity`: info, warning, admin (an admin did something to you: cannot be
    overlooked).
    """

    id: str
    severity: Literal["info", "warning", "admin"]
    words: str
    remedy: str = ""
    at_ns: int = 0
    by: str = ""
    action: str = ""


class NoticeList(msgspec.Struct, frozen=True):
    notices: list[Notice]


class EngineStatus(msgspec.Struct, frozen=True):
    """Everything that changes seldom, in one snapshot. `seq` is the newest event's number: subscribe after it."""

    version: str
    pid: int
    now_ns: int
    started_ns: int
    seq: int
    program: ProgramInfo
    sources: list[SourceInfo]
    placements: list[Placement]
    strips: list[StripInfo]
    destinations: list[DestinationInfo]
    recording: RecordingInfo
    session: SessionInfo
    notices: list[Notice]
    headphones: HeadphonesInfo = HeadphonesInfo()


class EngineEnd(Params, frozen=True):
    """End the engine in order. Refused while live or recording unless `force`."""

    force: bool = False


class AdoptedSecret(msgspec.Struct, frozen=True):
    """What a destination or source of a running show needs after the engine's death; never shown, never logged."""

    url: str
    secret: str = ""

    def __repr__(self) -> str:
        return "AdoptedSecret(…)"


class Adopted(msgspec.Struct, frozen=True):
    """For a launcher that takes over a running engine: its secrets, by the identity of destination or source."""

    secrets: dict[str, AdoptedSecret]


class EventsSubscribe(Params, frozen=True):
    """Events newer than `after` are sent as notifications `event`; those still kept come first, without a gap where
    `gap` is False in the answer."""

    after: int = 0


class Subscribed(msgspec.Struct, frozen=True):
    seq: int
    gap: bool


class EventType(StrEnum):
    SOURCE_ADDED = "source.added"
    SOURCE_OPENED = "source.opened"
    SOURCE_REPLACED = "source.replaced"
    SOURCE_CHANGED = "source.changed"
    SOURCE_LOST = "source.lost"
    SOURCE_RETURNED = "source.returned"
    SOURCE_ENDED = "source.ended"
    SOURCE_REMOVED = "source.removed"
    SCENE_CHANGED = "scene.changed"
    STRIP_CHANGED = "strip.changed"
    HEADPHONES_CHANGED = "headphones.changed"
    DESTINATION_ADDED = "destination.added"
    DESTINATION_CONNECTING = "destination.connecting"
    DESTINATION_LIVE = "destination.live"
    DESTINATION_LOST = "destination.lost"
    DESTINATION_FAILED = "destination.failed"
    DESTINATION_STOPPED = "destination.stopped"
    DESTINATION_REMOVED = "destination.removed"
    DESTINATION_CHANGED = "destination.changed"
    PROGRAM_STARTED = "program.started"
    PROGRAM_STOPPED = "program.stopped"
    PROGRAM_CHANGED = "program.changed"
    RECORDING_STARTED = "recording.started"
    RECORDING_CLOSED = "recording.closed"
    ENCODER_REPLACED = "encoder.replaced"
    NOTICE_RAISED = "notice.raised"
    NOTICE_CLEARED = "notice.cleared"
    ENGINE_OVERLOADED = "engine.overloaded"
    SESSION_CHANGED = "session.changed"
    KEYFRAME_REQUESTED = "keyframe.requested"


class Event(msgspec.Struct, frozen=True):
    """A fact. `data` is the struct of its noun as a map: SourceInfo for source.*, DestinationInfo for destination.*,
    RecordingInfo, ProgramInfo, Notice, SessionInfo, SceneInfo, StripInfo, HeadphonesInfo; `{"id"}` for what was
    removed; `{"due", "lost"}` for engine.overloaded: pictures of the last five seconds, told once until it keeps up."""

    seq: int
    at_ns: int
    type: EventType
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """One call of the API."""

    name: str
    params: type[msgspec.Struct]
    result: type[msgspec.Struct]
    words: str


METHODS = {
    method.name: method
    for method in (
        Method("engine.status", Nothing, EngineStatus, "Everything that changes seldom, in one snapshot."),
        Method("engine.end", EngineEnd, Nothing, "End the engine in order."),
        Method("engine.adopt", Nothing, Adopted, "For a launcher that takes over a running engine."),
        Method("device.list", Nothing, DeviceList, "What is plugged in, looked up anew."),
        Method("source.add", SourceAdd, Created, "Open a source."),
        Method("source.replace", SourceReplace, SourceInfo, "Put another device or file in a source's place, on air."),
        Method("source.set", SourceSet, SourceInfo, "Name, render delay."),
        Method("source.remove", ById, Nothing, "Close a source; its placements and strip go with it."),
        Method("source.list", Nothing, SourceList, "All sources."),
        Method("scene.set", SceneSet, SceneInfo, "The whole scene at once."),
        Method("scene.get", Nothing, SceneInfo, "The scene."),
        Method("placement.add", Placement, Created, "Place a source."),
        Method("placement.set", PlacementSet, Placement, "Move, resize, cut, fade, reorder, mirror a placement."),
        Method("placement.remove", ById, Nothing, "Take a placement out of the scene."),
        Method("strip.set", StripSet, StripInfo, "Gain, mute, solo, pan, sync offset, monitoring of a strip."),
        Method("strip.list", Nothing, StripList, "All strips."),
        Method("strip.meters", Nothing, Meters, "Levels of strips and master."),
        Method("headphones.set", HeadphonesSet, Nothing, "Monitor the program on headphones."),
        Method("destination.add", DestinationAdd, Created, "Name a place to send to."),
        Method("destination.set", DestinationSet, DestinationInfo, "Rename, enable, disable, readdress."),
        Method("destination.start", ById, Nothing, "Connect one destination (or try again at once)."),
        Method("destination.stop", ById, Nothing, "Disconnect one destination in order."),
        Method("destination.remove", ById, Nothing, "Forget a destination, its secrets too."),
        Method("destination.list", Nothing, DestinationList, "All destinations."),
        Method("program.set", ProgramSet, ProgramInfo, "Size, rate, bitrates, encoder."),
        Method("program.start", Nothing, ProgramInfo, "Go live: all enabled destinations."),
        Method("program.stop", Nothing, ProgramInfo, "Off air: all destinations."),
        Method("program.statistics", Nothing, ProgramStatistics, "Counters and rates."),
        Method("recording.start", RecordingStart, RecordingInfo, "Record the program."),
        Method("recording.stop", Nothing, RecordingInfo, "Close the recording."),
        Method("recording.status", Nothing, RecordingInfo, "The recording."),
        Method("preview.open", PreviewOpen, PreviewInfo, "Where to get the program's picture."),
        Method("session.join", SessionJoin, SessionInfo, "Join a session."),
        Method("session.leave", Nothing, SessionInfo, "Leave the session (the owner may go on without it)."),
        Method("session.invite", SessionInvite, Link, "A link to share."),
        Method("session.status", Nothing, SessionInfo, "The session."),
        Method("notice.list", Nothing, NoticeList, "Notices not yet acknowledged."),
        Method("notice.clear", ById, Nothing, "The host has seen a notice."),
        Method("events.subscribe", EventsSubscribe, Subscribed, "Events from here on."),
    )
}


class ErrorData(msgspec.Struct, frozen=True):
    """The `data` of a JSON-RPC error."""

    kind: str
    remedy: str = ""
    permanent: bool = False
