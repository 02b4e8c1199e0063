"""Names that only some may bear, however they are spelt: the server's own, the host's, and of those who run a session.

Two names look alike where a person could take one for the other: by case, spaces and signs, by accents and invisible
signs, and by letters of other scripts that are drawn the same. The letters are a choice from Unicode's table
(UTS 39, confusables.txt): those that are drawn like A to Z, also as capitals.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from studio.server.api import ErrorCode
from studio.server.caller import SERVER
from studio.server.errors import Refusal
from studio.server.wording import name_key

HOST_NAME = "Host"
SERVER_NAMES = (SERVER.name, "Stoa Studio", "Stoa Server")
HOST_NAMES = (HOST_NAME, "The Host")

_ACCENTS = ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F))
"""Blocks of combining signs for every script, and variation selectors; vowel signs of one script are letters here."""
_INVISIBLE = frozenset("\u115f\u1160\u17b4\u17b5\u0640")
"""Letters by category that draw nothing, or nothing but a longer line."""


def _pairs(strange: str, plain: str) -> dict[int, str]:
    return {ord(sign): letter for sign, letter in zip(strange, plain, strict=True)}


_DRAWN_LIKE = {
    **_pairs("авекмнорстухьіјѕһԁԛԝүӏ", "abekmhopctyxbijshdqwyl"),  # Cyrillic
    **_pairs("αβεζηικμνορτυχ", "abezhikmnoptyx"),  # Greek
    **_pairs("հոսօ", "hnuo"),  # Armenian
    **_pairs("қҝҟҡӄҫүұѵғґӊҭҳӽ", "kkkkkcyyvfrhtxx"),  # Cyrillic with hooks
    **_pairs("ⲁⲃⲉⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭ", "abehikmnopctyx"),  # Coptic
    **_pairs("ᎪᏴᏟᎠᎬᎶᎻᎥᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᎽᏃ", "abcdeghijklmprstvwyz"),  # Cherokee, whose capitals are the folded ones
    **_pairs("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "abcdefghijklmnoprstuvwxyz"),  # Lisu
    **_pairs("ıłøđħŧɑɡɩ", "ilodhtagi"),  # Latin letters that are not composed
    **_pairs("ⱨƒꝼꟻꞔȼƈƙⱪʉɓƀɖɗɇɠǥɨɉɫƚɱɲŋƥɋɍʂƨƭʋⱳƴɏƶʐ", "hfffccckkubbddeggijllmnnpqrsstvwyyzz"),
    **_pairs("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz"),  # small capitals
    **_pairs("01|", "oll"),
}

EMOJI_LETTERS = {first + at: chr(ord("a") + at) for first in (0x1F150, 0x1F170, 0x1F1E6) for at in range(26)}
"""Letters in black circles and squares, and those that flags are made of. By category they are signs."""
_AS_DRAWN = _DRAWN_LIKE | EMOJI_LETTERS


def look_keys(name: str) -> frozenset[str]:
    """How a name can be read: names that share one of these look alike. A capital I is drawn like a small L."""
    plain = unicodedata.normalize("NFKD", name)
    return frozenset({_folded(plain), _folded(plain.replace("I", "l"))} - {""}) or frozenset({name_key(name)})


def _folded(plain: str) -> str:
    folded = unicodedata.normalize("NFKD", plain.casefold()).translate(_AS_DRAWN)
    return "".join(sign for sign in folded if _is_seen(sign))


def _is_seen(sign: str) -> bool:
    if sign in _INVISIBLE or any(first <= ord(sign) <= last for first, last in _ACCENTS):
        return False
    return unicodedata.category(sign)[0] in "LNM"


def drawn_letters(text: str) -> str:
    """Its letters and digits as they are drawn: without case, accents, signs and scripts."""
    return _folded(unicodedata.normalize("NFKD", text))


def refuse_borrowed(name: str, running: Iterable[str], *, is_host: bool) -> None:
    """Raises Refusal(NAME_TAKEN) for a name that looks like the server's, the host's, or one of those who run it."""

    def looks_like(other: str) -> bool:
        return not keys.isdisjoint(look_keys(other))

    keys = look_keys(name)
    if any(map(looks_like, SERVER_NAMES)):
        words = f"The name {name} is kept for what the studio itself says."
    elif not is_host and any(map(looks_like, HOST_NAMES)):
        words = f"The name {name} is kept for the host."
    elif other := next(filter(looks_like, running), ""):
        words = f"The name {name} can be taken for {other}, who runs this session."
    else:
        return
    raise Refusal(ErrorCode.NAME_TAKEN, words, "Choose another name.")
