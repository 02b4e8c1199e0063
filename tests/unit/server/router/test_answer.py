"""Codecs agreed with publishers and viewers, and the answers' text."""

from __future__ import annotations

import pytest
from aiortc.sdp import SessionDescription

from studio.media import ErrorKind, StoaError
from studio.server.router.answer import AnswerTransport, agree_with_publisher, agree_with_viewer, write_answer
from studio.server.router.sdp import parse_offer
from studio.server.router.sockets import Candidate

TRANSPORT = AnswerTransport("ufrag", "p" * 24, "AA:BB", "passive", (Candidate("127.0.0.1", 4000),))
HEAD = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n"
ICE = "a=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=rtcp-mux\r\n"


def browser(direction: str, *profiles: str) -> str:
    """An offer as a browser writes it: several codecs, some H.264 of packetization mode 0, a data channel."""
    types = [str(100 + 2 * index) for index in range(len(profiles))]
    video = ["96", *types, *(str(int(one) + 1) for one in types)]
    lines = [f"m=video 9 UDP/TLS/RTP/SAVPF {' '.join(video)}", "a=mid:1", f"a={direction}", ICE.strip()]
    lines += ["a=rtpmap:96 VP8/90000"]
    for number, profile in zip(types, profiles, strict=True):
        mode = "0" if profile.endswith("!") else "1"
        lines += [f"a=rtpmap:{number} H264/90000", f"a=rtcp-fb:{number} nack", f"a=rtcp-fb:{number} transport-cc"]
        lines += [f"a=fmtp:{number} packetization-mode={mode};profile-level-id={profile.rstrip('!')}"]
        lines += [f"a=rtpmap:{int(number) + 1} rtx/90000", f"a=fmtp:{int(number) + 1} apt={number}"]
    audio = ["m=audio 9 UDP/TLS/RTP/SAVPF 0 111", "a=mid:0", f"a={direction}", ICE.strip()]
    audio += ["a=rtpmap:0 PCMU/8000", "a=rtpmap:111 opus/48000/2"]
    data = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2", ICE.strip()]
    return HEAD + "\r\n".join([*audio, *lines, *data]) + "\r\n"


def test_a_publisher_is_answered_with_one_format_of_each_kind() -> None:
    offer = parse_offer(browser("sendonly", "640c1f", "42e01f!", "42e028", "42001f"))
    formats, sections = agree_with_publisher(offer, audio=True, video=True)
    video = next(one for one in formats if one.kind == "video")
    assert (video.payload_type, video.rtx_payload_type, video.profile_level_id) == (104, 105, "42e028")
    assert video.repairs
    answer = SessionDescription.parse(write_answer(TRANSPORT, sections))
    assert [media.kind for media in answer.media] == ["audio", "video", "application"]
    assert [media.port for media in answer.media] == [4000, 4000, 0]
    assert answer.group[0].items == ["0", "1"]
    assert answer.media[1].direction == "recvonly" and answer.media[1].dtls.role == "server"
    assert [codec.payloadType for codec in answer.media[1].rtp.codecs] == [104, 105]
    assert answer.media[0].ice_candidates[0].ip == "127.0.0.1" and answer.media[0].ice.iceLite


@pytest.mark.parametrize("profile", ["42e01f", "42c028", "42001f", "4d0032", "4d401f", "640028", "640c34"])
def test_profiles_and_levels_beyond_the_usual_are_taken(profile: str) -> None:
    formats, _ = agree_with_publisher(parse_offer(browser("sendonly", profile)), audio=True, video=True)
    assert formats[-1].profile_level_id == profile


def test_what_may_not_be_sent_is_rejected_alone() -> None:
    formats, sections = agree_with_publisher(parse_offer(browser("sendonly", "42e01f")), audio=False, video=True)
    assert [one.kind for one in formats] == ["video"]
    text = write_answer(TRANSPORT, sections)
    assert "m=audio 0 " in text and "a=group:BUNDLE 1\r\n" in text


def test_a_viewer_is_offered_every_profile_and_told_the_publishers_level() -> None:
    tracks, sections, pictures = agree_with_viewer(parse_offer(browser("recvonly", "42001f", "42e01f", "64001f")))
    assert [one.profile_level_id for one in pictures] == ["42001f", "42e01f", "64001f"]
    text = write_answer(TRANSPORT, sections, "28")
    assert "profile-level-id=42e028" in text and "profile-level-id=640028" in text
    assert "a=sendonly" in text and "a=rtcp-fb:102 nack" in text and "transport-cc" not in text
    video = next(track for track in tracks if track.kind == "video")
    assert f"a=ssrc-group:FID {video.ssrc} {video.rtx_ssrc}" in text


def test_a_viewer_that_only_sends_gets_nothing() -> None:
    with pytest.raises(StoaError) as refused:
        agree_with_viewer(parse_offer(browser("sendonly", "42e01f")))
    assert refused.value.kind is ErrorKind.NOT_SUPPORTED


def test_a_transport_for_each_track_is_refused_in_words() -> None:
    with pytest.raises(StoaError, match="transport for each track"):
        parse_offer(browser("sendonly", "42e01f").replace("a=group:BUNDLE 0 1 2", "a=x"))


@pytest.mark.parametrize("missing", ["a=ice-ufrag:abcd", "a=fingerprint:sha-256 AA:BB"])
def test_an_offer_without_ice_or_dtls_is_refused(missing: str) -> None:
    with pytest.raises(StoaError) as refused:
        parse_offer(browser("sendonly", "42e01f").replace(missing, "a=x"))
    assert refused.value.kind is ErrorKind.BAD_DATA
