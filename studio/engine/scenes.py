"""The scene as clients edit it: placements with identities, checked, and handed to the compositor as a whole."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import msgspec

from studio.control.api import EventType, Placement, PlacementSet, SceneInfo
from studio.engine.events import EventLog
from studio.media import ErrorKind, StoaError
from studio.scene.compositor import Compositor
from studio.scene.layout import Fit, PlacedSource

MAX_PLACEMENTS = 64


class SceneDesk:
    """Belongs to the engine's event loop."""

    def __init__(
        self,
        compositor: Compositor,
        has_source: Callable[[str], bool],
        events: EventLog,
        on_changed: Callable[[], None],
    ) -> None:
        self._compositor = compositor
        self._has_source = has_source
        self._events = events
        self._on_changed = on_changed
        self._numbers = itertools.count(1)
        self._placements: dict[str, Placement] = {}

    def set(self, placements: list[Placement]) -> SceneInfo:
        """The whole scene, in one tick. Raises StoaError(BAD_ARGUMENT, NOT_FOUND) and changes nothing then."""
        new: dict[str, Placement] = {}
        for placement in placements:
            self._check(placement)
            identity = placement.id or self._new_id(new)
            new[identity] = msgspec.structs.replace(placement, id=identity)
        self._placements = new
        return self._apply()

    def add(self, placement: Placement) -> str:
        """Place a source; with order 0 it goes on top of what is there."""
        self._check(placement)
        identity = self._new_id({})
        order = placement.order or max((item.order for item in self._placements.values()), default=-1) + 1
        self._placements[identity] = msgspec.structs.replace(placement, id=identity, order=order)
        self._apply()
        return identity

    def change(self, request: PlacementSet) -> Placement:
        """Change some fields."""
        placement = self._get(request.id)
        changes = {
            name: value
            for name in request.__struct_fields__
            if name != "id" and (value := getattr(request, name)) is not None
        }
        placement = msgspec.structs.replace(placement, **changes)
        self._check(placement)
        self._placements[request.id] = placement
        self._apply()
        return placement

    def remove(self, placement_id: str) -> None:
        self._get(placement_id)
        del self._placements[placement_id]
        self._apply()

    def forget_source(self, source_id: str) -> None:
        """A source was removed: its placements go with it."""
        kept = {key: item for key, item in self._placements.items() if item.source != source_id}
        if len(kept) != len(self._placements):
            self._placements = kept
            self._apply()

    @property
    def placements(self) -> list[Placement]:
        return sorted(self._placements.values(), key=lambda item: item.order)

    def _get(self, placement_id: str) -> Placement:
        try:
            return self._placements[placement_id]
        except KeyError:
            raise StoaError(ErrorKind.NOT_FOUND, f"There is no placement {placement_id!r}.", permanent=True) from None

    def _new_id(self, taken: dict[str, Placement]) -> str:
        return next(
            name for number in self._numbers if (name := f"p{number}") not in self._placements and name not in taken
        )

    def _check(self, placement: Placement) -> None:
        if not self._has_source(placement.source):
            raise StoaError(ErrorKind.NOT_FOUND, f"There is no source {placement.source!r}.", permanent=True)
        crop = placement.crop
        numbers = (placement.x, placement.y, placement.width, placement.height, placement.opacity)
        if not all(map(math.isfinite, numbers)) or max(map(abs, numbers)) > 16:
            raise _bad("A placement's box is within 16 frames of the program's.")
        if placement.width <= 0 or placement.height <= 0:
            raise _bad("A placement is wider and higher than nothing.")
        if not 0 <= placement.opacity <= 1:
            raise _bad("Opacity is 0 to 1.")
        sides = (crop.left, crop.top, crop.right, crop.bottom)
        if (
            not all(0 <= side <= 0.95 for side in sides)
            or crop.left + crop.right > 0.98
            or crop.top + crop.bottom > 0.98
        ):
            raise _bad("A crop takes 0 to 0.95 of a side and leaves something.")
        if len(self._placements) >= MAX_PLACEMENTS and placement.id not in self._placements:
            raise _bad(f"A scene holds {MAX_PLACEMENTS} placements at most.")

    def _apply(self) -> SceneInfo:
        self._compositor.scene = [
            PlacedSource(
                item.id,
                item.source,
                item.x,
                item.y,
                item.width,
                item.height,
                Fit(item.fit.value),
                (item.crop.left, item.crop.top, item.crop.right, item.crop.bottom),
                item.opacity,
                item.order,
                item.mirror,
                item.visible,
            )
            for item in self.placements
        ]
        info = SceneInfo(self.placements)
        self._events.emit(EventType.SCENE_CHANGED, info)
        self._on_changed()
        return info


def _bad(words: str) -> StoaError:
    return StoaError(ErrorKind.BAD_ARGUMENT, words, permanent=True)
