"""What became of a command, in words."""

from __future__ import annotations

from studio.session import CommandDone

SERVER = "server"
"""The id by which the server itself says what became of a command."""


def outcome_words(done: CommandDone) -> tuple[str, str]:
    """What became of a command, and whether that is good or danger."""
    said = done.words or {"done": "Done.", "already": "It was so already."}.get(done.outcome, "It did not work.")
    if done.outcome in ("done", "already"):
        return said, "good"
    if done.by == SERVER:
        return said, "danger"
    return f"{'The studio refused it' if done.outcome == 'refused' else 'The studio could not do it'}: {said}", "danger"
