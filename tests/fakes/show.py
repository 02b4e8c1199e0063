"""The state of a pretended show: answers every method of the control API as an engine would, from memory."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import msgspec

from studio.control import api
from studio.control.api import EventType
from studio.media import ErrorKind, StoaError
from studio.media.mask import MASK

Emit = Callable[[EventType, msgspec.Struct | dict[str, Any]], None]

_SILENT = api.Meter((-100.0, -100.0), (-100.0, -100.0))

DEVICES = api.DeviceList(
    cameras=[
        api.DeviceInfo("camera:cam0", "cam0", "Logitech BRIO", "046d_0943A1", "USB, 1080p60", True, ["1920x1080@60"]),
        api.DeviceInfo("camera:cam1", "cam1", "FaceTime HD Camera", "port-1.2", "by its port", False, ["1280x720@30"]),
    ],
    microphones=[
        api.DeviceInfo("mic:a", "a", "Røde NT-USB", "a", "48 kHz", True),
        api.DeviceInfo("mic:b", "b", "Built-in Audio Analog Stereo", "b", "44.1 kHz"),
    ],
    system_sounds=[api.DeviceInfo("mic:speaker.monitor", "m", "What Speakers play", "m")],
    screens=[api.DeviceInfo("screen:0", "0", "Screen 1", "0", "1920 × 1080", True)],
    windows=[
        api.DeviceInfo("screen:window-1", "w1", "Slides — Quarterly review, final, really final (2).pdf", "w1"),
        api.DeviceInfo("screen:window-2", "w2", "Terminal", "w2"),
    ],
    headphones=[
        api.DeviceInfo("", "", "System default", "", "", True),
        api.DeviceInfo("h1", "h1", "USB Headset", "h1"),
    ],
    problems=[],
)

_KINDS = {"file": "clip", "camera": "camera", "mic": "microphone", "screen": "screen", "image": "image"}


def kind_of(spec: str) -> str:
    """The kind of source that a SPEC makes."""
    head = spec.split(":", 1)[0]
    if head in ("rtsp", "http", "https"):
        return "netcamera"
    return _KINDS.get(head, head)


class FakeShow:
    """Mutable memory. Methods are named as the API's, with an underscore for the dot; each emits its events."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.next_id = 0
        self.started_ns = time.monotonic_ns()
        self.program = api.ProgramInfo(1280, 720, 30, 1, 2500, 128, "libx264", "veryfast", "high", False, 0)
        self.sources: dict[str, api.SourceInfo] = {}
        self.placements: dict[str, api.Placement] = {}
        self.strips: dict[str, api.StripInfo] = {}
        self.destinations: dict[str, api.DestinationInfo] = {}
        self.recording = api.RecordingInfo(False, free_bytes=212_000_000_000)
        self.session = api.SessionInfo(False)
        self.joined: api.SessionJoin | None = None
        self.notices: dict[str, api.Notice] = {}
        self.meters: dict[str, api.Meter] = {}
        self.headphones = api.HeadphonesInfo()
        self.devices = DEVICES
        self.statistics: dict[str, Any] = {}
        self.ended = False

    def name(self, prefix: str) -> str:
        self.next_id += 1
        return f"{prefix}-{self.next_id}"

    @staticmethod
    def _find[Thing](things: dict[str, Thing], key: str, what: str) -> Thing:
        if key not in things:
            raise StoaError(ErrorKind.NOT_FOUND, f"There is no {what} {key}.", permanent=True)
        return things[key]

    @staticmethod
    def _changed[Thing: msgspec.Struct](thing: Thing, params: msgspec.Struct) -> Thing:
        given = {name: value for name, value in msgspec.structs.asdict(params).items() if value is not None}
        known = {field.name for field in msgspec.structs.fields(type(thing))}
        return msgspec.structs.replace(thing, **{name: value for name, value in given.items() if name in known})

    # -- engine, devices ---------------------------------------------------------------------------------------------

    def status(self, seq: int, pid: int) -> api.EngineStatus:
        return api.EngineStatus(
            "0.1.0",
            pid,
            time.monotonic_ns(),
            self.started_ns,
            seq,
            self.program,
            list(self.sources.values()),
            sorted(self.placements.values(), key=lambda placement: placement.order),
            list(self.strips.values()),
            list(self.destinations.values()),
            self.recording,
            self.session,
            list(self.notices.values()),
            self.headphones,
        )

    def engine_adopt(self, _: api.Nothing) -> api.Adopted:
        return api.Adopted({})

    def engine_end(self, params: api.EngineEnd) -> api.Nothing:
        if (self.program.live or self.recording.active) and not params.force:
            raise StoaError(ErrorKind.CONFLICT, "The show is on air.", remedy="Stop it first.")
        self.ended = True
        return api.Nothing()

    def device_list(self, _: api.Nothing) -> api.DeviceList:
        return self.devices

    # -- sources -----------------------------------------------------------------------------------------------------

    def _source(self, source_id: str, params: api.SourceAdd | api.SourceReplace) -> api.SourceInfo:
        kind = kind_of(params.spec)
        if "missing" in params.spec:
            raise StoaError(
                ErrorKind.NOT_FOUND,
                f"There is no file {params.spec[5:]}.",
                remedy="Choose another file.",
                permanent=True,
            )
        sound = kind in ("microphone", "clip", "tone", "netcamera")
        picture = kind not in ("microphone", "tone")
        name = params.name or params.spec.split(":", 1)[-1].rsplit("/", 1)[-1] or kind
        return api.SourceInfo(
            source_id,
            name,
            params.spec,
            kind,
            api.SourceState.LIVE,
            "",
            None,
            picture,
            sound,
            1280,
            720,
            30.0,
            pid=4711,
        )

    def source_add(self, params: api.SourceAdd) -> api.Created:
        source = self._source(self.name("source"), params)
        self.sources[source.id] = source
        self._emit(EventType.SOURCE_ADDED, source)
        self._emit(EventType.SOURCE_OPENED, source)
        if source.has_audio:
            self.strips[source.id] = api.StripInfo(source.id)
            self._emit(EventType.STRIP_CHANGED, self.strips[source.id])
        if params.place and source.has_video:
            self.placement_add(api.Placement(source.id, order=len(self.placements)))
        return api.Created(source.id)

    def source_replace(self, params: api.SourceReplace) -> api.SourceInfo:
        self._find(self.sources, params.id, "source")
        self.sources[params.id] = self._source(params.id, params)
        self._emit(EventType.SOURCE_REPLACED, self.sources[params.id])
        return self.sources[params.id]

    def source_set(self, params: api.SourceSet) -> api.SourceInfo:
        self.sources[params.id] = self._changed(self._find(self.sources, params.id, "source"), params)
        self._emit(EventType.SOURCE_CHANGED, self.sources[params.id])
        return self.sources[params.id]

    def hold(self, source_id: str, words: str) -> None:
        """The session keeps it out of the picture (`words` say why), or no longer ("")."""
        self.sources[source_id] = msgspec.structs.replace(self.sources[source_id], held=words)
        self._emit(EventType.SOURCE_CHANGED, self.sources[source_id])

    def source_remove(self, params: api.ById) -> api.Nothing:
        self._find(self.sources, params.id, "source")
        del self.sources[params.id]
        self.strips.pop(params.id, None)
        for placement in [one for one in self.placements.values() if one.source == params.id]:
            del self.placements[placement.id]
        self._emit(EventType.SOURCE_REMOVED, {"id": params.id})
        self._emit(EventType.SCENE_CHANGED, self.scene_get(api.Nothing()))
        return api.Nothing()

    def source_list(self, _: api.Nothing) -> api.SourceList:
        return api.SourceList(list(self.sources.values()))

    # -- scene, strips -----------------------------------------------------------------------------------------------

    def scene_set(self, params: api.SceneSet) -> api.SceneInfo:
        self.placements = {}
        for placement in params.placements:
            known = placement if placement.id else msgspec.structs.replace(placement, id=self.name("placement"))
            self.placements[known.id] = known
        scene = self.scene_get(api.Nothing())
        self._emit(EventType.SCENE_CHANGED, scene)
        return scene

    def scene_get(self, _: api.Nothing) -> api.SceneInfo:
        return api.SceneInfo(sorted(self.placements.values(), key=lambda placement: placement.order))

    def placement_add(self, params: api.Placement) -> api.Created:
        self._find(self.sources, params.source, "source")
        placement = msgspec.structs.replace(params, id=self.name("placement"))
        self.placements[placement.id] = placement
        self._emit(EventType.SCENE_CHANGED, self.scene_get(api.Nothing()))
        return api.Created(placement.id)

    def placement_set(self, params: api.PlacementSet) -> api.Placement:
        self.placements[params.id] = self._changed(self._find(self.placements, params.id, "placement"), params)
        self._emit(EventType.SCENE_CHANGED, self.scene_get(api.Nothing()))
        return self.placements[params.id]

    def placement_remove(self, params: api.ById) -> api.Nothing:
        self._find(self.placements, params.id, "placement")
        del self.placements[params.id]
        self._emit(EventType.SCENE_CHANGED, self.scene_get(api.Nothing()))
        return api.Nothing()

    def strip_set(self, params: api.StripSet) -> api.StripInfo:
        self.strips[params.source] = self._changed(self._find(self.strips, params.source, "strip"), params)
        self._emit(EventType.STRIP_CHANGED, self.strips[params.source])
        return self.strips[params.source]

    def strip_list(self, _: api.Nothing) -> api.StripList:
        return api.StripList(list(self.strips.values()))

    def strip_meters(self, _: api.Nothing) -> api.Meters:
        strips = {source: self.meters.get(source, _SILENT) for source in self.strips}
        return api.Meters(strips, self.meters.get("master", _SILENT), 0.0)

    def headphones_set(self, params: api.HeadphonesSet) -> api.Nothing:
        names = {device.id: device.name for device in DEVICES.headphones}
        if params.device is None:
            self.tell_headphones(api.HeadphonesInfo(volume_db=params.volume_db))
        else:
            name = names.get(params.device, params.device)
            words = f"The program plays on {name}."
            self.tell_headphones(api.HeadphonesInfo(params.device, name, params.volume_db, "playing", words))
        return api.Nothing()

    def tell_headphones(self, info: api.HeadphonesInfo) -> None:
        self.headphones = info
        self._emit(EventType.HEADPHONES_CHANGED, info)

    # -- destinations ------------------------------------------------------------------------------------------------

    @staticmethod
    def _masked(url: str) -> str:
        scheme = url.split(":", 1)[0]
        if scheme not in ("rtmp", "rtmps", "srt", "whip+http", "whip+https"):
            raise StoaError(
                ErrorKind.BAD_ARGUMENT,
                f"{scheme}:// is no way to send a show.",
                remedy="Use rtmp://, rtmps://, srt://, whip+http:// or whip+https://.",
                permanent=True,
            )
        if scheme == "srt":
            return re.sub(r"(streamid|passphrase)=[^&]*", rf"\1={MASK}", url)
        head, _, key = url.rpartition("/")
        return f"{head}/{MASK}" if scheme.startswith("rtmp") and key else url

    @staticmethod
    def _protocol(url: str) -> str:
        return url.split(":", 1)[0].split("+")[0].replace("rtmps", "rtmp")

    def destination_add(self, params: api.DestinationAdd) -> api.Created:
        scheme, masked = params.url.split(":", 1)[0], self._masked(params.url)
        made = self.name("destination")
        self.destinations[made] = api.DestinationInfo(
            made,
            params.name or scheme.upper(),
            masked,
            self._protocol(params.url),
            "idle",
            "Not connected.",
            enabled=params.enabled,
            saved=params.save,
            has_secret=bool(params.secret),
        )
        self._emit(EventType.DESTINATION_ADDED, self.destinations[made])
        return api.Created(made)

    def put_destination(self, event: EventType, **changes: Any) -> None:
        """Make a destination what a test needs, and tell."""
        known = msgspec.structs.replace(self.destinations[changes.pop("id")], **changes)
        self.destinations[known.id] = known
        self._emit(event, known)

    def destination_set(self, params: api.DestinationSet) -> api.DestinationInfo:
        known = self._find(self.destinations, params.id, "destination")
        changes: dict[str, Any] = {}
        if params.url is not None:
            changes |= {"url": self._masked(params.url), "protocol": self._protocol(params.url)}
        if params.secret is not None:
            changes |= {"has_secret": bool(params.secret)}
        if params.save is not None:
            changes |= {"saved": params.save}
        plain = msgspec.structs.replace(params, url=None)
        self.destinations[params.id] = msgspec.structs.replace(self._changed(known, plain), **changes)
        self._emit(EventType.DESTINATION_CHANGED, self.destinations[params.id])
        return self.destinations[params.id]

    def destination_start(self, params: api.ById) -> api.Nothing:
        self._find(self.destinations, params.id, "destination")
        self.put_destination(EventType.DESTINATION_CONNECTING, id=params.id, state="connecting", words="Connecting.")
        self.put_destination(EventType.DESTINATION_LIVE, id=params.id, state="live", words="Sending.", problem=None)
        return api.Nothing()

    def destination_stop(self, params: api.ById) -> api.Nothing:
        self._find(self.destinations, params.id, "destination")
        self.put_destination(EventType.DESTINATION_STOPPED, id=params.id, state="idle", words="Not connected.")
        return api.Nothing()

    def destination_remove(self, params: api.ById) -> api.Nothing:
        self._find(self.destinations, params.id, "destination")
        del self.destinations[params.id]
        self._emit(EventType.DESTINATION_REMOVED, {"id": params.id})
        return api.Nothing()

    def destination_list(self, _: api.Nothing) -> api.DestinationList:
        return api.DestinationList(list(self.destinations.values()))

    # -- program, recording ------------------------------------------------------------------------------------------

    def program_set(self, params: api.ProgramSet) -> api.ProgramInfo:
        self.program = self._changed(self.program, params)
        self._emit(EventType.PROGRAM_CHANGED, self.program)
        return self.program

    def program_start(self, _: api.Nothing) -> api.ProgramInfo:
        if self.program.go_live_refused:
            raise StoaError(ErrorKind.DENIED, self.program.go_live_refused)
        self.program = msgspec.structs.replace(self.program, live=True, live_since_ns=time.monotonic_ns())
        self._emit(EventType.PROGRAM_STARTED, self.program)
        for destination in list(self.destinations.values()):
            if destination.enabled:
                self.destination_start(api.ById(destination.id))
        return self.program

    def program_stop(self, _: api.Nothing) -> api.ProgramInfo:
        for destination in list(self.destinations.values()):
            self.destination_stop(api.ById(destination.id))
        self.program = msgspec.structs.replace(self.program, live=False, live_since_ns=0)
        self._emit(EventType.PROGRAM_STOPPED, self.program)
        return self.program

    def program_statistics(self, _: api.Nothing) -> api.ProgramStatistics:
        figures = {
            "ticks": 54_000,
            "lagged": 0,
            "skipped": 0,
            "dropped": 0,
            "encoded": 18_300,
            "fps": 30.0,
            "video_kbps": 2498.0,
            "compose_ms": 0.9,
            "encode_ms": 4.1,
            "mixer_lag_ms": 2.0,
            "cpu_percent": 31.0,
            "first_packet_ms": 640.0,
            "time_on_air_s": 610.0,
        }
        return api.ProgramStatistics(**{**figures, **self.statistics})

    def recording_start(self, params: api.RecordingStart) -> api.RecordingInfo:
        path = params.path or "/home/ada/Stoa/library/2026-11-20 20.00.00.mp4"
        self.recording = msgspec.structs.replace(self.recording, active=True, path=path, problem=None)
        self._emit(EventType.RECORDING_STARTED, self.recording)
        return self.recording

    def recording_stop(self, _: api.Nothing) -> api.RecordingInfo:
        self.recording = msgspec.structs.replace(self.recording, active=False)
        self._emit(EventType.RECORDING_CLOSED, self.recording)
        return self.recording

    def recording_status(self, _: api.Nothing) -> api.RecordingInfo:
        return self.recording

    # -- session, notices --------------------------------------------------------------------------------------------

    def session_join(self, params: api.SessionJoin) -> api.SessionInfo:
        self.joined = params
        server, session = params.server or "http://127.0.0.1:8080", params.session or "studio"
        by_account = bool(params.sign_in)
        self.session = api.SessionInfo(True, server, session, "waiting", "owner", "Ada", by_account=by_account)
        self._emit(EventType.SESSION_CHANGED, self.session)
        return self.session

    def session_leave(self, _: api.Nothing) -> api.SessionInfo:
        self.session = api.SessionInfo(False)
        self._emit(EventType.SESSION_CHANGED, self.session)
        return self.session

    def session_invite(self, params: api.SessionInvite) -> api.Link:
        return api.Link(f"http://127.0.0.1:8080/watch/studio#i={params.role}-3f9a", "", "Works on this machine only.")

    def session_status(self, _: api.Nothing) -> api.SessionInfo:
        return self.session

    def raise_notice(self, severity: str, words: str, **more: str) -> str:
        """Raise a notice as the engine does; gives its identity."""
        notice = api.Notice(self.name("notice"), severity, words, at_ns=time.monotonic_ns(), **more)  # type: ignore[arg-type]
        self.notices[notice.id] = notice
        self._emit(EventType.NOTICE_RAISED, notice)
        return notice.id

    def notice_list(self, _: api.Nothing) -> api.NoticeList:
        return api.NoticeList(list(self.notices.values()))

    def notice_clear(self, params: api.ById) -> api.Nothing:
        self._find(self.notices, params.id, "notice")
        del self.notices[params.id]
        self._emit(EventType.NOTICE_CLEARED, {"id": params.id})
        return api.Nothing()
