"""What the engine and the process that looks at devices say to each other."""

from __future__ import annotations

import msgspec

from studio.device.inventory import DeviceKind, Devices


class ListDevices(msgspec.Struct, frozen=True, tag="list"):
    """Look up these lists ([] means all) once, answer with `DevicesFound`, and end."""

    kinds: list[DeviceKind] = []
    limit_s: float = 4.0


class WatchDevices(msgspec.Struct, frozen=True, tag="watch"):
    """Stay, and say `DevicesChanged` whenever something is plugged in or out."""


EngineToLister = ListDevices | WatchDevices


class DevicesFound(msgspec.Struct, frozen=True, tag="found"):
    """The answer."""

    devices: Devices


class DevicesChanged(msgspec.Struct, frozen=True, tag="changed"):
    """Something came or went: ask again."""

    kinds: list[DeviceKind]


ListerToEngine = DevicesFound | DevicesChanged
