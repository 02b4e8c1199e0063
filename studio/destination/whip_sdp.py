"""The offer of a WHIP publisher, and what its answer says."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from aiortc import sdp

from studio.media import AudioTrack, ErrorKind, StoaError, VideoTrack

AUDIO_TYPE, VIDEO_TYPE, RTX_TYPE, PLAIN_VIDEO_TYPE, PLAIN_RTX_TYPE = 111, 102, 103, 104, 105
CNAME = "stoa"
MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid"
_PROFILES = {"constrained baseline": "42e0", "baseline": "4200", "main": "4d00", "high": "6400"}
_OPUS_FORMAT = "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"


@dataclass(frozen=True, slots=True)
class TrackNumbers:
    """What names a track on the wire."""

    kind: str
    mid: str
    ssrc: int
    rtx_ssrc: int


@dataclass(frozen=True, slots=True)
class AgreedTrack:
    """How to send a track, by the answer."""

    numbers: TrackNumbers
    payload_type: int
    rtx_payload_type: int | None
    mid_extension: int | None


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """Our side of the connection, as the offer tells it; candidates are values of `a=candidate:`."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: tuple[str, ...]


def profile_level_id(track: VideoTrack) -> str:
    """Six hexadecimal digits (RFC 6184): from the SPS where there is one, else from the words of the track."""
    at = track.extradata.find(b"\x00\x00\x01\x67")
    if at >= 0 and len(track.extradata) >= at + 7:
        found = track.extradata[at + 4 : at + 7]
        # x264 sets constraint_set0 and 1 for baseline without what constrained baseline forbids.
        constraints = found[1] | 0x20 if found[0] == 0x42 and found[1] & 0x40 else found[1]
        return f"{found[0]:02x}{constraints:02x}{found[2]:02x}"
    return f"{_PROFILES.get(track.profile, '42e0')}{track.level or 31:02x}"


def write_offer(
    transport: LocalTransport, tracks: list[TrackNumbers], video: VideoTrack | None, audio: AudioTrack | None
) -> str:
    """The offer: sendonly, one bundle, actpass, rtcp-mux."""
    stream = secrets.token_hex(8)
    lines = [
        "v=0",
        f"o=- {secrets.randbits(62)} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(track.mid for track in tracks)}",
        "a=extmap-allow-mixed",
        f"a=msid-semantic: WMS {stream}",
    ]
    for index, track in enumerate(tracks):
        codecs = _audio_lines() if track.kind == "audio" else _video_lines(video)
        types = " ".join(str(number) for number, _ in codecs)
        lines += [
            f"m={track.kind} 9 UDP/TLS/RTP/SAVPF {types}",
            "c=IN IP4 0.0.0.0",
            "a=rtcp:9 IN IP4 0.0.0.0",
            f"a=ice-ufrag:{transport.ufrag}",
            f"a=ice-pwd:{transport.password}",
            f"a=fingerprint:sha-256 {transport.fingerprint}",
            "a=setup:actpass",
            f"a=mid:{track.mid}",
            f"a=extmap:1 {MID_EXTENSION}",
            "a=sendonly",
            f"a=msid:{stream} {track.kind}",
            "a=rtcp-mux",
            "a=rtcp-rsize",
        ]
        for _, about in codecs:
            lines += about
        lines += _source_lines(track, stream)
        if index == 0:
            lines += [f"a=candidate:{candidate}" for candidate in transport.candidates]
            lines.append("a=end-of-candidates")
    return "\r\n".join(lines) + "\r\n"


def _audio_lines() -> list[tuple[int, list[str]]]:
    about = [
        f"a=rtpmap:{AUDIO_TYPE} opus/48000/2",
        f"a=rtcp-fb:{AUDIO_TYPE} nack",
        f"a=fmtp:{AUDIO_TYPE} {_OPUS_FORMAT}",
    ]
    return [(AUDIO_TYPE, about)]


