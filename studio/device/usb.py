"""Who a USB device is, read from the kernel's tree (/sys): its serial number, else the port it sits in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MEANINGLESS_SERIALS = frozenset(
    {"", "0", "0000", "00000000", "000000000000", "0001", "SN0001", "200901010001", "1234567890"}
)
"""Serials that makers leave in the firmware of every piece: no identity."""


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """Vendor and product as four hexadecimal digits each, `port` as the kernel counts it ("1-2.3")."""

    vendor: str
    product: str
    serial: str
    port: str
    name: str

    @property
    def model(self) -> str:
        return f"{self.vendor}:{self.product}"

    @property
    def by_serial(self) -> str:
        """The identity by serial number; "" where it has none worth the name."""
        return "" if self.serial in MEANINGLESS_SERIALS else f"usb-{self.model}-{_plain(self.serial)}"

    @property
    def by_port(self) -> str:
        """The identity by the port it sits in."""
        return f"usb-{self.model}@{self.port}"


def usb_device_of(node: Path) -> UsbDevice | None:
    """The USB device that a node of /sys (an interface, a video node, a sound card) belongs to; None for others."""
    place = node.resolve()
    for folder in (place, *place.parents):
        if (folder / "idVendor").is_file() and (folder / "idProduct").is_file():
            return UsbDevice(
                vendor=_read(folder / "idVendor"),
                product=_read(folder / "idProduct"),
                serial=_read(folder / "serial"),
                port=folder.name,
                name=_read(folder / "product"),
            )
    return None


def identify(devices: list[UsbDevice | None], otherwise: list[str]) -> list[tuple[str, str]]:
    """(identity, words for it) of each: the serial number; the port where it has none or two share one; or `otherwise`.

    `otherwise` is the identity of those that are no USB devices (a place on another bus, a card's name).
    """
    serials = [device.by_serial if device else "" for device in devices]
    found: list[tuple[str, str]] = []
    for device, serial, other in zip(devices, serials, otherwise, strict=True):
        if device is None:
            found.append((other, f"bus place {other}"))
        elif serial and sum(one == serial for one in serials) == 1:
            found.append((serial, f"serial number {device.serial}"))
        else:
            found.append((device.by_port, f"USB port {device.port}"))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _plain(word: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_.:" else "_" for letter in word)
