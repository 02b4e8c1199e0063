"""`stoa audit verify`: whether the audit log is as it was written. 0 where it is, 1 where it is not."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sqlalchemy.orm import Session

from studio.media.command_words import Words
from studio.server.audit_chain import Finding, verify
from studio.server.store import read_engine
from studio.server.words import add_place, place_of


def audit(argv: Sequence[str]) -> int:
    """Returns the exit status; a running server is not disturbed. Raises StoaError for what cannot be read."""
    parser = Words(prog="stoa audit", description="The server's audit log.")
    verifying = parser.add_subparsers(required=True, metavar="verify").add_parser(
        "verify", help="walk along its chain of hashes and say the first line that is broken"
    )
    add_place(verifying)
    try:
        place = place_of(parser.parse_args(argv), "stoa audit")
    except ValueError as cause:
        parser.refuse(str(cause))
    engine = read_engine(place.folder, place.url)
    try:
        with Session(engine) as session:
            finding = verify(session)
    finally:
        engine.dispose()
    sys.stdout.write(told(finding) + "\n")
    return 1 if finding.broken else 0


def told(finding: Finding) -> str:
    """The finding for a person."""
    lines = "1 line" if finding.lines == 1 else f"{finding.lines} lines"
    span = f", {finding.first_at} to {finding.last_at}" if finding.lines else ""
    if finding.broken:
        return f"The audit log is broken. {finding.broken} What holds before that: {lines}{span}."
    return f"The audit log holds: {lines}{span}. Hash of the last: {finding.last_hash}"
