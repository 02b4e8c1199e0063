"""What a token says, in plain words: the output of `stoa token explain`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from studio.token.claims import Claims, Source, VideoGrant
from studio.token.grants import Grant
from studio.token.reading import Reading, Signature
from studio.token.shown import instant, shown, span
from studio.token.signed import Fault

UNCHECKED = "Its signature was not checked, since no secret is known: anybody may have written it."
_KNOWN = frozenset(name for name in msgspec.structs.asdict(Claims())) | {"iat"}
_MORE = {
    "room_admin": "run the room (mute, remove, end)",
    "room_create": "make and end rooms",
    "room_list": "list rooms",
    "room_record": "record rooms",
    "ingress_admin": "manage ingresses",
    "can_update_own_metadata": "change their own name and metadata",
    "can_subscribe_metrics": "read metrics",
    "agent": "work as an agent",
    "recorder": "record as a participant",
    "hidden": "stay unseen by the others",
}


class Explained(msgspec.Struct, frozen=True):
    """`stoa token explain --json`. `grants`: name → Unix second of its end, null where that is the token's."""

    valid: bool
    signature: Signature
    faults: tuple[Fault, ...]
    words: tuple[str, ...]
    api_key: str = ""
    identity: str = ""
    name: str = ""
    room: str = ""
    begins_s: float | None = None
    expires_s: float | None = None
    grants: Mapping[str, int | None] = {}
    sources: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    more: Mapping[str, str] = {}


def explain(reading: Reading, now_s: float) -> Explained:
    """What is in the token and whether it is valid. Every foreign text in `words` and `may` is printable."""
    words = [problem.words for problem in reading.problems]
    if reading.signature is Signature.UNCHECKED and not words:
        words = [UNCHECKED]
    faults = tuple(problem.fault for problem in reading.problems)
    claims = reading.claims
    if claims is None:
        return Explained(reading.valid, reading.signature, faults, tuple(words))
    if reading.valid and claims.exp is not None:
        words = [f"It is valid, and runs out in {span(claims.exp - now_s)}, at {instant(claims.exp)}."]
    video = claims.video or VideoGrant()
    grants = claims.grants()
    ends = {grant.value: grants.end_of(grant) for grant in Grant}
    return Explained(
        valid=reading.valid,
        signature=reading.signature,
        faults=faults,
        words=tuple(words),
        api_key=claims.iss,
        identity=claims.sub,
        name=claims.name,
        room=video.room or "",
        begins_s=claims.nbf,
        expires_s=claims.exp,
        grants={name: end or None for name, end in ends.items() if end is not None},
        sources=tuple(source for source in Source if video.room_join and video.may_publish(source)),
        may=tuple(_may(claims, now_s)),
        more=_more(reading.payload),
    )


def as_text(told: Explained) -> str:
    """The same for a person: the verdict first, then what is in it."""
    verdict = "valid" if told.valid else "not valid" if told.faults else "not checked"
    lines = [verdict, *(f"  {sentence}" for sentence in told.words)]
    rows = [
        ("made by", told.api_key and f"API key {shown(told.api_key)}"),
        ("identity", shown(told.identity)),
        ("name", shown(told.name)),
        ("room", shown(told.room)),
        ("from", instant(told.begins_s) if told.begins_s is not None else ""),
        ("until", instant(told.expires_s) if told.expires_s is not None else ""),
        *(("may", line) for line in told.may),
        *((f"also {shown(name)}", value) for name, value in told.more.items()),
    ]
    lines += [f"{what:<9} {value}" for what, value in rows if value]
    return "\n".join(lines) + "\n"


def _may(claims: Claims, now_s: float) -> Iterable[str]:
    video, grants = claims.video, claims.grants()
    if video is None:
        return
    if video.room_join:
        yield "join the room" + _end(grants.join, now_s)
        sources = {
            "publish the camera": (video.may_publish(Source.CAMERA), grants.camera),
            "publish the microphone": (video.may_publish(Source.MICROPHONE), grants.microphone),
            "share the screen": (video.may_publish(Source.SCREEN_SHARE), grants.screen),
            "share the screen's sound": (video.may_publish(Source.SCREEN_SHARE_AUDIO), grants.screen),
            "send data (chat is data)": (video.may_send_data(), grants.data),
        }
        for words, (may, end) in sources.items():
            if may:
                yield words + _end(end, now_s)
        if video.may_subscribe():
            yield "watch and listen"
    for name, words in _MORE.items():
        if getattr(video, name):
            yield words
    if video.destination_room:
        yield f"be forwarded to the room {shown(video.destination_room)}"


def _end(end_s: int | None, now_s: float) -> str:
    if not end_s:
        return ""
    return f" until {instant(end_s)}" if now_s < end_s else f" (no longer: that ended at {instant(end_s)})"


def _more(payload: bytes) -> Mapping[str, str]:
    """Claims that have no words here, as they stand (`metadata`, `attributes`, `kind`, `sip`, `roomConfig`, …)."""
    claims = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
    with_words = _KNOWN - {"metadata", "attributes"}
    return {name: shown(bytes(raw).decode(errors="replace")) for name, raw in claims.items() if name not in with_words}
