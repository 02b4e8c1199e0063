"""What a chat message becomes before it is said: emoji from shortcodes, names after an @, words to search by."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import islice

import emoji

from studio.server.api import ErrorCode
from studio.server.errors import Refusal

MENTIONS = 20
"""Signs @ of one message that are looked at."""


def with_emoji(text: str) -> str:
    """Shortcodes as the emoji they stand for (`:heart:`, `:+1:`); what is none stays as it is."""
    return emoji.emojize(text, language="alias") if ":" in text else text


def one_emoji(text: str) -> str:
    """One emoji, in the one form that Unicode calls fully qualified. Raises Refusal(TEXT_BAD) for anything else."""
    found = emoji.emojize(emoji.demojize(with_emoji(text.strip())))
    if not emoji.is_emoji(found):
        raise Refusal(ErrorCode.TEXT_BAD, "A reaction is one emoji.", "Choose one emoji, or its shortcode.")
    return found


def folded(text: str) -> str:
    """Its words without case and accents, a space before and after each; one space where there are none."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(sign for sign in plain if unicodedata.category(sign) != "Mn")
    return " " + " ".join("".join(sign if sign.isalnum() else " " for sign in kept).split()) + " "


def search_terms(search: str) -> tuple[str, ...]:
    """What `folded` text must hold to be found: the beginnings of words; of scripts without spaces, any part."""
    return tuple(f" {word}" if _is_cased(word) else word for word in folded(search).split())


def _is_cased(word: str) -> bool:
    return not any(unicodedata.category(sign) == "Lo" for sign in word)


def mentioned(text: str, people: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The ids of the `people` (id, name) whose name follows an @, each once; of two names the longer one.

    Only the first `MENTIONS` of them are looked at: anybody may write a message full of @.
    """
    if "@" not in text:
        return ()
    ids: dict[str, str] = {}
    for id, name in people:
        ids.setdefault(_plain(name), id)
    lengths = sorted({len(name) for name in ids if name}, reverse=True)
    plain = _plain(text)
    signs = (at for at, sign in enumerate(plain) if sign == "@" and not plain[max(0, at - 1) : at].isalnum())
    found: dict[str, None] = {}
    for at in islice(signs, MENTIONS):
        for length in lengths:
            end = at + 1 + length
            who = ids.get(plain[at + 1 : end])
            if who is not None and len(plain) >= end and not plain[end : end + 1].isalnum():
                found[who] = None
                break
    return tuple(found)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
