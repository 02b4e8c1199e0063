"""How often the program had to repeat a source's picture because the next one was late."""

from __future__ import annotations


class Repeats:
    """Counts ticks that showed an old picture where a new one was due. Belongs to the program thread.

    A live source is late where its picture is shown for longer than its own rate explains, with half a tick for
    rounding. A source that delivers ahead may hold a picture for as long as it likes (a clip's still passage), if the
    next one is there before it is due; one that comes only at its tick, or later, was late, and by as much as the rate
    does not explain. What a rate does not tell (0) is not counted, nor what nobody looked at.
    """

    def __init__(self) -> None:
        self.count = 0
        self._last_ns = 0
        self._shown = 0  # ticks of the present picture
        self._over = 0  # of these, counted
        self._next_is_there = False
        self._sure = False

    def pause(self) -> None:
        """The source is lost, or has ended: that is told otherwise."""
        self._sure = False

    def live(self, tick_ns: int, span_ns: int, interval_ns: int, *, fresh: bool) -> None:
        """A tick of a live source; `span_ns` is the program's frame time, `interval_ns` the source's own (0: unknown).

        `fresh`: another picture than at the last tick."""
        self._look(tick_ns, span_ns, fresh=fresh)
        longest_ns = max(interval_ns, span_ns) + span_ns // 2
        if self._sure and interval_ns and (self._shown - 1) * span_ns > longest_ns:
            over = self._shown - _explained(span_ns, interval_ns)
            self.count += over - self._over
            self._over = over

    def ahead(self, tick_ns: int, span_ns: int, interval_ns: int, *, fresh: bool, next_is_there: bool) -> None:
        """A tick of a source that delivers ahead; `next_is_there`: what follows the present picture has come."""
        shown, came_in_time = self._shown, self._next_is_there
        self._look(tick_ns, span_ns, fresh=fresh)
        self._next_is_there = next_is_there
        if fresh and self._sure and interval_ns and not came_in_time:
            self.count += max(0, shown - _explained(span_ns, interval_ns))

    def _look(self, tick_ns: int, span_ns: int, *, fresh: bool) -> None:
        if tick_ns - self._last_ns > span_ns + span_ns // 2:  # nobody looked: the next picture may still be on its way
            self._sure = False
        elif fresh and self._shown:
            self._sure = True
        self._last_ns = tick_ns
        self._shown = 1 if fresh else self._shown + 1
        if fresh:
            self._over = 0


def _explained(span_ns: int, interval_ns: int) -> int:
    """For how many ticks a picture may be shown."""
    return max(1, -(-(interval_ns - span_ns // 20) // span_ns))
