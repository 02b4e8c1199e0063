"""Encode once: the program's pictures and sound in a thread of their own, packets straight into the fan-out."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from encoders.audio import AudioEncoder
from encoders.registry import is_hardware
from encoders.settings import AudioSettings, VideoSettings
from encoders.video import VideoEncoder
from studio.media import (
    AudioTrack,
    Clock,
    Codec,
    EncodedPacket,
    ErrorKind,
    StoaError,
    VideoFrame,
    VideoTrack,
    ns_to_samples,
    samples_to_ns,
)
from studio.media.lease import PictureLease
from studio.mixer.mixer import Mixed
from studio.program.call_watch import CALL_LIMIT_NS, CallWatch, left_behind
from studio.program.fanout import Fanout
from studio.program.keyframes import KeyframeRequests, on_grid

BACKLOG = 15
"""Pictures that may wait for the encoder; one more is skipped. Half a second at 30 fps: where the machine is busy for a
moment, the encoder catches up and nothing is lost."""
UNCOPIED = 3
"""So many wait where their source drew them; the others are copied, since a source has few places to draw."""
SOFTWARE = "libx264"
CLOSE_LIMIT_S = 5.0
_STOPPED = StoaError(
    ErrorKind.INTERNAL, "The encoder stopped by a fault of its own.", remedy="Stop, and go live again."
)
log = logging.getLogger(__name__)


def _copied(frame: VideoFrame) -> VideoFrame:
    return replace(frame, data=frame.data.copy())


@dataclass(frozen=True, slots=True)
class _Picture:
    lease: PictureLease
    tick_ns: int
    frame: int


class _LeftBehindError(Exception):
    """The thread has come back from a call that was given up: another goes on in its place, and all is that one's."""


