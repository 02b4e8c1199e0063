"""Numbers in a sentence."""

from __future__ import annotations

import pytest

from studio.server.how_many import how_many


@pytest.mark.parametrize(("count", "words"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_one_is_one_and_all_others_are_many(count: int, words: str) -> None:
    assert how_many(count, "file") == words
