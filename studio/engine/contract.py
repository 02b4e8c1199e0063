"""What a launcher and its engine say to each other over their pipe. Secrets travel here and nowhere else.

launcher                          engine
OpenEngine (secrets, plan)   →
                             ←    EngineReady        the control API listens
                             ←    KeepSecret         remember this for my next life
                             ←    ShowReport         once a second while a plan runs, and at its end
End                          →                       finish in order
"""

from __future__ import annotations

import msgspec

NOT_BEGUN = "The show was over before it began, so nothing was sent."
"""What is told of a destination then, by the engine or by its launcher."""


class DestinationSecret(msgspec.Struct, frozen=True):
    """The whole URL and the bearer or passphrase of a destination."""

    url: str
    secret: str = ""


class PlannedDestination(msgspec.Struct, frozen=True):
    id: str
    address: DestinationSecret
    ca_file: str = ""


class ShowPlan(msgspec.Struct, frozen=True):
    """`stoa live`: what to show and where to send it. Everything starts by itself; the engine ends with the show."""

    video: str
    audio: str
    destinations: list[PlannedDestination]
    record_path: str
    duration_s: float
    width_px: int
    height_px: int
    fps_num: int
    fps_den: int
    video_kbps: int
    audio_kbps: int
    preset: str
    encoder: str


class OpenEngine(msgspec.Struct, frozen=True, tag="open"):
    """The first message. `secrets` are those of the journal's destinations, by id. `started_ns`: when the person's
    command began, on the studio clock. With `resume` the journal says what was on air."""

    home: str
    started_ns: int
    plan: ShowPlan | None = None
    resume: bool = False
    secrets: dict[str, DestinationSecret] = {}
    adoptable: bool = False


LauncherToEngine = OpenEngine


class EngineReady(msgspec.Struct, frozen=True, tag="ready"):
    pid: int
    port: int
    token: str


class KeepSecret(msgspec.Struct, frozen=True, tag="keep_secret"):
    """Keep this in memory for the engine's next life; `address` None: forget it."""

    id: str
    address: DestinationSecret | None


class DestinationReport(msgspec.Struct, frozen=True):
    """As in the JSON of `stoa live`."""

    id: str
    url: str
    protocol: str
    state: str
    frames: int
    bytes: int
    dropped: int
    reconnects: int
    words: str
    bitrate_kbps: float = 0.0
    remedy: str = ""


class RecordingReport(msgspec.Struct, frozen=True):
    path: str
    frames: int
    bytes: int
    words: str = ""
    failed: bool = False


class ShowReport(msgspec.Struct, frozen=True, tag="report"):
    """How the plan fares. `over`: it has ended, and the engine ends. `refused` says why it could not begin."""

    destinations: list[DestinationReport]
    recordings: list[RecordingReport]
    encoder: str
    lagged: int
    lagged_at_ns: list[int]
    skipped: int
    first_packet_ms: float
    duration_s: float
    fps: float
    over: bool = False
    refused: str = ""
    refused_kind: str = ""
    notices: list[str] = []


EngineToLauncher = EngineReady | KeepSecret | ShowReport
