"""The clip's process: a media file's picture and sound on the program's time, once or over and over.

Time. The clip's zero is its first picture (its first sound, where that begins more than a frame earlier, or where there
is no picture) and falls on a tick of the program. One pass is as long as its picture; where the sound goes on for more
than a frame's time after the last picture, as long as its sound, while the last picture holds. Both follow one count of
nanoseconds from pass to pass, so that they never part; sound is laid down by sample numbers counted over all passes,
with silence where the file has none.

Before each picture goes the sound up to it, so the two never part however the file interleaves them.
"""

from __future__ import annotations

from collections.abc import Iterable

import av
from av.rational import AVRational

from studio.media import BLOCK_SAMPLES, NS_PER_S, ErrorKind, StoaError, ns_to_samples, samples_to_ns
from studio.process import ChildPipes
from studio.source.clip_file import ClipFile
from studio.source.clip_sound import Piece, SoundEntry
from studio.source.contract import Ended, Opened, OpenSource, Timing
from studio.source.entry import PictureEntry, write_picture
from studio.source.outlet import Outlet, run_source, slots_ahead
from studio.source.sound_line import SoundLine

START_LEAD_NS = 60_000_000
GIVE_UP_NS = 1_000_000_000
"""A clip that is later than this jumps to the present."""
SOUND_STEP_NS = 40_000_000
ROUNDING_NS = 2_000_000


def run(pipes: ChildPipes) -> None:
    """`stoa --child clip`."""
    run_source(pipes, play)


def play(outlet: Outlet, request: OpenSource) -> None:
    """Play a file until the end. Raises StoaError for one that cannot be played."""
    file = ClipFile(request.target, video=request.video, audio=request.audio)
    try:
        Clip(outlet, request, file).play()
    finally:
        file.close()


