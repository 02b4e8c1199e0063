"""What every command says alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.media import command_words
from studio.media.command_words import warn_of_secret


def test_a_secret_that_was_typed_is_warned_about_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_secret("stoa live", "a key in a URL", "env:NAME keeps it out")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "stoa live: a key in a URL can be seen in the process list and the shell's history; env:NAME keeps it out.\n"
    )


def test_nobody_says_it_in_words_of_their_own() -> None:
    studio = Path(command_words.__file__).parents[1]
    said = [path.relative_to(studio) for path in studio.rglob("*.py") if "shell's" in path.read_text(encoding="utf-8")]
    assert said == [Path("media/command_words.py")]
