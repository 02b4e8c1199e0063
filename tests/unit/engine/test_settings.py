"""The settings are one whole document: broken ones are told and kept, secrets never enter them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from studio.engine.document import DocumentWriter
from studio.engine.main import read_settings
from studio.engine.settings import SavedDestination, Settings, load_settings
from studio.engine.show import ProgramShape
from studio.media import StoaError


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "settings.json") == Settings()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = Settings(
        program=ProgramShape(width_px=640, height_px=360), destinations=[SavedDestination("Home", "rtmp://h/live/•••")]
    )
    writer = DocumentWriter(path)
    writer.keep(settings)
    writer.close(remove=False)
    assert load_settings(path) == settings
    assert path.stat().st_mode & 0o777 == 0o600 and list(tmp_path.iterdir()) == [path]


BROKEN = {
    "no JSON": b"{",
    "not an object": b"[]",
    "wrong type": b'{"version": 1, "program": {"width_px": "wide"}}',
    "impossible": b'{"version": 1, "program": {"width_px": 1}}',
    "newer": b'{"version": 99}',
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_broken_settings_are_told_and_kept_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    with pytest.raises(StoaError):
        load_settings(path)
    assert path.read_bytes() == content, "only reading: nothing is changed"
    settings, words = read_settings(path)
    kept = [item for item in tmp_path.iterdir() if ".broken-" in item.name]
    assert settings == Settings() and kept[0].name in words and kept[0].read_bytes() == content


def test_a_full_disk_keeps_the_old_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.json"
    writer = DocumentWriter(path)
    writer.keep(Settings())
    writer.close(remove=False)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    writer = DocumentWriter(path)
    writer.keep(Settings(program=ProgramShape(width_px=640, height_px=360)))
    writer.close(remove=False)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_no_field_of_the_settings_can_hold_a_secret() -> None:
    schema = json.dumps(msgspec.json.schema(Settings))
    assert not any(f'"{word}"' in schema for word in ("secret", "passphrase", "token", "bearer", "key", "url"))
