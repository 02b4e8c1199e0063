"""An error that nobody expected, for the log: what and where, and nothing of what was worked on."""

from __future__ import annotations

import traceback

from sqlalchemy.exc import DBAPIError

from studio.media.errors import StoaError


def in_short(error: BaseException) -> str:
    """A StoaError's words; of all else kind and place, since its text may hold what people wrote, or a token."""
    if isinstance(error, StoaError):
        return error.message
    kind = _kind(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/studio/" in frame.filename]
    if not frames:
        return kind
    file = frames[-1].filename.rpartition("/studio/")[2]
    return f"{kind} at studio/{file}:{frames[-1].lineno}"


def at_length(error: BaseException) -> str:
    """The same with every place on the way, and of what it came from."""
    told = f"{_kind(error)}\n{''.join(traceback.format_tb(error.__traceback__))}".rstrip()
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return told if cause is None else f"{told}\nThis came from {at_length(cause)}"


def _kind(error: BaseException) -> str:
    kind = type(error).__name__
    if isinstance(error, DBAPIError) and error.orig is not None:
        return f"{kind} ({type(error.orig).__name__})"
    return kind
