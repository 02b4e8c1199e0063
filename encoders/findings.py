"""What the probes found, remembered in a file until FFmpeg or a driver changes, and the choice made from it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

import av
import msgspec

from encoders.probe import ProbeResult
from encoders.registry import AUDIO_ENCODERS, VIDEO_ENCODERS, candidates, is_listed
from studio.media import Codec

SOFTWARE_H264 = "libx264"
SOFTWARE_H265 = "libx265"


class EncoderRow(msgspec.Struct, frozen=True):
    """One line of `stoa encoders`. `works` is None where it has not been tried; `chosen`: `auto` takes this one."""

    name: str
    codec: str
    label: str
    hardware: bool
    listed: bool
    works: bool | None
    why: str
    chosen: bool


class _Stored(msgspec.Struct, frozen=True):
    machine: str
    results: dict[str, ProbeResult]


def machine_key() -> str:
    """What the findings hold for: the FFmpeg build, the system, and the graphics drivers."""
    parts = [av.__version__, av.ffmpeg_version_info, platform.platform(), platform.machine()]
    parts += ["+".join(map(str, version)) for version in av.library_versions.values()]
    parts += _drivers()
    return " | ".join(parts)


def _drivers() -> list[str]:
    if sys.platform != "linux":
        return []
    found: list[str] = []
    nvidia = Path("/sys/module/nvidia/version")
    if nvidia.exists():
        found.append(nvidia.read_text().strip())
    for folder in (Path("/dev/dri"), Path("/dev")):
        if folder.is_dir():
            names = sorted(entry.name for entry in folder.iterdir())
            found.append(",".join(name for name in names if name.startswith(("renderD", "nvidia", "video"))))
    return found


class Findings:
    """The remembered results. Any process may read; one (the engine) writes."""

    def __init__(self, path: Path) -> None:
        """`path` is the file, in the folder of Stoa's own files."""
        self._path = path
        self.results: dict[str, ProbeResult] = {}
        self._avoided: set[str] = set()
        try:
            stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
        except (OSError, msgspec.DecodeError):
            return
        if stored.machine == machine_key():
            self.results = dict(stored.results)

    def missing(self) -> list[str]:
        """The encoders of this platform that are in the build and have not been tried."""
        names = [kind.name for kind in VIDEO_ENCODERS if sys.platform in kind.platforms]
        names += [kind.name for kind in AUDIO_ENCODERS]
        return [name for name in names if name not in self.results and is_listed(name)]

    def remember(self, results: Iterable[ProbeResult]) -> None:
        """Add results and write the file (atomically). Raises OSError where it cannot be written."""
        self.results |= {result.name: result for result in results}
        draft = self._path.with_suffix(f".{os.getpid()}.part")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(_Stored(machine_key(), self.results)))
        draft.replace(self._path)

    def usable(self, codec: Codec = Codec.H264) -> list[str]:
        """What `auto` may take, best first: those known to work, and last the processor (which is never waited for)."""
        software = SOFTWARE_H265 if codec is Codec.H265 else SOFTWARE_H264
        known = [kind.name for kind in candidates(codec) if (result := self.results.get(kind.name)) and result.works]
        return [name for name in known if name != software and name not in self._avoided] + [software]

    def automatic(self, codec: Codec = Codec.H264) -> str:
        """What `auto` takes."""
        return self.usable(codec)[0]

    def avoid(self, name: str) -> None:
        """It did not open for a show though it once worked: `auto` passes it over while this process lives."""
        self._avoided.add(name)

    def rows(self) -> list[EncoderRow]:
        """Every encoder of the registry that this platform can have, as `stoa encoders --json` prints it."""
        chosen = {self.automatic(Codec.H264), self.automatic(Codec.H265)}
        rows = [
            self._row(
                kind.name, kind.codec, kind.label, kind.hardware, kind.name in chosen, sys.platform in kind.platforms
            )
            for kind in VIDEO_ENCODERS
        ]
        return rows + [self._row(kind.name, kind.codec, kind.label, False, True, True) for kind in AUDIO_ENCODERS]

    def _row(self, name: str, codec: Codec, label: str, hardware: bool, chosen: bool, here: bool) -> EncoderRow:
        result = self.results.get(name)
        if not is_listed(name):
            why = "not in this build of FFmpeg" if here else "not on this system"
            return EncoderRow(name, codec.value, label, hardware, False, False, why, False)
        if result is None:
            return EncoderRow(name, codec.value, label, hardware, True, None, "not tried yet", chosen)
        return EncoderRow(name, codec.value, label, hardware, True, result.works, result.why, chosen)
