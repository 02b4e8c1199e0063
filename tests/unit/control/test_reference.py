"""docs/control-api.md says what the types say."""

from pathlib import Path

from studio.control.api import METHODS, EventType
from studio.control.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "control-api.md"


def test_the_page_is_made_from_the_types() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "make it anew: python -m studio.control.reference > docs/control-api.md"
    )


def test_every_method_and_event_is_on_it() -> None:
    page = reference()
    assert all(f"### `{name}`" in page for name in METHODS)
    assert all(f"- `{kind.value}`" in page for kind in EventType)
