"""The parser of every command line: what cannot be right, and a secret that was typed, are told in one sentence."""

from __future__ import annotations

import argparse
import re
import sys
from typing import NoReturn

BAD_ARGUMENT = 2


def warn_of_secret(program: str, what: str, remedy: str) -> None:
    """Say on standard error that a secret was typed where others can read it. `remedy`: what keeps it out."""
    sys.stderr.write(f"{program}: {what} can be seen in the process list and the shell's history; {remedy}.\n")


class Words(argparse.ArgumentParser):
    """Says what is wrong in one sentence and leaves with status 2.

    Options stand in full: a piece of one that is clear today may mean two of them in the next version.
    """

    def __init__(self, prog: str, description: str | None = None) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        shown = re.sub(r"([a-zA-Z][a-zA-Z0-9+.-]*://)\S+", r"\1…", message)  # a URL that was typed may hold a key
        self.refuse(f"{shown}. `{self.prog} --help` shows what it takes.")

    def refuse(self, words: str) -> NoReturn:
        """Leave with these words, which hold no secret and say what can be done."""
        sys.stderr.write(f"{self.prog}: {words}\n")
        sys.exit(BAD_ARGUMENT)
