"""The offer of a WHIP publisher, and answers good and bad."""

from __future__ import annotations

import pytest
from aiortc.sdp import SessionDescription

from studio.destination.whip_sdp import LocalTransport, TrackNumbers, profile_level_id, read_answer, write_offer
from studio.media import AudioTrack, Codec, ErrorKind, StoaError, VideoTrack

TRACKS = [TrackNumbers("audio", "0", 1, 2), TrackNumbers("video", "1", 3, 4)]
TRANSPORT = LocalTransport("ufrag", "password", "AA:BB", ("1 1 udp 2130706431 127.0.0.1 4000 typ host",))
AUDIO = AudioTrack(Codec.OPUS, b"", 96, 960)


def track(extradata: bytes = b"", level: int = 31, profile: str = "constrained baseline") -> VideoTrack:
    return VideoTrack(Codec.H264, 1280, 720, 30, 1, extradata, 2500, profile, level)


def offer(video: VideoTrack | None = None) -> str:
    return write_offer(TRANSPORT, TRACKS, video or track(), AUDIO)


def answer(text: str = "") -> str:
    """What a server says to the offer: the same, received."""
    return (text or offer()).replace("a=sendonly", "a=recvonly").replace("a=setup:actpass", "a=setup:passive")


def test_the_offer_is_one_bundle_that_only_sends() -> None:
    parsed = SessionDescription.parse(offer())
    assert parsed.group[0].items == ["0", "1"]
    assert {media.direction for media in parsed.media} == {"sendonly"} and all(media.rtcp_mux for media in parsed.media)
    assert {media.dtls.role for media in parsed.media} == {"auto"}
    assert parsed.media[0].ice_candidates and parsed.media[0].ice_candidates_complete
    assert "profile-level-id=42e01f" in offer() and offer().count("H264/90000") == 1


@pytest.mark.parametrize(
    ("extradata", "expected"),
    [
        (b"\x00\x00\x00\x01\x67\x42\xc0\x28\x00", "42e028"),
        (b"\x00\x00\x01\x67\x64\x00\x1f\x00", "64001f"),
        (b"\x00\x00\x01\x67\x4d\x40\x1e\x00", "4d401e"),
        (b"", "42e01f"),
    ],
)
def test_the_profile_is_the_streams_own(extradata: bytes, expected: str) -> None:
    assert profile_level_id(track(extradata)) == expected


def test_another_level_is_offered_beside_the_one_that_every_server_knows() -> None:
    text = offer(track(level=40))
    assert "profile-level-id=42e028" in text and "profile-level-id=42e01f" in text
    only_plain = "\r\n".join(
        line for line in answer(text).split("\r\n") if not line.startswith(("a=rtpmap:102", "a=rtpmap:103"))
    )
    only_plain = "\r\n".join(
        line
        for line in only_plain.split("\r\n")
        if not line.startswith(("a=fmtp:102", "a=fmtp:103", "a=rtcp-fb:102", "a=rtcp-fb:103"))
    )
    _, agreed = read_answer(only_plain, TRACKS)
    assert (agreed[1].payload_type, agreed[1].rtx_payload_type) == (104, 105)


def test_the_answer_says_how_to_send() -> None:
    transport, agreed = read_answer(answer(), TRACKS)
    assert transport.dtls.role == "server" and transport.ice.usernameFragment == "ufrag"
    assert [(one.payload_type, one.rtx_payload_type, one.mid_extension) for one in agreed] == [
        (111, None, 1),
        (102, 103, 1),
    ]


def test_a_rejected_track_is_told() -> None:
    with pytest.raises(StoaError, match="does not take the picture") as refused:
        read_answer(answer().replace("m=video 9 ", "m=video 0 "), TRACKS)
    assert refused.value.kind is ErrorKind.NOT_SUPPORTED and refused.value.permanent
    with pytest.raises(StoaError, match="does not take the sound"):
        read_answer(answer().replace("opus/48000/2", "PCMU/8000"), TRACKS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "v=0\r\n",
        answer().replace("m=video 9 UDP/TLS/RTP/SAVPF 102 103", "m=video"),
        answer().replace("a=fingerprint:sha-256 AA:BB\r\n", ""),
        answer().replace("a=ice-ufrag:ufrag\r\n", ""),
        answer().replace("typ host", ""),
    ],
)
def test_an_unusable_answer_is_told(text: str) -> None:
    with pytest.raises(StoaError) as unusable:
        read_answer(text, TRACKS)
    assert unusable.value.kind is ErrorKind.BAD_DATA and "answer cannot be used" in unusable.value.message
