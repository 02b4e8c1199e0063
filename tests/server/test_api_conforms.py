"""The served description of the API against what the real server answers: every operation, asked by every role.

Requests that fit the description and requests that break it, always the same ones (derandomized).
"""

from __future__ import annotations

from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fixtures.asked_server import ROLES, AskedServer

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ALWAYS_THE_SAME = settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# The bodies of WHIP and WHEP are text.
for kind in ("application/sdp", "application/trickle-ice-sdpfrag"):
    schemathesis.serializer.alias(kind, "text/plain")
ENDS_THE_ASKER = ("/api/v1/leave", "/api/v1/sign-out", "/api/v1/sign-out-everywhere")
ENDS_THE_SERVER = "/api/v1/end"
SESSION = "studio"


def _named(case: Case) -> Case:
    """Half of the time it is about the session that there is: otherwise nothing would get past its name."""
    if "session" in case.path_parameters and len(str(case.path_parameters["session"])) % 2 == 0:
        case.path_parameters["session"] = SESSION
    return case


def _ask(asked: AskedServer, operation: Any, bearer: str, mode: GenerationMode, session: requests.Session) -> int:
    """How many requests of this operation were made. Raises what schemathesis found."""
    number = 0
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}

    @ALWAYS_THE_SAME
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        nonlocal number
        number += 1
        given = _named(case)
        # what is generated brings no rights of its own
        given.headers = {k: v for k, v in (given.headers or {}).items() if k.lower() != "authorization"}
        answer = given.call(base_url=asked.server.base, session=session, headers=headers, timeout=20)
        given.validate_response(answer, checks=CHECKS)

    ask()
    return number


def _ask_all(asked: AskedServer, role: str, mode: GenerationMode) -> int:
    """All operations, by this role; what is wrong with each is told together."""
    schema = schemathesis.openapi.from_dict(asked.document)
    number = 0
    wrong = []
    with requests.Session() as session:
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path == ENDS_THE_SERVER and role == "owner":
                continue  # the one who may; the fixture ends it
            bearer = asked.bearers[role]
            if operation.path in ENDS_THE_ASKER and role not in ("none", "owner"):
                bearer = asked.come_in(role)
            try:
                number += _ask(asked, operation, bearer, mode, session)
            except FailureGroup as failures:
                wrong += [f"{operation.label}: {one}" for one in failures.exceptions]
            except Unsatisfiable:
                continue  # nothing can be wrong about what takes nothing
    assert not wrong, "\n\n".join(wrong)
    return number


@pytest.mark.parametrize("role", ROLES)
def test_every_operation_answers_as_described(asked: AskedServer, role: str) -> None:
    number = _ask_all(asked, role, GenerationMode.POSITIVE)
    assert number > 2 * len(asked.operations), "hardly anything was asked"
    assert "Traceback" not in asked.log()


@pytest.mark.parametrize("role", ["viewer", "owner"])
def test_every_operation_refuses_as_described(asked: AskedServer, role: str) -> None:
    assert _ask_all(asked, role, GenerationMode.NEGATIVE) > len(asked.operations)
    assert "Traceback" not in asked.log()
