"""Agree on codecs with a WHIP or WHEP client, and write the answer."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from studio.media import ErrorKind, StoaError
from studio.server.router.ingest import TrackFormat
from studio.server.router.outgoing import OutgoingTrack
from studio.server.router.publisher import CNAME
from studio.server.router.sdp import OfferedCodec, OfferedSection, SdpOffer
from studio.server.router.sockets import Candidate

_BASELINE, _MAIN, _HIGH = 0x42, 0x4D, 0x64
_VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir")
_OPUS_FORMAT = "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"


@dataclass(frozen=True, slots=True)
class ViewerFormat:
    """One payload type that a viewer takes, and the one for its retransmissions."""

    payload_type: int
    rtx_payload_type: int | None
    profile_level_id: str = ""


@dataclass(slots=True)
class AgreedSection:
    """A section of the answer; `codecs` empty rejects it."""

    offered: OfferedSection
    codecs: list[OfferedCodec] = field(default_factory=list)
    track: OutgoingTrack | None = None


@dataclass(frozen=True, slots=True)
class AnswerTransport:
    """The router's side of the transport."""

    ufrag: str
    password: str
    fingerprint: str
    setup: str
    candidates: tuple[Candidate, ...]


def profile_of(profile_level_id: str) -> int | None:
    """The H.264 profile (first byte) where we forward it; None for others, and for what is no profile-level-id."""
    try:
        profile = int(profile_level_id[:2], 16) if len(profile_level_id) == 6 else None
        int(profile_level_id, 16)
    except ValueError:
        return None
    return profile if profile in (_BASELINE, _MAIN, _HIGH) else None


def _is_usable_h264(codec: OfferedCodec) -> bool:
    return (
        codec.name == "h264"
        and codec.clock_rate_hz == 90_000
        and codec.format.get("packetization-mode", "0") == "1"
        and profile_of(codec.format.get("profile-level-id", "42001f")) is not None
    )


def _is_opus(codec: OfferedCodec) -> bool:
    return codec.name == "opus" and codec.clock_rate_hz == 48000


def _can(section: OfferedSection, wanted: str) -> bool:
    return section.direction in (wanted, "sendrecv") and bool(section.port) and section.protocol.endswith("SAVPF")


def agree_with_publisher(offer: SdpOffer, *, audio: bool, video: bool) -> tuple[list[TrackFormat], list[AgreedSection]]:
    """One H.264 and one Opus track at most, of those that the person may send.

    Raises StoaError(NOT_SUPPORTED) where nothing remains, StoaError(DENIED) where only what is not allowed was offered.
    """
    formats: dict[str, TrackFormat] = {}
    sections, withheld = [], False
    for offered in offer.sections:
        agreed = AgreedSection(offered)
        sections.append(agreed)
        if offered.kind in formats or not _can(offered, "sendonly"):
            continue
        if offered.kind == "video" and (codec := _best_picture(offered.codecs.values())) is not None:
            allowed = video
        elif offered.kind == "audio" and (codec := next(filter(_is_opus, offered.codecs.values()), None)) is not None:
            allowed = audio
        else:
            continue
        if not allowed:
            withheld = True
            continue
        rtx = offered.rtx_for(codec.payload_type)
        agreed.codecs = [codec] if rtx is None else [codec, offered.codecs[rtx]]
        formats[offered.kind] = TrackFormat(
            offered.kind,
            codec.payload_type,
            rtx,
            codec.clock_rate_hz,
            "nack" in codec.feedback,
            codec.format.get("profile-level-id", "42001f") if offered.kind == "video" else "",
        )
    if not formats and withheld:
        raise StoaError(
            ErrorKind.DENIED,
            "You may not send what was offered.",
            remedy="Ask an admin for the right to send it.",
            permanent=True,
        )
    if not formats:
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            "Nothing that was offered can be forwarded.",
            remedy="Send H.264 (packetization mode 1, constrained baseline, main or high) and Opus at 48 kHz.",
            permanent=True,
        )
    return list(formats.values()), sections


def _best_picture(codecs: Iterable[OfferedCodec]) -> OfferedCodec | None:
    """The first constrained baseline, which every viewer takes; else the first that can be forwarded."""
    usable = [codec for codec in codecs if _is_usable_h264(codec)]
    baseline = [codec for codec in usable if profile_of(codec.format.get("profile-level-id", "42001f")) == _BASELINE]
    constrained = [codec for codec in baseline if int(codec.format.get("profile-level-id", "420000")[2:4], 16) & 0x40]
    return next(iter([*constrained, *baseline, *usable]), None)


