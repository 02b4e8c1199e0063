"""Reading a token, whatever is wrong with it, and judging it. Times are Unix seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from studio.token.claims import Claims
from studio.token.shown import instant, shown, span
from studio.token.signed import ApiKey, Envelope, Fault, Problem, algorithm_problem, is_signed_by, open_envelope

CLOCK_SLACK_S = 60
"""How far the maker's clock may be ahead of ours: as much as LiveKit's servers let pass."""


class Signature(StrEnum):
    """What became of looking at the signature. UNCHECKED: no secret is known that it could be checked by."""

    GOOD = "good"
    BAD = "bad"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Reading:
    """A token, read and judged. `claims` is None where it could not be read; `payload` is their JSON."""

    claims: Claims | None
    payload: bytes
    signature: Signature
    problems: tuple[Problem, ...]

    @property
    def valid(self) -> bool:
        """Signed by who we think, and good now."""
        return self.signature is Signature.GOOD and not self.problems

    @property
    def faults(self) -> frozenset[Fault]:
        return frozenset(problem.fault for problem in self.problems)


def examine(token: str, now_s: float, key: ApiKey | None) -> Reading:
    """Read a token whatever is wrong with it. Without a key the signature is UNCHECKED, and it is not valid."""
    envelope = open_envelope(token)
    if isinstance(envelope, Problem):
        return Reading(None, b"", Signature.UNCHECKED, (envelope,))
    claims = _claims_of(envelope)
    if isinstance(claims, Problem):
        return Reading(None, envelope.payload, Signature.UNCHECKED, (claims,))
    signature, problems = Signature.UNCHECKED, []
    wrong_algorithm = algorithm_problem(envelope)
    if wrong_algorithm is not None:
        problems.append(wrong_algorithm)
    elif key is not None and claims.iss != key.name:
        problems.append(_foreign(claims.iss, key.name))
    elif key is not None and is_signed_by(token, key.secret):
        signature = Signature.GOOD
    elif key is not None:
        signature = Signature.BAD
        words = "Its signature is wrong: it was changed after it was signed, or signed with another secret."
        problems.append(Problem(Fault.TAMPERED, words))
    problems += _problems_of_time(claims, now_s)
    if claims.video and claims.video.room_join and not (claims.sub and claims.video.room):
        words = "It lets nobody in: to join, a token names both an identity (sub) and a room."
        problems.append(Problem(Fault.NOWHERE, words))
    return Reading(claims, envelope.payload, signature, tuple(problems))


def _claims_of(envelope: Envelope) -> Claims | Problem:
    try:
        return msgspec.json.decode(envelope.payload, type=Claims)
    except msgspec.ValidationError as cause:
        place = re.search(r"`\$\.?([\w.]{1,40})", str(cause))
        where = f" ({place[1]})" if place else ""
        return Problem(Fault.MALFORMED, f"Its claims are not of LiveKit's kind{where}.")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Problem(Fault.MALFORMED, "It is no access token: what it carries is no JSON.")


def _foreign(issuer: str, expected: str) -> Problem:
    maker = f"the API key {shown(issuer)}" if issuer else "no API key that it names (iss)"
    return Problem(Fault.FOREIGN, f"It was made by {maker}; the one known here is {shown(expected)}.")


def _problems_of_time(claims: Claims, now_s: float) -> list[Problem]:
    problems = []
    if claims.exp is None:
        problems.append(Problem(Fault.NO_EXPIRY, "It never runs out (no exp), and such a token is not accepted."))
    elif now_s >= claims.exp:
        words = f"It ran out {span(now_s - claims.exp)} ago, at {instant(claims.exp)}."
        problems.append(Problem(Fault.EXPIRED, words))
    if claims.nbf is not None and claims.nbf > now_s + CLOCK_SLACK_S:
        words = f"It is not valid yet: it begins in {span(claims.nbf - now_s)}, at {instant(claims.nbf)}."
        problems.append(Problem(Fault.NOT_YET, words))
    return problems
