"""The one error type: a kind, a sentence for the person, a remedy, and whether trying again can help."""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    """What sort of thing went wrong; scripts branch on it, people read the sentence."""

    BAD_ARGUMENT = "bad_argument"
    NOT_FOUND = "not_found"
    NOT_SUPPORTED = "not_supported"
    DENIED = "denied"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    LOST = "lost"
    TLS = "tls"
    BAD_DATA = "bad_data"
    NO_SPACE = "no_space"
    CRASHED = "crashed"
    CONFLICT = "conflict"
    INTERNAL = "internal"


class StoaError(Exception):
    """An error that a person may read.

    `kind` says what sort, `message` is one plain sentence without secrets, `remedy` what the person can do (may be
    empty), `permanent` is True where trying the same again cannot help. The cause is chained with `raise … from`.
    """

    def __init__(self, kind: ErrorKind, message: str, *, remedy: str = "", permanent: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.permanent = permanent

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()
