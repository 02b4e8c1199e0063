"""Which file of trusted authorities is taken."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi
import pytest

from studio.media import authorities
from studio.media.authorities import trusted_authorities


@pytest.fixture(autouse=True)
def nothing_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorities, "SYSTEM_BUNDLES", ())
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: ssl.DefaultVerifyPaths(None, None, "", "", "", ""))


def test_what_ssl_cert_file_names_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    (tmp_path / "own.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    assert trusted_authorities() == str(tmp_path / "own.pem")


def test_the_first_bundle_of_the_system_that_is_there_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "second.pem").touch()
    places = (str(tmp_path / "first.pem"), str(tmp_path / "second.pem"))
    monkeypatch.setattr(authorities, "SYSTEM_BUNDLES", places)
    assert trusted_authorities() == places[1]


def test_a_system_without_any_has_certifis() -> None:
    assert trusted_authorities() == certifi.where()
