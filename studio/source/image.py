"""The image's process: one picture of a file, sent once and held."""

from __future__ import annotations

from studio.media import NS_PER_MS, ErrorKind, StoaError
from studio.process import ChildPipes
from studio.source.clip_file import ClipFile
from studio.source.contract import Opened, OpenSource, Timing
from studio.source.entry import PictureEntry, write_picture
from studio.source.outlet import Outlet, run_source

SLOTS = 2
START_LEAD_NS = 20 * NS_PER_MS


def run(pipes: ChildPipes) -> None:
    """`stoa --child image`."""
    run_source(pipes, play)


def play(outlet: Outlet, request: OpenSource) -> None:
    """Show a still picture (of an animation its first) until the end. Raises StoaError for one that cannot be shown."""
    if not request.video:
        raise StoaError(ErrorKind.NOT_SUPPORTED, "An image has no sound.", permanent=True)
    outlet.beat(10.0)
    file = ClipFile(request.target, video=True, audio=False)
    try:
        frame = file.next_picture()
        if frame is None:
            raise StoaError(
                ErrorKind.BAD_DATA,
                f"The picture “{file.path.name}” could not be decoded.",
                remedy="Open it elsewhere and save it anew.",
                permanent=True,
            )
        entry = PictureEntry(request.max_width_px, request.max_height_px, file.pixel_aspect)
        size = entry.size_of(frame)
        words = f"{frame.width}x{frame.height}, {file.codec_name}"
        outlet.opened(Opened(True, False, Timing.AHEAD, words, size[0], size[1]))
        if not outlet.want_ring(*size, SLOTS):
            return
        slot = outlet.take()
        finished = next(iter([*entry.push(frame), *entry.flush()]), None)
        if slot is None or finished is None:
            raise StoaError(ErrorKind.INTERNAL, "The picture found no place in the engine's memory.")
        write_picture(finished, slot.picture)
        tick = request.grid.first_tick_at(outlet.clock.now_ns() + START_LEAD_NS)
        outlet.picture(slot, request.grid.tick_ns(tick))
    finally:
        file.close()
    outlet.hold()
