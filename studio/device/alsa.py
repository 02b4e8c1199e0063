"""ALSA's sound cards as the kernel lists them, also those that a program has open just now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_PART = re.compile(r"(?P<card>\d+)-(?P<device>\d+): (?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class CardPart:
    """One capture device of a card."""

    card: int
    device: int
    name: str

    @property
    def hardware(self) -> str:
        """As PortAudio writes it at the end of its names."""
        return f"(hw:{self.card},{self.device})"


def capture_parts(proc: Path = Path("/proc/asound")) -> list[CardPart]:
    """Every part of every card that can capture."""
    try:
        lines = (proc / "pcm").read_text().splitlines()
    except OSError:
        return []
    names = _card_names(proc)
    found = []
    for line in lines:
        match = _PART.match(line)
        # 00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1
        if match is None or not re.search(r": capture \d+", line):
            continue
        part = match["rest"].split(" : ")
        card = int(match["card"])
        name = part[1] if len(part) > 1 else part[0]
        found.append(CardPart(card, int(match["device"]), f"{names.get(card, f'card {card}')}: {name}"))
    return found


def _card_names(proc: Path) -> dict[int, str]:
    """/proc/asound/cards: ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH`, then a line of details."""
    try:
        lines = (proc / "cards").read_text().splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        match = re.match(r"\s*(\d+) \[.*?\]: .*? - (.*)", line)
        if match:
            found[int(match[1])] = match[2].strip()
    return found
