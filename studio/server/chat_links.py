"""Whether a message holds a link, also one that is spelt so that it does not look like one.

What ends in a top-level domain is taken for a link. Those that are words of everyday English (`so`, `it`, `me`) count
where nothing is put in between, or where a path follows; else a forgotten space would be one.
"""

from __future__ import annotations

import re
import unicodedata

from studio.server.names import drawn_letters

_DOTS = "。．｡․‧·•∙⋅⸱・ꓸ"


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


_GENERIC = _words(
    "com net org edu gov mil int info biz name pro mobi app dev page blog wiki news shop store online site website web"
    " space tech cloud live stream video tv fm gg io ai xyz top club vip icu bet casino poker porn sexy xxx adult cam"
    " link click zip download email chat social media world today agency digital network systems solutions"
)
_COUNTRIES = _words(
    "ac ad ae af ag al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf"
    " cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge"
    " gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh"
    " ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw"
    " mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb"
    " sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tw tz ua ug uk us"
    " uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
_EVERYDAY = _words("am as at be by co do in is it la me my no so to us live news today world media name page")
_TOP = _GENERIC | _COUNTRIES

_SCHEME = re.compile(
    r"\b(?:https?|hxxps?|ftps?)\s*:\s*/\s*/|\b(?:magnet|mailto|javascript|data):\S|\w://", re.IGNORECASE
)
_NUMBERS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?=[:/\s]|$)")
_WWW = re.compile(r"\bwww\s?\.", re.IGNORECASE)
_NAME = re.compile(
    r"(?:(?<![\w.-])|(?<=\.)(?<![\w-]\.))((?:[\w-]+\.)+)(\w*[^\W\d_]\w*)(?=(?::\d+)?(/[^\s/]|\W|_|$))", re.IGNORECASE
)
"""It begins only where no earlier one can have got to, so that a text is read once, not once from each of its signs."""
_SPELT_DOT = re.compile(r"\s*[(\[{<]\s*(?:dot|punkt|punto|point|\.)\s*[)\]}>]\s*|\s+(?:dot|punkt)\s+", re.IGNORECASE)
_SPACED_DOT = re.compile(r"\s+\.\s*|\s*\.\s+(?=\S{2,5}(?:\s|/|$))")
_SPELT_OUT = re.compile(r"(?<!\S)(?:[^\W_]|[./:])(?: (?:[^\W_]|[./:])){3,}(?!\S)")


def has_link(text: str) -> bool:
    """Whether the text holds a link, open or disguised."""
    plain = unicodedata.normalize("NFKC", text).translate(dict.fromkeys(map(ord, _DOTS), "."))
    if _SCHEME.search(plain) or _NUMBERS.search(plain) or _WWW.search(plain):
        return True
    if _has_name(plain, strict=False):
        return True
    closed = _SPELT_OUT.sub(lambda found: found[0].replace(" ", ""), plain)
    if closed != plain and (_WWW.search(closed) or _has_name(closed, strict=False)):
        return True
    spelt = _SPELT_DOT.sub(".", closed)
    return _has_name(spelt, strict=True) or _has_name(_SPACED_DOT.sub(".", spelt), strict=True)


def _has_name(text: str, *, strict: bool) -> bool:
    """`strict`: something was put in between, so that two sentences could be taken for a name."""
    for found in _NAME.finditer(text):
        top = drawn_letters(found[2])
        if top not in _TOP:
            continue
        has_path = (found[3] or "").startswith("/")
        capital = found[2][0].isupper() and not found[2].isupper()  # "right.It was"
        if has_path or (top not in _EVERYDAY and not (strict and top in _COUNTRIES)) or not (strict or capital):
            return True
    return False
