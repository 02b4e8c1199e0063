"""A destination's URL is checked before anything starts, and never shown whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.destination.url import MASK, Protocol, check_passphrase, fill_mask, mask_url, parse_destination, with_key
from studio.media import ErrorKind, StoaError

LONG = "k" * 20


@pytest.mark.parametrize(
    ("text", "protocol", "host", "port"),
    [
        ("rtmp://live.example/app/key", Protocol.RTMP, "live.example", 1935),
        ("rtmps://live.example/app/key", Protocol.RTMP, "live.example", 443),
        ("RTMP://live.example:4000/app/key", Protocol.RTMP, "live.example", 4000),
        ("rtmp://[::1]:4000/app/key", Protocol.RTMP, "::1", 4000),
        ("srt://127.0.0.1:9000?streamid=x&latency=200", Protocol.SRT, "127.0.0.1", 9000),
        ("whip+https://live.example/whip/one", Protocol.WHIP, "live.example", 443),
        ("whip+http://127.0.0.1:8889/one/whip", Protocol.WHIP, "127.0.0.1", 8889),
    ],
)
def test_what_can_be_right_is_taken_apart(text: str, protocol: Protocol, host: str, port: int) -> None:
    url = parse_destination(text)
    assert (url.protocol, url.host, url.port) == (protocol, host, port)
    assert url.text == text.replace("RTMP", "rtmp")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "live.example/app/secretkey",
        "ftp://live.example/secretkey",
        "http://live.example/secretkey",
        "rtmp:///app/secretkey",
        "rtmp://",
        "rtmp://live.example",
        "rtmp://live.example:99999/app/secretkey",
        "rtmp://live.example:0/app/secretkey",
        "rtmp://live.example:port/app/secretkey",
        "rtmp://live.example/app/secret key",
        "rtmp://[::1/app/secretkey",
        "srt://live.example?streamid=secretkey",
        "srt://live.example:9000?mode=listener",
        "srt://live.example:9000?latency=fast",
        "srt://live.example:9000?passphrase=short",
        "srt://live.example:9000?pbkeylen=17",
        "srt://live.example:9000?typo=secretkey",
        "srt://live.example:9000?streamid=" + "secretkey" * 60,
        "whip+http://",
    ],
)
def test_what_cannot_be_right_is_told_with_a_remedy_and_without_the_key(text: str) -> None:
    with pytest.raises(StoaError) as caught:
        parse_destination(text)
    assert caught.value.kind is ErrorKind.BAD_ARGUMENT and caught.value.permanent
    assert caught.value.message.endswith(".") and caught.value.remedy
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtmp://live.example/app/key", "rtmp://live.example/app/•••"),
        ("rtmp://live.example/app/a/key?backup=1", "rtmp://live.example/app/•••?backup=•••"),
        ("rtmp://live.example/app", "rtmp://live.example/app"),
        ("rtmp://live.example:4000/path?user=me&pass=word", "rtmp://live.example:4000/path?user=•••&pass=•••"),
        ("rtmp://me:word@live.example/app/key", "rtmp://•••@live.example/app/•••"),
        (
            "srt://live.example:9000?passphrase=abcdefghij&latency=200",
            "srt://live.example:9000?passphrase=•••&latency=200",
        ),
        ("srt://live.example:9000?streamid=publish:x", "srt://live.example:9000?streamid=•••"),
        ("whip+https://h.example/0123456789abcdef0123/publish", "whip+https://h.example/•••/publish"),
        ("whip+http://h.example:8889/one/whip?token=abc", "whip+http://h.example:8889/one/whip?token=•••"),
        ("rtmp://[::1]:4000/app/key", "rtmp://[::1]:4000/app/•••"),
    ],
)
def test_keys_and_passwords_are_masked(text: str, shown: str) -> None:
    assert mask_url(text) == shown
    assert parse_destination(text).masked == shown
    assert parse_destination(text).carries_secret == (MASK in shown)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    mask_url(text)
    try:
        parse_destination(text)
    except StoaError:
        pass  # the one error that it may raise


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(categories=["L", "N"]), min_size=6, max_size=30))
def test_no_key_is_ever_shown(key: str) -> None:
    assert key not in parse_destination(f"rtmp://h.x/a/{key}").masked.replace(MASK, "")


def test_a_key_that_is_kept_apart_is_put_at_the_end() -> None:
    assert with_key(parse_destination("rtmp://h.example/app"), "k?e=1") == "rtmp://h.example/app/k?e=1"
    assert with_key(parse_destination("rtmp://h.example/app/"), "key") == "rtmp://h.example/app/key"
    assert with_key(parse_destination("rtmp://h.example/app/key"), "") == "rtmp://h.example/app/key"


def test_options_keep_their_plus() -> None:
    url = parse_destination("srt://h.example:9000?passphrase=a+b%2Bc%20dddddd&streamid=%23!::r=x,m=publish")
    assert url.query == {"passphrase": "a+b+c dddddd", "streamid": "#!::r=x,m=publish"}


@pytest.mark.parametrize("length", [9, 80])
def test_a_passphrase_has_ten_to_seventy_nine_characters(length: int) -> None:
    with pytest.raises(StoaError):
        check_passphrase("x" * length)
    check_passphrase("x" * 10)
    check_passphrase("")


@pytest.mark.parametrize(
    ("text", "kept", "filled"),
    [
        ("rtmp://b.example/app/•••", "rtmp://a.example/app/k/e y?b=1", "rtmp://b.example/app/k/e y"),
        ("rtmps://b.example/live/•••?b=•••", "rtmp://a.example/app/key?b=1", "rtmps://b.example/live/key?b=1"),
        ("rtmp://•••@b.example/app/•••", "rtmp://me:word@a.example/app/key", "rtmp://me:word@b.example/app/key"),
        ("rtmp://me@b.example/app/new", "rtmp://a.example/app/key", "rtmp://me@b.example/app/new"),
        (
            "srt://b:2?streamid=•••&latency=9",
            "srt://a:1?latency=1&streamid=x%26y",
            "srt://b:2?streamid=x%26y&latency=9",
        ),
        (
            "whip+https://b/•••/new?t=•••#•••",
            f"whip+https://a/{'k' * 20}/old?t=1#f",
            f"whip+https://b/{'k' * 20}/new?t=1#f",
        ),
        ("srt://b:2", "srt://a:1?streamid=x", "srt://b:2"),
    ],
)
def test_dots_keep_what_they_hide(text: str, kept: str, filled: str) -> None:
    assert fill_mask(text, kept) == filled


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("rtmp://b.example/app/•••", "rtmp://a.example/app"),
        ("srt://b:2?passphrase=•••", "srt://a:1?streamid=secretkey"),
        ("whip+https://b/•••", "rtmp://a.example/app/secretkey"),
        ("rtmp://b.example/•••/key", "rtmp://a.example/app/secretkey"),
        ("rtmp://b.example/app/old-•••", "rtmp://a.example/app/secretkey"),
    ],
)
def test_dots_that_stand_for_nothing_are_told(text: str, kept: str) -> None:
    with pytest.raises(StoaError) as caught:
        fill_mask(text, kept)
    assert caught.value.kind is ErrorKind.BAD_ARGUMENT and "secret" not in str(caught.value)


@given(
    st.from_regex(
        r"(rtmps?|srt|whip\+https)://(u:p@)?host:99/[a-z]{1,9}/[A-Za-z0-9/]{1,40}(\?k=[a-z]{1,9})?", fullmatch=True
    )
)
@settings(max_examples=200, deadline=None)
def test_a_masked_url_filled_again_is_the_whole_one(text: str) -> None:
    assert fill_mask(mask_url(text), text) == text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("rtmp://[::1]/app/key", "[::1]:1935"),
        ("srt://a.example:9", "a.example:9"),
        ("whip+http://10.0.0.1/", "10.0.0.1:80"),
    ],
)
def test_a_place_is_host_and_port(text: str, place: str) -> None:
    assert parse_destination(text).place == place
