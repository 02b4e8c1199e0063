"""The states of a destination, and the one place that changes them (drawn in contract.py)."""

from __future__ import annotations

from studio.destination.contract import DestinationState, StateChanged
from studio.destination.hang_up import TAKEN_FOR_REFUSAL, HungUp, turned_away
from studio.destination.retry import ComeBackLater, RetryTimes
from studio.media import NS_PER_S, ErrorKind, StoaError

SETTLED_NS = 3 * NS_PER_S


class Lifecycle:
    """Pure: told what happened and when, it answers with the new state in words."""

    def __init__(self, words_url: str, *, was_live: bool = False, times: RetryTimes | None = None) -> None:
        self._words_url = words_url
        self._times = times or RetryTimes()
        self._live_since_ns = 0
        self._hang_ups = 0
        self._lost_by: StoaError | None = None
        self.state = DestinationState.IDLE
        self.was_live = was_live
        self.tries = 0
        self.reconnects = 0
        self.retry_at_ns = 0
        """When to try next, while reconnecting."""

    def begin_try(self) -> StateChanged:
        """A connection is being made."""
        self.tries += 1
        again = self.was_live or self.tries > 1
        self.state = DestinationState.RECONNECTING if again else DestinationState.CONNECTING
        words = f"Connecting {'again ' if again else ''}to {self._words_url}."
        if self._lost_by is None:
            return StateChanged(self.state, words)
        return StateChanged(self.state, f"{words} The last time: {self._lost_by.message}", remedy=self._lost_by.remedy)

    def connected(self, now_ns: int) -> StateChanged:
        """The other side takes packets."""
        if self.was_live:
            self.reconnects += 1
        self.state = DestinationState.LIVE
        self._lost_by = None
        self.was_live = True
        self._live_since_ns = now_ns
        return StateChanged(self.state, f"Live on {self._words_url}.")

    def failed(self, error: StoaError, now_ns: int) -> StateChanged:
        """A try failed, or the live connection was lost.

        A refusal is final only before the destination has ever been live: afterwards the server may still hold our own
        lost connection, and a key that was right stays right. A server that hangs up again and again before that is
        most likely refusing.
        """
        if self.state is DestinationState.LIVE and now_ns - self._live_since_ns >= SETTLED_NS:
            self._times.succeeded()
        self._hang_ups = self._hang_ups + 1 if isinstance(error, HungUp) else 0
        if self._hang_ups >= TAKEN_FOR_REFUSAL and not self.was_live:
            error = turned_away()
        if error.permanent and not self.was_live:
            self.state = DestinationState.FAILED
            return StateChanged(self.state, error.message, error.kind, error.remedy, permanent=True)
        self._lost_by = error
        delay_s = self._times.next_s(error.after_s if isinstance(error, ComeBackLater) else 0.0)
        self.retry_at_ns = now_ns + int(delay_s * NS_PER_S)
        self.state = DestinationState.RECONNECTING
        return StateChanged(self.state, error.message, error.kind, error.remedy, retry_in_s=delay_s)

    def slow(self) -> StateChanged:
        """It is live and takes less than is sent."""
        words = f"Live on {self._words_url}, which takes less than is sent: pictures are being dropped."
        return StateChanged(
            self.state, words, ErrorKind.TIMEOUT, "Lower the video bitrate, or look for what else uses the network."
        )

    def fast_again(self) -> StateChanged:
        """It keeps up again."""
        return StateChanged(self.state, f"Live on {self._words_url}.")

    def asked_to_retry(self) -> bool:
        """Somebody wants a try now; False where that means nothing (live, or on the way)."""
        if self.state not in (DestinationState.FAILED, DestinationState.RECONNECTING):
            return False
        self._times.succeeded()
        return True

    def ended(self) -> StateChanged:
        """It was asked to end."""
        self.state = DestinationState.IDLE
        return StateChanged(self.state, "Ended.")
