"""The document of the rights is what the code does."""

from __future__ import annotations

from pathlib import Path

from studio.server.rights import as_markdown

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "rights.md"


def test_the_document_holds_the_table_of_the_code() -> None:
    assert DOCUMENT.read_text(encoding="utf-8").endswith("\n\n" + as_markdown()), (
        "studio/server/rights.py changed: put the output of as_markdown() at the end of docs/reference/rights.md"
    )