class Clip:
    """One clip at play. One thread; all times of the file are nanoseconds from the clip's zero."""

    def __init__(self, outlet: Outlet, request: OpenSource, file: ClipFile) -> None:
        self._outlet = outlet
        self._request = request
        self._file = file
        self._entry = PictureEntry(request.max_width_px, request.max_height_px, file.pixel_aspect)
        self._sound_entry = SoundEntry()
        self._line = SoundLine()
        self._frame_ns = int(NS_PER_S / file.frame_rate) if file.frame_rate else NS_PER_S // 30
        self._origin_ns = 0  # the clip's zero on the file's own time
        self._zero_ns = 0  # and on the studio clock
        self._sent_ns = 0  # the instant of the last picture sent
        self._pass_ns = 0  # when the present pass began
        self._picture: av.VideoFrame | None = None
        self._pictures_in_pass = 0
        self._last_ns = 0
        self._end_ns = 0  # of the last picture so far
        self._has_sound = file.audio is not None
        self._sound_over = file.audio is None
        self._first_piece = True
        self._ring_size = (0, 0)

    # ------------------------------------------------------------ the passes

    def play(self) -> None:
        """Play until the outlet stops."""
        if not self._open():
            return
        while not self._outlet.stopping.is_set():
            self._play_pictures()
            length_ns = self._finish_pass()
            if self._outlet.stopping.is_set():
                return
            if not self._request.loop or (self._pictures_in_pass == 1 and not self._has_sound):
                self._end()
                return
            self._pass_ns += length_ns
            self._rewind()

    def _open(self) -> bool:
        file, request = self._file, self._request
        self._outlet.beat(10.0)
        self._picture = file.next_picture()
        if file.video is not None and self._picture is None:
            raise self._undecodable("picture")
        first_sound = file.next_sound()
        if file.video is None and first_sound is None:
            raise self._undecodable("sound")
        self._has_sound = first_sound is not None or not file.is_over(file.audio)
        self._set_origin(first_sound)
        size = self._entry.size_of(self._picture) if self._picture is not None else (0, 0)
        self._outlet.opened(
            Opened(
                has_video=file.video is not None,
                has_audio=self._has_sound,
                timing=Timing.AHEAD,
                words=self._words(size),
                width_px=size[0],
                height_px=size[1],
                fps=float(file.frame_rate or 0),
                duration_ns=file.duration_ns,
            )
        )
        if file.video is not None and not self._want_ring(size):
            return False
        tick = request.grid.first_tick_at(self._outlet.clock.now_ns() + START_LEAD_NS)
        self._zero_ns = request.grid.tick_ns(tick)
        if first_sound is not None:
            self._lay(self._sound_entry.push(first_sound))
        return True

    def _set_origin(self, first_sound: av.AudioFrame | None) -> None:
        starts = _time_ns(first_sound) if first_sound is not None else None
        if self._picture is None:
            self._origin_ns = starts or 0
            return
        self._origin_ns = _time_ns(self._picture)
        if starts is not None and starts < self._origin_ns - self._frame_ns:
            self._origin_ns = starts

    def _rewind(self) -> None:
        self._file.rewind()
        self._sound_entry = SoundEntry()
        self._sound_over = self._file.audio is None
        self._first_piece = True
        self._picture = self._file.next_picture()
        self._pictures_in_pass = 0

    def _end(self) -> None:
        if not self._request.loop:
            self._outlet.tell(Ended())
        self._outlet.hold()

    # ------------------------------------------------------------ pictures

    def _play_pictures(self) -> None:
        """Show every picture of a pass, each with the sound up to it."""
        stopping = self._outlet.stopping
        self._last_ns = self._end_ns = 0
        while not stopping.is_set():
            if self._picture is None:
                if self._file.is_over(self._file.video):
                    break
                self._send_sound(self._head_ns() + SOUND_STEP_NS)  # the next picture is far on in the file
                self._picture = self._file.next_picture()
                continue
            at_ns = _time_ns(self._picture, self._last_ns + self._frame_ns + self._origin_ns) - self._origin_ns
            self._pictures_in_pass += 1
            self._last_ns, self._end_ns = at_ns, at_ns + self._duration_ns(self._picture)
            self._send_sound(at_ns)
            if self._is_hopeless(at_ns):
                self._outlet.drop()
                self._outlet.beat()
                self._picture = self._file.next_picture()
                continue
            for ready in self._entry.push(self._picture):
                self._send_picture(ready)
            self._picture = self._file.next_picture()
        for ready in self._entry.flush() if not stopping.is_set() else ():
            self._send_picture(ready)

    def _is_hopeless(self, at_ns: int) -> bool:
        """Whether a picture is too late to be worth converting (a deinterlacer needs every one)."""
        late_ns = self._outlet.clock.now_ns() - self._instant_ns(at_ns + self._frame_ns)
        return 0 < late_ns <= GIVE_UP_NS and not self._entry.holds_back and self._outlet.pictures > 0

    def _duration_ns(self, picture: av.VideoFrame) -> int:
        if picture.duration and picture.time_base:
            told_ns = _in_ns(picture.duration, picture.time_base)
            # Containers that count milliseconds round a constant rate's frame time.
            return self._frame_ns if abs(told_ns - self._frame_ns) < ROUNDING_NS else told_ns
        return self._frame_ns

    def _send_picture(self, picture: av.VideoFrame) -> None:
        at_ns = _time_ns(picture, self._last_ns + self._origin_ns) - self._origin_ns
        due_ns = self._instant_ns(at_ns)
        if due_ns <= self._sent_ns:
            self._outlet.drop()  # a damaged file whose time goes back
            return
        if not self._pace(due_ns):
            return
        size = (self._entry.width_px, self._entry.height_px)
        if size != self._ring_size and not self._want_ring(size):
            return
        slot = self._outlet.wait_slot(due_ns)
        if slot is None:
            self._outlet.drop()
            return
        write_picture(picture, slot.picture)
        self._outlet.picture(slot, due_ns)
        self._sent_ns = due_ns

    def _want_ring(self, size: tuple[int, int]) -> bool:
        self._ring_size = size
        return self._outlet.want_ring(*size, slots_ahead(NS_PER_S / self._frame_ns))

    # ------------------------------------------------------------ sound

    def _send_sound(self, until_ns: int) -> None:
        """Decode and send the sound of this pass up to `until_ns`, silence where the file has none."""
        if not self._has_sound:
            return
        limit = self._place(until_ns)
        self._decode_sound(limit)
        self._line.pad_to(limit)
        self._flush_line(limit)

    def _flush_line(self, limit: int) -> None:
        taken = self._line.take(limit)
        if taken is not None:
            place, samples = taken
            due_ns = self._zero_ns + samples_to_ns(place)
            if self._pace(due_ns):
                self._outlet.sound(samples, self._zero_ns + samples_to_ns(place))

    def _decode_sound(self, limit: int) -> None:
        """Lay down sound until the line reaches `limit`, the pass has no more, or more is out of reach."""
        while self._line.head < limit and not self._sound_over:
            frame = self._file.next_sound()
            if frame is not None:
                self._lay(self._sound_entry.push(frame))
            elif self._file.is_over(self._file.audio):
                self._lay(self._sound_entry.flush())
                self._sound_over = True
            else:
                return

    def _lay(self, pieces: Iterable[Piece]) -> None:
        for samples, at_ns in pieces:
            place = self._line.head if at_ns is None else self._place(at_ns - self._origin_ns)
            self._line.lay(samples, place, exactly=self._first_piece)
            self._first_piece = False

    def _finish_pass(self) -> int:
        """Send what is left of the sound and make the line end where the pass does; the length of the pass."""
        length_ns = self._end_ns
        if self._has_sound:
            tail = self._place(length_ns + self._frame_ns)
            self._decode_sound(tail + 1)
            if self._line.head > tail or self._file.video is None:
                while not self._sound_over and not self._outlet.stopping.is_set():
                    self._decode_sound(self._line.head + ns_to_samples(SOUND_STEP_NS))
                    self._flush_line(self._line.head)
                length_ns = max(length_ns, samples_to_ns(self._line.head) - self._pass_ns)
            end = self._place(length_ns)
            self._line.cut_to(end)
            if not self._request.loop:
                self._line.pad_to(self._line.sent + -(-(end - self._line.sent) // BLOCK_SAMPLES) * BLOCK_SAMPLES)
            self._flush_line(self._line.head)
        if length_ns <= 0:
            raise self._undecodable("picture")
        return length_ns

    def _head_ns(self) -> int:
        return samples_to_ns(self._line.head) - self._pass_ns if self._has_sound else self._last_ns

    # ------------------------------------------------------------ time

    def _place(self, at_ns: int) -> int:
        """The sample number, over all passes, of a moment of this pass."""
        return ns_to_samples(self._pass_ns + at_ns)

    def _instant_ns(self, at_ns: int) -> int:
        return self._zero_ns + self._pass_ns + at_ns

    def _pace(self, due_ns: int) -> bool:
        """Wait for the time to send what is due then; False at the end. Too late altogether, the clip jumps."""
        late_ns = self._outlet.clock.now_ns() - due_ns
        if late_ns > GIVE_UP_NS:
            grid = self._request.grid
            ticks = grid.first_tick_at(grid.zero_ns + late_ns)
            self._zero_ns += grid.tick_ns(ticks) - grid.zero_ns
            self._outlet.words = "too slow: this machine cannot play the clip in real time"
        return self._outlet.pace(due_ns)

    # ------------------------------------------------------------ words

    def _words(self, size: tuple[int, int]) -> str:
        parts = []
        if self._file.video is not None:
            parts.append(f"{size[0]}x{size[1]} at {float(self._file.frame_rate or 0):.6g} fps")
            parts.append(self._file.codec_name)
        if self._file.audio is not None:
            context = self._file.audio.codec_context
            parts.append(f"{context.sample_rate / 1000:g} kHz {context.layout.name}, {context.name}")
        held_s = self._file.held_s
        if held_s is not None:
            parts.append(f"cut off: {held_s:.1f} s of {self._file.duration_ns / 1e9:.1f} s are there")
        return ", ".join(parts)

    def _undecodable(self, what: str) -> StoaError:
        return StoaError(
            ErrorKind.BAD_DATA,
            f"No {what} in the file “{self._file.path.name}” could be decoded.",
            remedy="Try to play it elsewhere, or convert it.",
            permanent=True,
        )


def _in_ns(count: int, time_base: AVRational) -> int:
    return count * time_base.numerator * NS_PER_S // time_base.denominator


def _time_ns(frame: av.VideoFrame | av.AudioFrame, otherwise: int = 0) -> int:
    """A frame's time in the file; `otherwise` where it has none."""
    if frame.pts is None or frame.time_base is None:
        return otherwise
    return _in_ns(frame.pts, frame.time_base)
