"""Screens that the session keeps out of the picture: neither the scene nor the settings know, so nothing has to be
put back afterwards."""

from __future__ import annotations

from studio.media import ErrorKind, StoaError
from studio.source.contract import SourceKind
from studio.source.onair import OnAirSource
from studio.source.spec import SourceSpec

ASK = "Ask an admin of the session for more time."


class ScreenHold:
    """`words` say why screens are held, and are empty where they are not. The engine's event loop sets them; any thread
    may ask."""

    def __init__(self) -> None:
        self.words = ""

    def of(self, on_air: OnAirSource) -> str:
        """Why this source is not in the picture now; empty where it may be, as from when a camera was chosen in its
        place: that has to be asked for its picture to show."""
        return self.words if on_air.newest.request.kind is SourceKind.SCREEN else ""

    def refuse(self, spec: SourceSpec) -> None:
        """Raises StoaError(DENIED) for a screen while screens are held."""
        if self.words and spec.kind is SourceKind.SCREEN:
            raise StoaError(ErrorKind.DENIED, self.words, remedy=ASK, permanent=True)
