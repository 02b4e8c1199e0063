"""The window's own small document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ui.preferences import Preferences, load, store
from ui.theme.tokens import ThemeName


def test_what_is_stored_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "window.json"
    kept = Preferences(theme=ThemeName.LIGHT, x=-20, y=30, width=1200, height=800, maximised=True, tab=2)
    store(path, kept)
    assert load(path) == kept
    assert [each.name for each in path.parent.iterdir()] == ["window.json"]


def test_the_first_start_has_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "window.json") == Preferences()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"theme": "purple"}', '{"width": -3}', '{"tab": 99}', "\x00\xff"])
def test_a_broken_document_is_set_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "window.json"
    path.write_text(text)
    assert load(path) == Preferences()
    assert not path.exists() and path.with_suffix(".json.broken").read_text() == text


def test_a_later_versions_fields_are_let_be(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    path.write_text(json.dumps({"version": 2, "theme": "light", "colour": "blue"}))
    assert load(path).theme is ThemeName.LIGHT


def test_no_field_could_hold_a_secret() -> None:
    fields = set(Preferences.__struct_fields__)
    assert fields == {"version", "theme", "x", "y", "width", "height", "maximised", "tab", "account"}
