"""The word filter: finds unwanted words also where they are spelt to slip through, and leaves other words alone.

Seen through are case, accents, letters and digits that are drawn alike, repeated letters, signs put between letters,
and letters set apart. A word of the filter stands for a whole word (`ass` is not in `class`); with a * at its end for
all words that begin so.

Letters are joined across signs and spaces only where nobody writes so by accident: `f.u.c.k` and `f u c k`, but neither
`he'll` nor `pen is`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby, pairwise

from studio.server.names import EMOJI_LETTERS, drawn_letters

_AS_LETTERS = str.maketrans({"3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s", "€": "e"})
_LIKE_I = str.maketrans({"1": "i", "|": "i", "!": "i"})
_LIKE_L = str.maketrans({"1": "l", "|": "l", "!": "l", "I": "l"})
_LUNATE = str.maketrans({"ϲ": "c", "Ϲ": "C"})
"""Greek letters that Unicode takes for a sigma, and readers for a c."""
_LIKE_U = str.maketrans({"υ": "u", "μ": "u", "ⲩ": "u"})
_PH = re.compile("ph", re.IGNORECASE)
_V_FOR_U = re.compile(r"(?<=[^\W\d_aeiouyv])v(?=[^\W\d_aeiouyv])", re.IGNORECASE)
_LETTERS_IN_DIGITS = re.compile(r"(?<!\w)(?:\d+([^\W\d_]{3,})\d*|([^\W\d_]{3,})\d+)(?!\w)")
_APOSTROPHES = "'’ʼ＇"
_PAUSES = '.,;:!?/()-‐‑–—…"' + _APOSTROPHES
"""Signs that stand between two words where somebody forgot the space; all others are put in to hide."""
_PIECES = re.compile(r"[^\W_]+")
_VOWELS = frozenset("aeiouyäöü")
_NEVER_ALONE = frozenset("bcfghjkpqvwxz")
SHORT = 2
MASKED_LEAST = 4
_MASKED = re.compile(r"(?<![\w*])[^\W\d_]++(?:\*++[^\W\d_]++)++(?![\w*])")
TOGETHER = 4


def clean_word(word: str) -> str:
    """A word of the filter as it is kept; empty for one without a letter."""
    plain = drawn_letters(word)
    return (plain + ("*" if word.strip().endswith("*") else "")) if plain else ""


class WordFilter:
    """The words of one session."""

    def __init__(self, words: Iterable[str]) -> None:
        words = tuple(words)
        parts = [_pattern(word) for word in words if clean_word(word)]
        self._unwanted = re.compile("|".join(parts)) if parts else None
        long = {plain for word in words if len(plain := clean_word(word).removesuffix("*")) >= MASKED_LEAST}
        self._long = frozenset(long)

    def catches(self, text: str) -> bool:
        """Whether the text holds one of the words, however it is spelt."""
        unwanted = self._unwanted
        if unwanted is None:
            return False
        plain = unicodedata.normalize("NFKC", text.translate(_LUNATE))
        if any(self._is_masked(token) for token in _MASKED.findall(plain)):
            return True
        candidates = {found for reading in _readings(plain) for found in _words(reading)}
        return any(unwanted.fullmatch(letters) for letters in set(map(drawn_letters, candidates)))

    def _is_masked(self, token: str) -> bool:
        """Whether stars stand for the letters of a word that everyone reads all the same: `f*ck`."""
        letters = drawn_letters(token.replace("*", ""))
        if len(letters) * 2 < len(token) or len(letters) + token.count("*") != len(token):
            return False
        seen = re.compile("".join("." if sign == "*" else re.escape(drawn_letters(sign)) for sign in token))
        return any(seen.fullmatch(word) for word in self._long if len(word) == len(token))


@lru_cache(maxsize=64)
def filter_of(words: tuple[str, ...]) -> WordFilter:
    """The filter of these words; made once."""
    return WordFilter(words)


def _pattern(word: str) -> str:
    """Each run of a letter may be longer than in the word, never shorter: `ass` is not `as`. No run is tried twice."""
    clean = clean_word(word)
    letters = clean.removesuffix("*")
    runs = ((letter, len(list(run))) for letter, run in groupby(letters))
    return "".join(f"{re.escape(letter)}{{{count},}}+" for letter, count in runs) + (
        r"\w*+" if clean[-1] == "*" else ""
    )


def _readings(text: str) -> dict[str, None]:
    """The text as it is, and with signs, digits, emoji and letters read as the letters that they look or sound like."""
    found: dict[str, None] = {}
    for written in (text, text.translate(EMOJI_LETTERS)):
        for like in (None, _LIKE_I, _LIKE_L):
            read = " ".join(_leet(token, like) for token in written.split()) if like else written
            found[read] = None
            found[_PH.sub("f", _V_FOR_U.sub("u", read.translate(_LIKE_U)))] = None
    return found


def _leet(token: str, like: dict[int, str]) -> str:
    inner = token.rstrip("!?.,;:|")
    if not any(sign.isalpha() for sign in inner):
        return token  # a price or a number
    return inner.translate(_AS_LETTERS).translate(like)


def _words(text: str) -> Iterator[str]:
    """Every word that can be read in it: as written, joined across signs, and joined across spaces."""
    tokens = text.split()
    for token in tokens:
        yield from _in_token(token)
    for with_number in _LETTERS_IN_DIGITS.finditer(text):
        yield with_number[1] or with_number[2]
    yield from _spaced([piece for token in tokens for piece in _parts(token)])


def _parts(token: str) -> list[str]:
    """What signs part in it; `he'll` is one."""
    return [token] if any(sign in _APOSTROPHES for sign in token) else _PIECES.findall(_hidden_signs_out(token))


def _hidden_signs_out(token: str) -> str:
    """Without the signs that are put between letters to hide a word: all but those that part two words."""
    return "".join(sign for sign in token if sign in _PAUSES or sign.isalnum() or unicodedata.category(sign)[0] == "M")


def _in_token(token: str) -> Iterator[str]:
    yield from _PIECES.findall(token)
    pieces = _PIECES.findall(_hidden_signs_out(token))
    yield from pieces
    if len(pieces) > 1:
        singles = sum(len(piece) == 1 for piece in pieces)
        natural = any(sign in _APOSTROPHES for sign in token)
        short = all(len(piece) <= SHORT for piece in pieces) and not natural
        if singles == len(pieces) or short or (singles >= len(pieces) - 1 and not natural):
            yield "".join(pieces)


def _spaced(pieces: list[str]) -> Iterator[str]:
    """Letters set apart (`f u c k`, also with one letter before or behind), halves (`fu ck`) and ends (`f uck`)."""
    for one, other in pairwise(pieces):
        if _is_cut_off(one, other) or _is_cut_off(other, one):
            yield one + other
    for is_short, run in groupby(pieces, key=lambda piece: len(piece) <= SHORT):
        if not is_short:
            continue
        short = list(run)
        for is_single, letters in groupby(short, key=lambda piece: len(piece) == 1):
            spelt = "".join(letters) if is_single else ""
            if len(spelt) > SHORT:
                yield from (spelt, spelt[1:], spelt[:-1], spelt[1:-1])
        for first in range(len(short)):
            for last in range(first + 2, min(first + TOGETHER, len(short)) + 1):
                halves = short[first:last]
                if max(map(len, halves)) == SHORT and not all(map(_can_be_a_word, halves)):
                    yield "".join(halves)


def _is_cut_off(letter: str, rest: str) -> bool:
    """Whether it is a letter that is no word, nor left over from one (`let s`, `I m`), beside the rest of one."""
    return len(letter) == 1 and len(rest) > SHORT and drawn_letters(letter) in _NEVER_ALONE and rest.isalpha()


@lru_cache(maxsize=4096)
def _can_be_a_word(piece: str) -> bool:
    return not _VOWELS.isdisjoint(drawn_letters(piece))
