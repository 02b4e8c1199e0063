"""One source of the show: what it was added with, what plays, its strip, and all of that as clients see it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import msgspec

from studio.control.api import Problem, SourceAdd, SourceInfo, SourceReplace, SourceState, StripInfo, StripSet
from studio.engine.screen_hold import ScreenHold
from studio.media import ErrorKind, StoaError
from studio.mixer.strip import Strip
from studio.source.contract import SourceKind, Timing
from studio.source.onair import OnAirSource
from studio.source.spec import SourceSpec

NO_ADDRESS = SourceSpec(SourceKind.NETWORK_CAMERA, "", "", True, True)
"""Only network cameras have an address that is kept in the keyring."""


@dataclass(slots=True)
class ShowSource:
    """`request` is what it was added (or replaced) with (its spec unmasked: never shown, never logged); empty while the
    address of a camera is not known. Belongs to the engine's event loop."""

    id: str
    name: str
    spec: SourceSpec
    request: SourceAdd
    on_air: OnAirSource
    strip: Strip
    was_live: bool = False

    @property
    def named_request(self) -> SourceAdd:
        """The request under its present name, for the journal."""
        return msgspec.structs.replace(self.request, name=self.name, place=False)

    def info(self, screens: ScreenHold) -> SourceInfo:
        """As clients see it."""
        feed, spec = self.on_air.newest, self.spec
        status = feed.status
        opened, statistics, fault = status.opened, status.statistics, status.fault
        problem = Problem(fault.kind, fault.message, fault.remedy, fault.permanent) if fault else None
        kind = "tone" if spec.kind is SourceKind.TEST_CARD and not spec.video else spec.kind.value
        return SourceInfo(
            id=self.id,
            name=self.name,
            spec=spec.masked,
            kind=kind,
            state=SourceState(status.state),
            words=status.words,
            problem=problem,
            has_video=opened.has_video if opened else spec.video and self.request.video,
            has_audio=opened.has_audio if opened else spec.audio and self.request.audio,
            width_px=opened.width_px if opened else 0,
            height_px=opened.height_px if opened else 0,
            fps=opened.fps if opened else 0.0,
            render_delay_ms=self.on_air.render_delay_ns / 1e6,
            drift_ppm=statistics.drift_ppm,
            pictures=statistics.pictures,
            dropped=statistics.dropped,
            repeated=feed.repeats.count,
            pid=feed.child.pid or 0,
            held=screens.of(self.on_air),
        )

    def change_strip(self, request: StripSet) -> None:
        """Change some fields of its strip. Raises StoaError(BAD_ARGUMENT)."""
        limits = {"gain_db": (-60, 20), "pan": (-1, 1), "sync_offset_ms": (-950, 2000)}
        changes = {
            name: value
            for name in ("gain_db", "mute", "solo", "pan", "sync_offset_ms", "monitor")
            if (value := getattr(request, name)) is not None
        }
        for name, (low, high) in limits.items():
            if name in changes and not low <= changes[name] <= high:
                raise StoaError(ErrorKind.BAD_ARGUMENT, f"{name} is {low} to {high}.", permanent=True)
        self.strip.settings = replace(self.strip.settings, **changes)

    def strip_info(self) -> StripInfo:
        """Its strip as clients see it."""
        settings = self.strip.settings
        return StripInfo(
            self.id,
            settings.gain_db,
            settings.mute,
            settings.solo,
            settings.pan,
            settings.sync_offset_ms,
            settings.monitor,
        )


def request_of(choice: SourceReplace) -> SourceAdd:
    """What is chosen in a source's place, as if it were added."""
    return SourceAdd(**{name: getattr(choice, name) for name in choice.__struct_fields__ if name != "id"})


def match_sound(sources: Collection[ShowSource]) -> None:
    """Each live source's mean picture age goes onto its sound; onto sound without a picture, that of the oldest one."""
    ages = [
        source.on_air.feed.mean_age_ns
        for source in sources
        if (opened := source.on_air.feed.status.opened) and opened.has_video and opened.timing is Timing.LIVE
    ]
    oldest_ns = max(ages, default=0.0)
    for source in sources:
        opened = source.on_air.feed.status.opened
        if opened is None or opened.timing is not Timing.LIVE:
            continue
        age_ns = source.on_air.feed.mean_age_ns if opened.has_video else oldest_ns
        if abs(age_ns - source.strip.extra_delay_ns) > 5_000_000:
            source.strip.extra_delay_ns = int(age_ns)
