"""Sound devices as PortAudio sees them: ALSA cards where there is no sound server, Core Audio, WASAPI.

PortAudio reads the list once, when it starts: call this in a fresh process.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.device.alsa import CardPart, capture_parts
from studio.device.inventory import Headphones, Microphone
from studio.device.usb import UsbDevice, identify, usb_device_of

HOST_API = {"linux": "ALSA", "darwin": "Core Audio", "win32": "Windows WASAPI"}
SERVER_DEVICES = frozenset({"pulse", "pipewire", "default", "sysdefault", "jack"})
_HARDWARE = re.compile(r"\(hw:(?P<card>\d+),(?P<device>\d+)\)$")
ANY_RATE_HZ = 48_000
_LOOPBACK = " [Loopback]"


class NoPortAudio(Exception):
    """The library is not installed."""


@dataclass(frozen=True, slots=True)
class SoundCard:
    """A card of ALSA: its short name, and the USB device it is, if it is one."""

    name: str
    usb: UsbDevice | None


def query() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """PortAudio's devices and host interfaces. Raises NoPortAudio."""
    try:
        import sounddevice
    except OSError as cause:
        raise NoPortAudio from cause
    return list(sounddevice.query_devices()), list(sounddevice.query_hostapis())


def list_portaudio(
    devices: list[dict[str, Any]],
    host_apis: list[dict[str, Any]],
    *,
    platform: str = sys.platform,
    cards: dict[int, SoundCard] | None = None,
    parts: list[CardPart] | None = None,
) -> tuple[list[Microphone], list[Headphones]]:
    """Microphones (with WASAPI's loopbacks as monitors) and outputs of this platform's own host interface."""
    wanted = HOST_API.get(platform, "")
    api = next((api for api in host_apis if api["name"] == wanted), None)
    if api is None:
        return [], []
    devices = list(devices)
    cards = read_cards() if cards is None else cards
    mine = [
        (index, device)
        for index, device in enumerate(devices)
        if host_apis[device["hostapi"]]["name"] == wanted and device["name"] not in SERVER_DEVICES
    ]
    if platform == "linux":
        mine += _in_use(mine, len(devices), capture_parts() if parts is None else parts)
        # "hw" only: the other names of ALSA are plugins over the same cards.
        mine = [(index, device) for index, device in mine if _HARDWARE.search(device["name"])]
    identities = _identities([device for _index, device in mine], platform, cards)
    names = [_HARDWARE.sub("", device["name"].removesuffix(_LOOPBACK)).strip() for _index, device in mine]
    microphones, outputs = [], []
    for (index, device), (identity, words), plain in zip(mine, identities, names, strict=True):
        monitor = platform == "win32" and device["name"].endswith(_LOOPBACK)
        # Two of one model are told apart by what they are followed by.
        twins = {other for (other, _words), name in zip(identities, names, strict=True) if name == plain}
        name = plain if platform != "linux" or len(twins) == 1 else f"{plain} ({words})"
        if device["max_input_channels"] > 0:
            microphones.append(
                Microphone(
                    id=f"{identity}{'.monitor' if monitor else ''}",
                    name=f"Sound of {name}" if monitor else name,
                    identity=words,
                    place=f"portaudio:{device['name']}",
                    channels=device["max_input_channels"],
                    rate_hz=int(device["default_samplerate"]),
                    is_monitor=monitor,
                    default=index == api["default_input_device"],
                )
            )
        if device["max_output_channels"] > 0:
            default = index == api["default_output_device"]
            outputs.append(Headphones(identity, name, f"portaudio:{device['name']}", default))
    if microphones and not any(microphone.default for microphone in microphones):
        first = next((one for one in microphones if not one.is_monitor), None)
        microphones = [_as_default(one) if one is first else one for one in microphones]
    return microphones, outputs


def read_cards(sysfs: Path = Path("/sys/class/sound")) -> dict[int, SoundCard]:
    """ALSA's cards by number."""
    cards = {}
    for folder in sysfs.glob("card[0-9]*") if sysfs.is_dir() else []:
        try:
            name = (folder / "id").read_text().strip()
        except OSError:
            continue
        device = folder / "device"
        cards[int(folder.name[4:])] = SoundCard(name, usb_device_of(device) if device.exists() else None)
    return cards


def _in_use(
    listed: list[tuple[int, dict[str, Any]]], after: int, parts: list[CardPart]
) -> list[tuple[int, dict[str, Any]]]:
    """Microphones that PortAudio leaves out of its list, since a program (Stoa itself, perhaps) has them open."""
    heard = [device["name"] for _index, device in listed if device["max_input_channels"] > 0]
    known = {match[0] for name in heard if (match := _HARDWARE.search(name))}
    return [
        (
            after + at,
            {
                "name": f"{part.name} {part.hardware}",
                "hostapi": 0,
                "max_input_channels": 2,
                "max_output_channels": 0,
                "default_samplerate": ANY_RATE_HZ,
            },
        )
        for at, part in enumerate(parts)
        if part.hardware not in known
    ]


def _identities(devices: list[dict[str, Any]], platform: str, cards: dict[int, SoundCard]) -> list[tuple[str, str]]:
    if platform != "linux":
        return [(device["name"].removesuffix(_LOOPBACK), f"name {device['name']}") for device in devices]
    numbers = sorted(cards)
    of_card = dict(
        zip(
            numbers,
            identify([cards[number].usb for number in numbers], [f"alsa-{cards[number].name}" for number in numbers]),
            strict=True,
        )
    )
    found = []
    for device in devices:
        match = _HARDWARE.search(device["name"])
        assert match is not None
        card, part = int(match["card"]), match["device"]
        identity, words = of_card.get(card, (f"alsa-card{card}", f"card number {card}"))
        if card in cards and cards[card].usb is None:
            words = f"card name {cards[card].name}"
        found.append((f"{identity},{part}", words if part == "0" else f"{words}, part {part}"))
    return found


def _as_default(microphone: Microphone) -> Microphone:
    import msgspec

    return msgspec.structs.replace(microphone, default=True)