def _video_lines(video: VideoTrack | None) -> list[tuple[int, list[str]]]:
    """The stream's own profile and level; for a baseline of another level also 42e01f, which every server knows."""
    own = profile_level_id(video) if video is not None else "42e01f"
    kinds = [(VIDEO_TYPE, RTX_TYPE, own)]
    if own.startswith("42") and own != "42e01f":
        kinds.append((PLAIN_VIDEO_TYPE, PLAIN_RTX_TYPE, "42e01f"))
    found: list[tuple[int, list[str]]] = []
    for number, rtx, profile in kinds:
        about = [f"a=rtpmap:{number} H264/90000"]
        about += [f"a=rtcp-fb:{number} {feedback}" for feedback in ("ccm fir", "nack", "nack pli", "goog-remb")]
        about.append(f"a=fmtp:{number} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}")
        found.append((number, about))
        found.append((rtx, [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={number}"]))
    return found


def _source_lines(track: TrackNumbers, stream: str) -> list[str]:
    numbers = [track.ssrc]
    lines = []
    if track.kind == "video":
        lines.append(f"a=ssrc-group:FID {track.ssrc} {track.rtx_ssrc}")
        numbers.append(track.rtx_ssrc)
    for number in numbers:
        lines += [f"a=ssrc:{number} cname:{CNAME}", f"a=ssrc:{number} msid:{stream} {track.kind}"]
    return lines


def read_answer(text: str, tracks: list[TrackNumbers]) -> tuple[sdp.MediaDescription, list[AgreedTrack]]:
    """The section that carries the transport, and how to send each track.

    Raises StoaError(BAD_DATA) for what is no usable answer, StoaError(NOT_SUPPORTED) where a track was rejected.
    """
    try:
        answer = sdp.SessionDescription.parse(text)
    except Exception as cause:
        raise _unusable("it is not valid SDP") from cause
    if len(answer.media) != len(tracks):
        raise _unusable(f"it has {len(answer.media)} media sections for our {len(tracks)}")
    agreed = []
    for track, media in zip(tracks, answer.media, strict=True):
        agreed.append(_agreed(track, media))
    first = answer.media[0]
    # The shared transport may be described in any section of the bundle.
    carrying = next((media for media in answer.media if media.ice_candidates), first)
    if carrying.dtls is None or not carrying.dtls.fingerprints:
        raise _unusable("it has no DTLS fingerprint")
    if carrying.ice is None or not carrying.ice.usernameFragment or not carrying.ice.password:
        raise _unusable("it has no ICE user fragment and password")
    return carrying, agreed


def _agreed(track: TrackNumbers, media: sdp.MediaDescription) -> AgreedTrack:
    wanted = "h264" if track.kind == "video" else "opus"
    offered = {VIDEO_TYPE, PLAIN_VIDEO_TYPE} if track.kind == "video" else {AUDIO_TYPE}
    codec = next((c for c in media.rtp.codecs if c.name.lower() == wanted and c.payloadType in offered), None)
    if (
        media.kind != track.kind
        or not media.port
        or codec is None
        or codec.payloadType is None
        or media.direction in ("sendonly", "inactive")
    ):
        what = "the picture (H.264)" if track.kind == "video" else "the sound (Opus)"
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            f"The WHIP server does not take {what}.",
            remedy="Allow H.264 (constrained baseline) and Opus on the server.",
            permanent=True,
        )
    rtx = next(
        (
            one.payloadType
            for one in media.rtp.codecs
            if one.name.lower() == "rtx" and one.parameters.get("apt") == codec.payloadType
        ),
        None,
    )
    extension = next((e.id for e in media.rtp.headerExtensions if e.uri == MID_EXTENSION), None)
    return AgreedTrack(track, codec.payloadType, rtx, extension)


def _unusable(words: str) -> StoaError:
    return StoaError(
        ErrorKind.BAD_DATA, f"The WHIP server's answer cannot be used: {words}.", remedy="Report it to whoever runs it."
    )
