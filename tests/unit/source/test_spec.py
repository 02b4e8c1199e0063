"""What people write as a source: taken apart, or refused in a sentence that repeats nothing secret."""

from __future__ import annotations

import pytest

from studio.media import ErrorKind, StoaError
from studio.source.contract import SourceKind
from studio.source.spec import parse_source


@pytest.mark.parametrize("spec", ["http://[::1", "rtsp://[", "https://host:port/", "rtsp://host:99999/", "http://"])
def test_an_address_that_cannot_be_is_refused_in_words(spec: str) -> None:
    with pytest.raises(StoaError) as refusal:
        parse_source(spec)
    assert refusal.value.kind is ErrorKind.BAD_ARGUMENT and refusal.value.permanent


@pytest.mark.parametrize(
    "spec",
    ["rtmp://host/app/secretkey", "srt://host:9?passphrase=secretkey", "whip+http://[secretkey", "x://u:secretkey@h/"],
)
def test_a_destination_taken_for_a_source_keeps_its_key(spec: str) -> None:
    with pytest.raises(StoaError) as refusal:
        parse_source(spec)
    assert "secretkey" not in str(refusal.value) and spec.partition(":")[0] in refusal.value.message


def test_a_password_is_kept_for_the_child_and_masked_for_people() -> None:
    spec = parse_source("rtsp://me:secret@camera.example:8554/live?key=secret")
    assert spec.kind is SourceKind.NETWORK_CAMERA and "secret" in spec.target
    assert spec.masked == "rtsp://•••@camera.example:8554/live?•••"
