"""The show's one encoding: opened for the first taker, ended after the last, its profile fixed between the two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction

import msgspec

from encoders.findings import Findings
from encoders.settings import VideoSettings
from studio.control.api import EventType, ProgramInfo, ProgramSet
from studio.engine.events import EventLog
from studio.engine.opening import StoppedMeanwhile, open_encoding
from studio.media import Clock, Codec, ErrorKind, StoaError
from studio.program.clockwork import Clockwork
from studio.program.encoding import Encoding
from studio.program.fanout import Fanout, Outlet
from studio.program.keyframes import KeyframeRequests

START_LEAD_NS = 15_000_000
MAX_SIDE_PX, MAX_FPS = 7680, 120
MAX_AREA_PX = 7680 * 4320
"""8K, which is nearly all that the highest level of H.264 holds (ITU-T H.264, Table A-1)."""


class ProgramShape(msgspec.Struct, frozen=True):
    """Size, rate, bitrates and encoder of the program, as they stand in the settings and the journal."""

    width_px: int = 1280
    height_px: int = 720
    fps_num: int = 30
    fps_den: int = 1
    video_kbps: int = 2500
    audio_kbps: int = 128
    encoder: str = "auto"
    preset: str = "veryfast"

    def check(self) -> None:
        """Raises StoaError(BAD_ARGUMENT) for what cannot be right."""
        if not (16 <= self.width_px <= MAX_SIDE_PX and 16 <= self.height_px <= MAX_SIDE_PX):
            raise _bad(f"A picture of {self.width_px}x{self.height_px} cannot be made.", "Take 16 to 7680 pixels.")
        if self.width_px * self.height_px > MAX_AREA_PX:
            raise _bad(f"A picture of {self.width_px}x{self.height_px} cannot be encoded.", "Take 7680x4320 at most.")
        if self.width_px % 2 or self.height_px % 2:
            raise _bad(f"A picture of {self.width_px}x{self.height_px} cannot be encoded.", "Both sides must be even.")
        if self.fps_den <= 0 or not 1 <= Fraction(self.fps_num, self.fps_den) <= MAX_FPS:
            raise _bad("That is no frame rate.", f"Take 1 to {MAX_FPS} fps.")
        if not 50 <= self.video_kbps <= 200_000:
            raise _bad(f"A video bitrate of {self.video_kbps} kb/s cannot be.", "Take 50 to 200000 kb/s.")
        if not 16 <= self.audio_kbps <= 512:
            raise _bad(f"An audio bitrate of {self.audio_kbps} kb/s cannot be.", "Take 16 to 512 kb/s.")


def _bad(words: str, remedy: str) -> StoaError:
    return StoaError(ErrorKind.BAD_ARGUMENT, words, remedy=remedy, permanent=True)


class Show:
    """Belongs to the engine's event loop."""

    def __init__(
        self,
        shape: ProgramShape,
        clockwork: Clockwork,
        events: EventLog,
        *,
        clock: Clock,
        started_ns: int,
        findings: Findings,
        notice: Callable[[str, str], object],
        on_changed: Callable[[], None],
    ) -> None:
        """`findings` names the encoders that `auto` may take; `notice(words, remedy)` tells the host."""
        self.shape = shape
        self.clockwork = clockwork
        self.fanout = Fanout()
        self.keyframes = KeyframeRequests()
        clockwork.sound_is_even = lambda: self.fanout.wants(Codec.OPUS)
        self._events = events
        self._clock = clock
        self._started_ns = started_ns
        self._findings = findings
        self._notice = notice
        self._on_changed = on_changed
        self._loop = asyncio.get_running_loop()
        self._encoding: Encoding | None = None
        self._opening: asyncio.Task[None] | None = None
        self._waiting: dict[asyncio.Future[None], str] = {}
        """Who waits for the encoder to open: done where that one was given up."""
        self._skipped_before = 0
        self.webrtc_expected: Callable[[], bool] = lambda: False
        self.held = False
        """True while outlets may connect though the first picture is not there yet."""
        self.live = False
        self.live_since_ns = 0
        self.first_packet_ms = 0.0
        self.refused = ""
        self.muted_audio_by = ""
        self.muted_video_by = ""

    def follow_on(self, before: Show) -> None:
        """Take the place of a show of another shape: what an admin ordered, and what was counted, goes on."""
        self.refused = before.refused
        self.first_packet_ms = before.first_packet_ms
        self._skipped_before = before.skipped
        self.mute(audio_by=before.muted_audio_by, video_by=before.muted_video_by)

    # -- the encoding ------------------------------------------------------------------------------------------------

    video_codec = Codec.H264

    @property
    def encoding(self) -> Encoding | None:
        return self._encoding

    async def prepare(self, taker: str, *, webrtc: bool) -> None:
        """Have the encoding running: call `require` and `take` before anything else is awaited.

        `taker` is a name for `give_up`. Several may wait for the same opening, which ends when nobody waits any more.
        Raises StoppedMeanwhile (given up), and StoaError where no encoder opens.
        """
        given_up: asyncio.Future[None] = self._loop.create_future()
        self._waiting[given_up] = taker
        try:
            while self._encoding is None:
                opening = self._opening
                if opening is None:
                    opening = self._opening = asyncio.create_task(self._open(webrtc or self.webrtc_expected()))
                await asyncio.wait([opening, given_up], return_when=asyncio.FIRST_COMPLETED)
                failure = opening.exception() if opening.done() else None
                if given_up.done():
                    raise StoppedMeanwhile
                if failure is not None:
                    raise failure
        finally:
            del self._waiting[given_up]
            if not self._waiting and self._opening is not None:
                opening, self._opening = self._opening, None
                opening.cancel()

    def give_up(self, *takers: str) -> None:
        """These wait for the encoder no longer (nobody does, where none is named); harmless where they do not wait."""
        for given_up, taker in self._waiting.items():
            if not given_up.done() and (not takers or taker in takers):
                given_up.set_result(None)

    def require(self, *, webrtc: bool) -> Encoding:
        """The encoding that `prepare` has opened.

        Raises StoaError(CONFLICT) where it runs in High profile and a WebRTC destination wants to join.
        """
        encoding = self._encoding
        if encoding is None:
            raise StoppedMeanwhile
        if webrtc and encoding.video_track.profile.lower() == "high":
            raise StoaError(
                ErrorKind.CONFLICT,
                "This show is encoded in High profile, which WebRTC does not take: it would need a second rendition.",
                remedy="Stop, add the WebRTC destination, and go live again.",
                permanent=True,
            )
        return encoding

    async def _open(self, webrtc: bool) -> None:
        """Open the encoder that is named, or for `auto` the best that opens."""
        named = self.shape.encoder
        names = self._findings.usable(self.video_codec) if named == "auto" else [named]
        try:
            for name, after in zip(names, [*names[1:], ""], strict=True):
                try:
                    self._encoding = await open_encoding(self._settings(name, webrtc), self._make)
                    self._encoding.set_bitrate(self.shape.video_kbps)
                    return
                except StoaError as error:
                    if not after:
                        raise
                    if error.kind in (ErrorKind.TIMEOUT, ErrorKind.CRASHED):
                        self._findings.avoid(name)
                    self._notice(f"{error.message} {after} is tried instead.", "")
        finally:
            if self._opening is asyncio.current_task():
                self._opening = None

    def _settings(self, name: str, webrtc: bool) -> VideoSettings:
        shape = self.shape
        return VideoSettings(
            codec=self.video_codec,
            width=shape.width_px,
            height=shape.height_px,
            fps_num=shape.fps_num,
            fps_den=shape.fps_den,
            bitrate_kbps=shape.video_kbps,
            preset=shape.preset,
            profile="constrained baseline" if webrtc else "high",
            name=name,
        )

    def _make(self, settings: VideoSettings) -> Encoding:
        return Encoding(
            settings,
            self.shape.audio_kbps,
            self.fanout,
            self.keyframes,
            clock=self._clock,
            zero_ns=self.clockwork.grid.zero_ns,
            on_keyframe=lambda reasons: self._post(self._keyframe_made, reasons),
            on_replaced=lambda old, new, words: self._post(self._encoder_replaced, old, new, words),
            on_failed=lambda error: self._post(self._encoder_failed, error),
        )

    def take(self, outlet: Outlet) -> None:
        """From now on this outlet gets packets; pictures flow from the first one on (unless they are held)."""
        self.fanout.add(outlet)
        if not self.held:
            self.roll()

    def roll(self, not_before_ns: int = 0) -> None:
        """Let pictures flow into the encoding, from the next tick (at or after an instant of the studio clock)."""
        self.held = False
        encoding = self._encoding
        if encoding is None or self.clockwork.encoding is encoding:
            return
        grid = self.clockwork.grid
        instant_ns = max(self._clock.now_ns() + START_LEAD_NS, not_before_ns)
        encoding.start_at(grid.tick_ns(grid.first_tick_at(instant_ns)))
        self.clockwork.encoding = encoding

    def leave(self, name: str) -> None:
        """This outlet gets no more packets."""
        self.fanout.remove(name)

    async def drain(self) -> None:
        """No more pictures: encode what waits and flush to the outlets, before they leave."""
        encoding, self._encoding = self._encoding, None
        self.clockwork.encoding = None
        if encoding is not None:
            self._skipped_before += encoding.skipped
            await asyncio.to_thread(encoding.close)

    @property
    def unused(self) -> bool:
        """Whether the encoding runs for nobody."""
        wanted = self.held or self._waiting or self.fanout.outlets
        return self._encoding is not None and not wanted

    async def drain_unused(self) -> None:
        """End the encoding where nobody takes it any more."""
        if self.unused:
            await self.drain()

    # -- facts -------------------------------------------------------------------------------------------------------

    def mark_first_packet(self) -> None:
        """A destination has it."""
        if not self.first_packet_ms:
            self.first_packet_ms = (self._clock.now_ns() - self._started_ns) / 1e6

    @property
    def skipped(self) -> int:
        return self._skipped_before + (self._encoding.skipped if self._encoding else 0)

    def set_live(self, live: bool) -> None:
        """On air, or off."""
        self.live = live
        self.live_since_ns = self._clock.now_ns() if live else 0
        kind = EventType.PROGRAM_STARTED if live else EventType.PROGRAM_STOPPED
        self._events.emit(kind, self.info())
        self._on_changed()

    def info(self) -> ProgramInfo:
        shape, encoding = self.shape, self._encoding
        return ProgramInfo(
            width_px=shape.width_px,
            height_px=shape.height_px,
            fps_num=shape.fps_num,
            fps_den=shape.fps_den,
            video_kbps=shape.video_kbps,
            audio_kbps=shape.audio_kbps,
            encoder=encoding.encoder_name if encoding else shape.encoder,
            preset=shape.preset,
            profile=encoding.video_track.profile if encoding else "",
            live=self.live,
            live_since_ns=self.live_since_ns,
            go_live_refused=self.refused,
            muted_audio_by=self.muted_audio_by,
            muted_video_by=self.muted_video_by,
        )

    def change(self, request: ProgramSet) -> ProgramShape:
        """Another shape (the caller rebuilds what depends on it). On air only the video bitrate may change."""
        fields = request.__struct_fields__
        changes = {name: value for name in fields if (value := getattr(request, name)) is not None}
        shape = msgspec.structs.replace(self.shape, **changes)
        shape.check()
        if (self._encoding or self._waiting) and set(changes) - {"video_kbps"}:
            raise StoaError(
                ErrorKind.CONFLICT,
                "On air, or while recording, only the video bitrate can change.",
                remedy="Stop first.",
            )
        if self._encoding is not None:
            self._encoding.set_bitrate(shape.video_kbps)
        self.shape = shape
        return shape

    def mute(self, *, audio_by: str | None = None, video_by: str | None = None) -> None:
        """An admin's mute ("" lifts it): silence, a slate, to every destination and into the recording."""
        if audio_by is not None:
            self.muted_audio_by = audio_by
            self.clockwork.mixer.muted = bool(audio_by)
        if video_by is not None:
            self.muted_video_by = video_by
            self.clockwork.compositor.muted = bool(video_by)
        self._events.emit(EventType.PROGRAM_CHANGED, self.info())
        self._on_changed()

    # -- from the encoder's thread -----------------------------------------------------------------------------------

    def _post(self, function: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def _keyframe_made(self, reasons: list[str]) -> None:
        self._events.emit(EventType.KEYFRAME_REQUESTED, {"reasons": reasons})

    def _encoder_replaced(self, old: str, new: str, words: str) -> None:
        self._events.emit(EventType.ENCODER_REPLACED, {"old": old, "new": new, "words": words})
        self._notice(f"The encoder {old} failed; {new} took over. {words}", "")

    def _encoder_failed(self, error: StoaError) -> None:
        self._notice(error.message, error.remedy)
