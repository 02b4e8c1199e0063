"""What a name and a chat message may be: text for people, without what hides or breaks a line."""

from __future__ import annotations

import re
import unicodedata

from studio.server.api import CHAT_CHARACTERS, NAME_CHARACTERS, ErrorCode
from studio.server.errors import Refusal

# Zero-width and direction marks. Joiners (200c, 200d) and variation selectors stay in messages: emoji and several
# scripts need them.
_HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_JOINERS = re.compile("[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# What else draws nothing: soft hyphens, fillers, the blank of Braille, marks of annotations and of shorthand. No name
# needs them, and with them it would look like another, or like none at all.
_BLANK = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u206a-\u206f\u2800\u3164\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"
)
_SPACES = re.compile(r"\s+")
SPELT_OUT = 4 * CHAT_CHARACTERS
"""So long a message may be once signs such as ½ and ﷺ (18 letters) are written out."""


def _without_controls(text: str) -> str:
    return "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text)


def _has_broken(text: str) -> bool:
    return any(unicodedata.category(sign) in ("Cs", "Cn") for sign in text)


def clean_name(name: str) -> str:
    """A name as it is shown. Raises Refusal(NAME_BAD) for an empty, too long or unprintable one."""
    if _has_broken(name):
        raise Refusal(ErrorCode.NAME_BAD, "The name holds signs that cannot be shown.", "Choose another name.")
    drawn = _BLANK.sub("", _HIDDEN.sub("", _without_controls(unicodedata.normalize("NFC", name))))
    shown = _SPACES.sub(" ", drawn).strip()
    if not name_key(shown):
        raise Refusal(ErrorCode.NAME_BAD, "A name is needed.", f"Choose one of 1 to {NAME_CHARACTERS} letters.")
    if len(shown) > NAME_CHARACTERS:
        raise Refusal(
            ErrorCode.NAME_BAD,
            f"The name has {len(shown)} letters, more than {NAME_CHARACTERS}.",
            "Choose a shorter one.",
        )
    return shown


def name_key(name: str) -> str:
    """What two names have in common that a person would take for the same."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return _SPACES.sub("", _BLANK.sub("", _JOINERS.sub("", _HIDDEN.sub("", folded))))


def clean_text(text: str) -> str:
    """A message as it is shown. Raises Refusal(TEXT_BAD) for an empty, too long or unprintable one."""
    if _has_broken(text):
        raise Refusal(ErrorCode.TEXT_BAD, "The message holds signs that cannot be shown.", "Write it again.")
    shown = _SPACES.sub(" ", _HIDDEN.sub("", _without_controls(text))).strip()
    if not _BLANK.sub("", _JOINERS.sub("", shown)).strip():
        raise Refusal(ErrorCode.TEXT_BAD, "The message is empty.", "Write something first.")
    if len(shown) > CHAT_CHARACTERS:
        raise Refusal(
            ErrorCode.TEXT_BAD,
            f"The message has {len(shown)} signs, more than {CHAT_CHARACTERS}.",
            "Shorten it, or send it in parts.",
        )
    if len(unicodedata.normalize("NFKC", shown)) > SPELT_OUT:
        raise Refusal(
            ErrorCode.TEXT_BAD,
            "The message holds too many signs that each stand for several letters.",
            "Write them out, or send it in parts.",
        )
    return shown
