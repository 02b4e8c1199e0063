"""A device that goes away: told once for each loss, and for every kind of device in the same words."""

from __future__ import annotations

from studio.media import ErrorKind, StoaError
from studio.source.outlet import Outlet

BACK_BY_ITSELF = "Plug it in again: it comes back by itself. Or choose another."


class Loss:
    """Between two appearances of a device there is one loss, however often it is noticed. On the source's thread."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self.lasts = False

    def tell(self, error: StoaError) -> None:
        """The engine hears it, unless it knows already."""
        if not self.lasts:
            self.lasts = True
            self._outlet.words = ""  # what was said of its pictures is over
            self._outlet.fault(error)

    def over(self) -> None:
        """It is there again: the next loss is another."""
        self.lasts = False


def unplugged(what: str) -> StoaError:
    """`what` is the kind of device and its name, beginning a sentence."""
    return StoaError(ErrorKind.LOST, f"{what} was unplugged.", remedy=BACK_BY_ITSELF)


def not_let_go(name: str, holder: str) -> StoaError:
    """`holder` (the driver, the sound system) hangs with the device: only a fresh process can open it again."""
    return StoaError(ErrorKind.LOST, f"{holder} does not let go of {name}; it is opened afresh.")