class Encoding:
    """From the first taker to the last: one video encoder, and AAC and Opus where someone wants them.

    Its thread opens the video encoder: `opened` is done once that is over, with the StoaError where it did not open.
    Before that nothing but `abandon` may be called.

    The program thread calls `picture` and `sound` (neither blocks); the encoder's thread does the rest. PTS count from
    the tick `start_ns`, which `start_at` names before the first picture: pictures in frames, sound in samples.
    `on_keyframe(reasons)` is called for each keyframe that answers a request, `on_replaced(old, new, words)` when a
    hardware encoder gave up on air, or hung: then its thread is left behind in the driver, and another goes on.
    """

    def __init__(
        self,
        settings: VideoSettings,
        audio_kbps: int,
        fanout: Fanout,
        requests: KeyframeRequests,
        *,
        clock: Clock,
        zero_ns: int,
        on_keyframe: Callable[[list[str]], None],
        on_replaced: Callable[[str, str, str], None],
        on_failed: Callable[[StoaError], None],
    ) -> None:
        self._video: VideoEncoder
        self._settings = settings
        self._audio_kbps = audio_kbps
        self._audio: dict[Codec, AudioEncoder] = {}
        self._sounding: set[Codec] = set()
        self._fanout = fanout
        self._requests = requests
        self._clock = clock
        self._zero_ns = zero_ns
        self.start_ns = 0
        self._start_sample = 0
        self._on_keyframe = on_keyframe
        self._on_replaced = on_replaced
        self._on_failed = on_failed
        self._work: deque[_Picture | Mixed] = deque()
        self._pictures_waiting = 0
        self._changed = threading.Condition()
        self._audio_lock = threading.Lock()
        self._closing = False
        self._replaced_at = -1
        self._watch: CallWatch | None = None
        if is_hardware(settings.name):
            self._watch = CallWatch(1_000_000_000 * settings.fps_den // settings.fps_num, clock)
        self._in_hand: PictureLease | None = None
        self.encoded = 0
        self.skipped = 0
        self.bytes = 0
        self.encode_ms = 0.0
        self._rates: deque[tuple[int, int]] = deque()
        self.opened: Future[None] = Future()
        self.opened.set_running_or_notify_cancel()
        self._thread = threading.Thread(target=self._run, name="encoder", daemon=True)
        self._thread.start()

    def start_at(self, start_ns: int) -> None:
        """The tick of the first picture, an instant of the studio clock. Once, before any picture."""
        self.start_ns = start_ns
        self._start_sample = ns_to_samples(start_ns - self._zero_ns)

    @property
    def video_track(self) -> VideoTrack:
        return self._video.track

    @property
    def encoder_name(self) -> str:
        return self._settings.name

    def audio_track(self, codec: Codec) -> AudioTrack:
        """The track of AAC or Opus; its encoder is opened on first use. Any thread."""
        with self._audio_lock:
            if codec not in self._audio:
                self._audio[codec] = AudioEncoder.open(AudioSettings(codec, self._audio_kbps))
            return self._audio[codec].track

    def set_bitrate(self, kbps: int) -> None:
        """A new video bitrate for the running encoder. Any thread."""
        self._settings = replace(self._settings, bitrate_kbps=kbps)

    def rate_kbps(self) -> float:
        """The video bitrate over about the last two seconds. The engine's loop asks."""
        now_ns = self._clock.now_ns()
        self._rates.append((now_ns, self.bytes))
        while len(self._rates) > 2 and now_ns - self._rates[1][0] > 2_000_000_000:
            self._rates.popleft()
        first_ns, first_bytes = self._rates[0]
        return (self.bytes - first_bytes) * 8e6 / (now_ns - first_ns) if now_ns > first_ns else 0.0

    # -- the program thread ------------------------------------------------------------------------------------------

    def picture(self, lease: PictureLease, tick_ns: int, frame: int) -> None:
        """The picture of frame number `frame` (counted from `start_ns`); takes over the lease."""
        if UNCOPIED <= self._pictures_waiting < BACKLOG:
            original, lease = lease, PictureLease(_copied(lease.frame))
            original.release()
        with self._changed:
            kept = self._pictures_waiting < BACKLOG and not self._closing
            if kept:
                self._pictures_waiting += 1
                self._work.append(_Picture(lease, tick_ns, frame))
                self._changed.notify()
            else:
                self.skipped += not self._closing
        if not kept:
            lease.release()
        self._mind_driver()

    def sound(self, mixed: Mixed) -> None:
        """Samples of the master, contiguous."""
        with self._changed:
            if not self._closing:
                self._work.append(mixed)
                self._changed.notify()

    def close(self) -> None:
        """Encode what waits, flush, end the thread. Blocks for a few frames' time, for seconds where a driver hangs."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        watch = self._watch
        step_s = watch.most_a_beat_ns / 1e9 if watch is not None else CLOSE_LIMIT_S
        for _ in range(round(CLOSE_LIMIT_S / step_s)):
            self._thread.join(step_s)
            if not self._thread.is_alive():
                break
            self._mind_driver()

    def abandon(self) -> None:
        """Nobody wants it any more: its thread ends as soon as its encoder has opened, should it ever."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    # -- who beats: the program thread, and in the end who closes -----------------------------------------------------

    def _mind_driver(self) -> None:
        """Go on in another thread, with software, where the encoder's hangs in its driver. That one and its encoder
        are left to themselves: from now on they share nothing with the rest but the picture, which they only read."""
        watch = self._watch
        if watch is None or not watch.beat():
            return
        left_behind.append(self._video)
        if self._in_hand is not None:
            self._in_hand.release()
            self._in_hand = None
        error = StoaError(
            ErrorKind.TIMEOUT, f"It has not come back from its driver for {CALL_LIMIT_NS / 1e9:g} s and is left behind."
        )
        thread = threading.Thread(target=self._encode_all, args=(error,), name="encoder", daemon=True)
        thread.start()
        self._thread = thread

    # -- the encoder's thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._video = VideoEncoder.open(self._settings)
        except Exception as cause:
            self.opened.set_exception(cause)
            return
        self.opened.set_result(None)
        self._encode_all(None)

    def _encode_all(self, hung: StoaError | None) -> None:
        """From the present picture to the end; `hung` says why the thread before this one was left behind."""
        try:
            if hung is not None:
                self._replace_encoder(hung)
            while (work := self._next()) is not None:
                if isinstance(work, Mixed):
                    self._encode_sound(work)
                else:
                    self._encode_picture(work)
            self._flush()
        except _LeftBehindError:
            log.warning("a call of the hanging encoder has come back; what it brought is thrown away")
            return
        except Exception as cause:
            log.exception("the encoder's thread stopped")
            self._on_failed(cause if isinstance(cause, StoaError) else _STOPPED)
        with self._changed:  # nobody encodes any more: nothing may pile up
            self._closing = True
            left = list(self._work)
            self._work.clear()
        for work in left:
            if isinstance(work, _Picture):
                work.lease.release()

    def _flush(self) -> None:
        video = self._video
        self._flush_one(video, lambda: self._watched(video.flush))
        for audio in [self._audio[codec] for codec in self._sounding]:
            self._flush_one(audio, audio.flush)

    def _flush_one(self, encoder: VideoEncoder | AudioEncoder, flush: Callable[[], list[EncodedPacket]]) -> None:
        try:
            self._fanout.send(flush())
        except StoaError:
            log.exception("an encoder failed while flushing")
        encoder.close()

    def _watched(self, call: Callable[[], list[EncodedPacket]]) -> list[EncodedPacket]:
        """What a call of the video encoder gives. Raises _LeftBehindError where it was given up meanwhile."""
        watch = self._watch
        if watch is None:
            return call()
        watch.enter()
        try:
            packets = call()
        except Exception:
            if not watch.leave():
                raise _LeftBehindError from None
            raise
        if not watch.leave():
            raise _LeftBehindError
        return packets

    def _next(self) -> _Picture | Mixed | None:
        with self._changed:
            while not self._work:
                if self._closing:
                    return None
                self._changed.wait()
            work = self._work.popleft()
            if isinstance(work, _Picture):
                self._pictures_waiting -= 1
            return work

    def _encode_picture(self, work: _Picture) -> None:
        began_ns = self._clock.now_ns()
        settings = self._settings
        if settings.bitrate_kbps != self._video.settings.bitrate_kbps:
            self._video.set_bitrate(settings.bitrate_kbps)
        grid = on_grid(work.frame, settings.fps_num, settings.fps_den)
        reasons = self._requests.take(work.tick_ns, grid=grid)
        video, watch, self._in_hand = self._video, self._watch, work.lease
        keyframe = grid or bool(reasons)
        try:
            packets = self._watched(lambda: video.encode(work.lease.frame, work.frame, keyframe, work.tick_ns))
        except StoaError as error:
            self._replace_encoder(error)
            return
        finally:
            if watch is None or not watch.given_up:
                self._in_hand = None
                work.lease.release()
        self._fanout.send(packets)
        self.encoded += len(packets)
        self.bytes += sum(len(packet.data) for packet in packets)
        self.encode_ms += ((self._clock.now_ns() - began_ns) / 1e6 - self.encode_ms) * 0.05
        if reasons:
            self._on_keyframe(reasons)

    def _replace_encoder(self, error: StoaError) -> None:
        """An encoder failed on air: software from the next picture on, on the same connections. Raises `error` where
        software itself fails on its very first picture."""
        old = self._settings.name
        if old == SOFTWARE and self.encoded == self._replaced_at:
            raise error
        self._replaced_at = self.encoded
        self._watch = None
        self._settings = replace(self._settings, name=SOFTWARE, parameter_sets_in_band=True)
        self._video = VideoEncoder.open(self._settings)
        self._requests.ask("the encoder was replaced")
        self._on_replaced(old, self._settings.name, error.message)

    def _encode_sound(self, mixed: Mixed) -> None:
        index = mixed.index - self._start_sample
        samples = mixed.samples
        if index < 0:
            samples = samples[-index:]
            index = 0
        if not len(samples):
            return
        with self._audio_lock:
            encoders = list(self._audio.items())
        for codec, encoder in encoders:
            if self._fanout.wants(codec):
                self._sounding.add(codec)
                made_ns = self.start_ns + samples_to_ns(index)
                self._fanout.send(encoder.encode(samples, index, made_ns))
            elif codec in self._sounding:  # nobody listens any more: it begins anew, on time, when someone does
                self._sounding.discard(codec)
                with self._audio_lock:
                    self._audio[codec] = AudioEncoder.open(AudioSettings(codec, self._audio_kbps))
                encoder.close()
