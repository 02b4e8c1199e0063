"""How often the program had to repeat a source's picture because the next one was late."""

from __future__ import annotations


class Repeats:
    """Counts ticks that showed an old picture where a new one was due. Belongs to the program thread.

    A live source is late where its picture is shown for longer than its own rate explains, with half a tick for
    rounding; what its rate does not tell (0) is not counted. A source that delivers ahead knows each picture's
    instant: it is late by the ticks between that and the picture's arrival, so a clip with still passages is not. Ticks
    at which nobody looked count for nothing, and neither does what follows them up to the next picture.
    """

    def __init__(self) -> None:
        self.count = 0
        self._last_ns = 0
        self._shown = 0  # ticks of the present picture
        self._over = 0  # of these, counted
        self._sure = False

    def pause(self) -> None:
        """The source is lost, or has ended: that is told otherwise."""
        self._sure = False

    def live(self, tick_ns: int, span_ns: int, interval_ns: int, *, fresh: bool) -> None:
        """A tick of a live source; `span_ns` is the program's frame time, `interval_ns` the source's own."""
        self._look(tick_ns, span_ns, fresh=fresh)
        longest_ns = max(interval_ns, span_ns) + span_ns // 2
        if self._sure and interval_ns and (self._shown - 1) * span_ns > longest_ns:
            explained = max(1, -(-(interval_ns - span_ns // 20) // span_ns))
            over = self._shown - explained
            self.count += over - self._over
            self._over = over

    def ahead(self, tick_ns: int, span_ns: int, fresh_pts_ns: int | None) -> None:
        """A tick of a source that delivers ahead; `fresh_pts_ns` is the instant of the first picture that came."""
        repeats = self._shown - 1
        self._look(tick_ns, span_ns, fresh=fresh_pts_ns is not None)
        if fresh_pts_ns is not None and self._sure and repeats > 0:
            self.count += max(0, min((tick_ns - fresh_pts_ns) // span_ns, repeats))

    def _look(self, tick_ns: int, span_ns: int, *, fresh: bool) -> None:
        if tick_ns - self._last_ns > span_ns + span_ns // 2:
            self._sure = False
        elif fresh:
            self._sure = True
        self._last_ns = tick_ns
        self._shown = 1 if fresh else self._shown + 1
        if fresh:
            self._over = 0
