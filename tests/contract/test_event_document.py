"""The document of the WebSocket is what the code does."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from studio.server.event_document import TOLD, document
from studio.server.messages import AnyClientMessage, CloseCode, EventType

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "events.md"


def test_the_document_holds_the_types_of_the_code() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), (
        "the messages changed: python -m studio.server.event_document > docs/reference/events.md"
    )


def test_every_event_has_its_data() -> None:
    assert set(TOLD) == set(EventType)


@pytest.mark.parametrize("message", get_args(AnyClientMessage))
def test_every_message_of_a_client_is_in_it(message: type) -> None:
    (name,) = get_args(message.model_fields["type"].annotation)
    assert f"| `{name}` |" in document()


def test_every_close_code_is_in_it() -> None:
    assert all(f"| {code.value} | {code.name.lower()} |" in document() for code in CloseCode)
