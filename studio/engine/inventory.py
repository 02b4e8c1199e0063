"""`device.list`: what is plugged in, as SPECs that `source.add` takes."""

from __future__ import annotations

from studio.control.api import DeviceInfo, DeviceList, Problem
from studio.device.enumeration import enumerate_all
from studio.device.inventory import Devices, Microphone
from studio.media import ErrorKind


def list_devices() -> DeviceList:
    """Looks anew, in a fresh process. Blocks for up to some seconds: call it in a thread. Raises StoaError."""
    return device_list(enumerate_all())


def device_list(found: Devices) -> DeviceList:
    """The lists as the control API has them."""
    return DeviceList(
        cameras=[
            DeviceInfo(
                f"camera:{item.id}",
                item.id,
                item.name,
                item.identity,
                item.modes[0].words if item.modes else "",
                modes=[mode.words for mode in item.modes],
            )
            for item in found.cameras
        ],
        microphones=[_microphone(item) for item in found.microphones if not item.is_monitor],
        system_sounds=[_microphone(item) for item in found.system_sounds],
        screens=[
            DeviceInfo(f"screen:{item.id}", item.id, item.name, "", f"{item.width_px}x{item.height_px}", item.primary)
            for item in found.screens
        ],
        windows=[
            DeviceInfo(f"window:{item.id}", item.id, item.title, item.application, f"{item.width_px}x{item.height_px}")
            for item in found.windows
        ],
        headphones=[DeviceInfo("", item.id, item.name, "", "", item.default) for item in found.headphones],
        problems=[Problem(ErrorKind.NOT_FOUND, obstacle.words, obstacle.remedy) for obstacle in found.obstacles],
    )


def _microphone(item: Microphone) -> DeviceInfo:
    detail = f"{item.channels} channels at {item.rate_hz / 1000:g} kHz"
    return DeviceInfo(f"mic:{item.id}", item.id, item.name, item.identity, detail, item.default)
