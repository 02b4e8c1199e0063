"""A browser and its system, in two words, from a User-Agent that anybody may have written.

Nothing of it is passed on: each word of the answer is one of ours, and of the versions at most three digits. Only the
beginning is looked at, with patterns that cannot take long.
"""

from __future__ import annotations

import re

LOOKED_AT_CHARACTERS = 512
_VERSION = r"/(\d{1,3})(?!\d)"
# The first that fits: most browsers also name those that they descend from.
_PROGRAMS = (
    ("Edge", r"\bEdg(?:A|iOS)?" + _VERSION),
    ("Opera", r"\bOPR" + _VERSION),
    ("Samsung Internet", r"\bSamsungBrowser" + _VERSION),
    ("Vivaldi", r"\bVivaldi" + _VERSION),
    ("Firefox", r"\b(?:Firefox|FxiOS)" + _VERSION),
    ("Chrome", r"\b(?:HeadlessChrome|Chrome|CriOS)" + _VERSION),
    ("Safari", r"\bVersion" + _VERSION + r".{0,80}?\bSafari/"),
    ("OBS Studio", r"\bOBS-Studio" + _VERSION),
    ("GStreamer", r"\bGStreamer\b"),
    ("VLC", r"\bVLC" + _VERSION),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\b(?:Mac OS X|Macintosh|macOS)\b"),
    ("Linux", r"\bLinux\b"),
    ("FreeBSD", r"\bFreeBSD\b"),
)
_PROGRAM_PATTERNS = tuple((name, re.compile(pattern, re.ASCII)) for name, pattern in _PROGRAMS)
_SYSTEM_PATTERNS = tuple((name, re.compile(pattern, re.ASCII)) for name, pattern in _SYSTEMS)
_STUDIO = re.compile(r"^StoaStudio/(\d{1,3})\.(\d{1,3})", re.ASCII)


def device_of(user_agent: str) -> str:
    """`Firefox 143 on Windows`, `Stoa Studio 0.1 on Linux`; as much of it as is known, empty where nothing is."""
    looked_at = user_agent[:LOOKED_AT_CHARACTERS]
    system = next((name for name, pattern in _SYSTEM_PATTERNS if pattern.search(looked_at)), "")
    program = _program(looked_at)
    if program and system:
        return f"{program} on {system}"
    return program or (f"A program on {system}" if system else "")


def _program(looked_at: str) -> str:
    studio = _STUDIO.match(looked_at)
    if studio is not None:
        return f"Stoa Studio {int(studio[1])}.{int(studio[2])}"
    for name, pattern in _PROGRAM_PATTERNS:
        found = pattern.search(looked_at)
        if found is not None:
            return f"{name} {int(found[1])}" if found.groups() else name
    return ""
