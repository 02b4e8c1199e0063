"""What became of a destination, told once the show is over: its state and the reason, as they were and not as they read
in the middle of a try."""

from __future__ import annotations

from typing import NamedTuple

from studio.destination.contract import DestinationState
from studio.engine.contract import NOT_BEGUN
from studio.engine.destinations import Destination

CHECK = "Check the address, and that the server runs."


class Ending(NamedTuple):
    """`state` is one of the contract's: ended, failed (never came about, or was refused), reconnecting."""

    state: str
    words: str
    remedy: str = ""


def ending(destination: Destination, last: DestinationState, *, began: bool) -> Ending:
    """`last` is its state when the show ended, before it was asked to end; `began` whether the show ever was on air."""
    failure, now = destination.failure, destination.state.state
    failed = DestinationState.FAILED in (last, now)
    if last is DestinationState.LIVE and not failed:
        return Ending("ended", "Served to the end.")
    if failure is not None:
        return Ending("failed" if failed else "reconnecting", failure.words, failure.remedy)
    place = destination.url.place
    if last is DestinationState.RECONNECTING:
        return Ending("reconnecting", f"{place} had not answered again when the show was over.", CHECK)
    if began:
        return Ending("failed", f"{place} had not answered when the show was over.", CHECK)
    return Ending("failed", NOT_BEGUN)