def agree_with_viewer(offer: SdpOffer) -> tuple[list[OutgoingTrack], list[AgreedSection], list[ViewerFormat]]:
    """The viewer's tracks, the answer's sections, and all H.264 formats that it takes (the publisher's decides later).

    Raises StoaError(NOT_SUPPORTED) where the viewer takes neither H.264 nor Opus.
    """
    tracks: dict[str, OutgoingTrack] = {}
    sections: list[AgreedSection] = []
    pictures: list[ViewerFormat] = []
    for offered in offer.sections:
        agreed = AgreedSection(offered)
        sections.append(agreed)
        if offered.kind in tracks or not _can(offered, "recvonly"):
            continue
        if offered.kind == "video":
            for codec in filter(_is_usable_h264, offered.codecs.values()):
                rtx = offered.rtx_for(codec.payload_type)
                agreed.codecs += [codec] if rtx is None else [codec, offered.codecs[rtx]]
                profile = codec.format.get("profile-level-id", "42001f")
                pictures.append(ViewerFormat(codec.payload_type, rtx, profile))
        elif offered.kind == "audio":
            agreed.codecs = [codec for codec in offered.codecs.values() if _is_opus(codec)][:1]
        if agreed.codecs:
            track = OutgoingTrack(offered.kind, agreed.codecs[0].clock_rate_hz)
            track.payload_type = agreed.codecs[0].payload_type
            agreed.track = tracks[offered.kind] = track
    if not tracks:
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            "This player takes neither H.264 nor Opus.",
            remedy="Use a browser that plays H.264 over WebRTC.",
            permanent=True,
        )
    return list(tracks.values()), sections, pictures


def write_answer(transport: AnswerTransport, sections: list[AgreedSection], level: str = "") -> str:
    """The SDP text. `level` (two hexadecimal digits), the publisher's, replaces that of a viewer's H.264 formats."""
    accepted = [section.offered.mid for section in sections if section.codecs]
    stream = secrets.token_hex(8)
    lines = ["v=0", f"o=- {secrets.randbits(62)} 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite"]
    if any(accepted):
        lines.append(f"a=group:BUNDLE {' '.join(accepted)}")
    lines.append("a=msid-semantic: WMS *")
    for section in sections:
        lines += _accepted(section, transport, stream, level) if section.codecs else _rejected(section.offered)
    return "\r\n".join(lines) + "\r\n"


def _rejected(offered: OfferedSection) -> list[str]:
    lines = [f"m={offered.kind} 0 {offered.protocol} {offered.formats}", "c=IN IP4 0.0.0.0", "a=inactive"]
    return [*lines, f"a=mid:{offered.mid}"] if offered.mid else lines


def _accepted(section: AgreedSection, transport: AnswerTransport, stream: str, level: str) -> list[str]:
    offered, track = section.offered, section.track
    numbers = " ".join(str(codec.payload_type) for codec in section.codecs)
    host, port = ("0.0.0.0", 9) if not transport.candidates else _default(transport.candidates)
    lines = [f"m={offered.kind} {port} {offered.protocol} {numbers}", f"c=IN IP{6 if ':' in host else 4} {host}"]
    if offered.mid:
        lines.append(f"a=mid:{offered.mid}")
    lines += [
        "a=recvonly" if track is None else "a=sendonly",
        "a=rtcp-mux",
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.password}",
        f"a=fingerprint:sha-256 {transport.fingerprint}",
        f"a=setup:{transport.setup}",
    ]
    for codec in section.codecs:
        lines += _codec(codec, offered.kind, level if track is not None else "")
    if track is not None:
        has_rtx = any(codec.name == "rtx" for codec in section.codecs)
        lines += _source(track, stream, has_rtx=has_rtx)
    for index, candidate in enumerate(transport.candidates):
        priority = (126 << 24) + ((65535 - index) << 8) + 255
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {candidate.host} {candidate.port} typ host")
    return [*lines, "a=end-of-candidates"]


def _default(candidates: tuple[Candidate, ...]) -> tuple[str, int]:
    return candidates[0].host, candidates[0].port


def _codec(codec: OfferedCodec, kind: str, level: str) -> list[str]:
    name = {"h264": "H264", "rtx": "rtx", "opus": "opus"}[codec.name]
    channels = f"/{codec.channels}" if kind == "audio" else ""
    lines = [f"a=rtpmap:{codec.payload_type} {name}/{codec.clock_rate_hz}{channels}"]
    wanted = _VIDEO_FEEDBACK if codec.name == "h264" else ("nack",)
    lines += [f"a=rtcp-fb:{codec.payload_type} {one}" for one in wanted if one in codec.feedback]
    if codec.name == "opus":
        lines.append(f"a=fmtp:{codec.payload_type} {_OPUS_FORMAT}")
    elif codec.name == "rtx":
        lines.append(f"a=fmtp:{codec.payload_type} apt={codec.format.get('apt', '')}")
    else:
        profile = codec.format.get("profile-level-id", "42001f")
        profile = profile[:4] + level if level else profile
        rest = f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}"
        lines.append(f"a=fmtp:{codec.payload_type} {rest}")
    return lines


def _source(track: OutgoingTrack, stream: str, *, has_rtx: bool) -> list[str]:
    lines = [f"a=msid:{stream} {track.kind}"]
    numbers = [track.ssrc]
    if has_rtx:
        lines.append(f"a=ssrc-group:FID {track.ssrc} {track.rtx_ssrc}")
        numbers.append(track.rtx_ssrc)
    for number in numbers:
        lines += [f"a=ssrc:{number} cname:{CNAME}", f"a=ssrc:{number} msid:{stream} {track.kind}"]
    return lines
