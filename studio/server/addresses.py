"""The addresses of this machine, and in words who could reach it there."""

from __future__ import annotations

import ipaddress
import socket
import sys
from dataclasses import dataclass

import psutil

LOOPBACK = "127.0.0.1"
EVERY = "*"
_INSIDE = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "podman", "cni", "lxc")
_TUNNEL = ("tun", "tap", "wg", "tailscale", "zt", "utun", "ppp")
_SHARED_SPACE = ipaddress.ip_network("100.64.0.0/10")


@dataclass(frozen=True, slots=True)
class Address:
    """An address of an interface that is up."""

    address: str
    interface: str

    @property
    def words(self) -> str:
        """Who could reach the server there."""
        return reach_words(self.address, self.interface)


def reach_words(address: str, interface: str = "") -> str:
    """Who can reach a server that listens on this address."""
    if address == EVERY:
        return "Everyone who can reach any address of this machine."
    ip = ipaddress.ip_address(address)
    if ip.is_loopback:
        return "Only this machine."
    name = interface.lower()
    if name.startswith(_INSIDE):
        return "Only containers and virtual machines on this machine."
    if name.startswith(_TUNNEL) or (ip.version == 4 and ip in _SHARED_SPACE):
        return "Everyone in the same private network (VPN) as this machine."
    if ip.is_global:
        return "Everyone on the internet, where no firewall or router is in between."
    return "Everyone in the same local network (cable or Wi-Fi) as this machine."


def _outward() -> str:
    """The address that this machine uses towards other networks (a route is looked up, nothing is sent)."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def addresses() -> tuple[Address, ...]:
    """Every address but loopback and link-local ones, the most useful first."""
    states = psutil.net_if_stats()
    found = []
    for interface, entries in psutil.net_if_addrs().items():
        state = states.get(interface)
        if state is None or not state.isup:
            continue
        for entry in entries:
            if entry.family not in (socket.AF_INET, socket.AF_INET6) or "%" in entry.address:
                continue
            ip = ipaddress.ip_address(entry.address)
            if not (ip.is_loopback or ip.is_link_local or ip.is_unspecified):
                found.append(Address(entry.address, interface))
    outward = _outward()

    def usefulness(item: Address) -> tuple[bool, bool, bool, str, str]:
        inside = item.interface.lower().startswith(_INSIDE)
        return item.address != outward, inside, ":" in item.address, item.interface, item.address

    return tuple(sorted(found, key=usefulness))


def in_url(address: str) -> str:
    """An address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def firewall_words(port: int, udp_low: int, udp_high: int) -> str:
    """What the firewall of this machine has to let in."""
    need = f"The firewall must let in TCP port {port} and UDP ports {udp_low} to {udp_high}."
    if sys.platform == "win32":
        return f"{need} When Windows asks, allow Stoa on private networks."
    if sys.platform == "darwin":
        return f"{need} When macOS asks, allow incoming connections for Stoa."
    return f"{need} With ufw: sudo ufw allow {port}/tcp and sudo ufw allow {udp_low}:{udp_high}/udp."
