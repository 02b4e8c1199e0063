"""The WebSocket against messages made from its own typed schema, and against garbage: always an answer in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from studio.server.messages import CLIENT_MESSAGE, CloseCode
from tests.fixtures.asked_server import AskedServer

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]
ALWAYS_THE_SAME = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SCHEMA = CLIENT_MESSAGE.json_schema()
Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def values_of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What fits this schema (the parts of JSON Schema that the messages use)."""
    if "$ref" in schema:
        return values_of(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of(*(values_of(one) for one in choices))
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            needed = set(schema.get("required", ()))
            return st.fixed_dictionaries(
                {name: values_of(one) for name, one in properties.items() if name in needed},
                optional={name: values_of(one) for name, one in properties.items() if name not in needed},
            )
        case "array":
            most = min(schema.get("maxItems", 4), 4)
            return st.lists(values_of(schema["items"]), min_size=schema.get("minItems", 0), max_size=most)
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "string" if "pattern" in schema:
            return st.from_regex(schema["pattern"], fullmatch=True)
        case "string":
            return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 80), 80))
    raise AssertionError(f"a part of the schema that this test does not know: {schema}")


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A message that fits, but for one place."""
    message = draw(values_of(SCHEMA))
    where = draw(st.sampled_from(["type", "id", "data", "more", "inside", "cut"]))
    text = json.dumps(message)
    if where == "cut":
        return text[: draw(st.integers(0, max(0, len(text) - 1)))]
    if where == "inside" and message.get("data"):
        place = draw(st.sampled_from(sorted(message["data"])))
        message["data"] = {**message["data"], place: draw(Json)}
    elif where == "inside":
        message["data"] = draw(Json)
    else:
        message[where] = draw(Json)
    return json.dumps(message)


GARBAGE: st.SearchStrategy[str | bytes] = st.one_of(
    st.text(max_size=200), Json.map(json.dumps), st.binary(min_size=1, max_size=50), st.just("[" * 5000)
)


class Talker:
    """One person's line, opened anew where the server closed it."""

    def __init__(self, asked: AskedServer, bearer: str) -> None:
        self._url = asked.server.base.replace("http", "ws") + "/api/v1/sessions/studio/events"
        self._headers = {"Authorization": f"Bearer {bearer}"}
        self._line: ClientConnection | None = None
        self._open_lines = ExitStack()
        self._asked = 0
        self.answers: list[str] = []
        self.closed: list[int] = []

    def _open(self) -> ClientConnection:
        # a line takes 60 messages at once, a ping beside each here; more than that is a flood
        if self._line is None or self._asked >= 25:
            self.close()
            opening = connect(self._url, additional_headers=self._headers, compression=None, proxy=None)
            self._line = self._open_lines.enter_context(opening)
            self._until("welcome", "welcome")
            self._asked = 0
        return self._line

    def say(self, message: str | bytes) -> str:
        """What it is answered with: the type of the answer, or `closed`."""
        line = self._open()
        self._asked += 1
        mark = f"ping-after-{self._asked:06d}"
        try:
            line.send(message)
            line.send(json.dumps({"type": "ping", "id": mark}))
            found = self._until("pong", mark)
        except ConnectionClosed as closed:
            self.closed.append(closed.rcvd.code if closed.rcvd else 0)
            self.close()
            return "closed"
        self.answers += found
        return found[-1] if found else ""

    def _until(self, kind: str, id: str) -> list[str]:
        """The answers to this line before the one that is waited for."""
        assert self._line is not None
        found = []
        while True:
            told = json.loads(self._line.recv(timeout=20))
            if (told["type"], told["id"]) == (kind, id):
                return found
            if told["seq"] == 0 and told["type"] != "typing":
                found.append(told["type"])
            if told["type"] == "error":
                words = told["data"]
                assert words["code"] != "internal" and words["message"].endswith((".", "!", "?")), told

    def close(self) -> None:
        self._open_lines.close()
        self._line = None


@pytest.fixture(params=["viewer", "admin"])
def talker(request: pytest.FixtureRequest, asked: AskedServer) -> Iterator[Talker]:
    made = Talker(asked, asked.come_in(request.param))
    yield made
    made.close()
    assert set(made.closed) <= {code.value for code in CloseCode} | {1007}, made.closed
    assert "Traceback" not in asked.log()


def test_a_message_that_fits_is_acknowledged_or_refused_in_words(talker: Talker) -> None:
    @ALWAYS_THE_SAME
    @given(message=values_of(SCHEMA))
    def say(message: dict[str, Any]) -> None:
        assert talker.say(json.dumps(message)) in ("ack", "error", "pong"), message

    say()
    assert {"ack", "error"} <= set(talker.answers)
    assert not talker.closed


def test_a_message_that_does_not_fit_changes_nothing(talker: Talker, asked: AskedServer) -> None:
    talker.say(json.dumps({"type": "ping", "id": "the-first-ping"}))
    before = asked.kept()

    @ALWAYS_THE_SAME
    @given(message=st.one_of(broken(), GARBAGE))
    def say(message: str | bytes) -> None:
        answer = talker.say(message)
        if isinstance(message, bytes):
            assert answer == "closed" and talker.closed[-1] == CloseCode.BAD_MESSAGE
        elif not _fits(message):
            assert answer == "error", message

    say()
    assert {"error"} <= set(talker.answers)
    after = asked.kept()
    for table in before.keys() - {"person", "event"}:
        assert after[table] == before[table] or _some_fitted(talker), table


def _fits(message: str) -> bool:
    try:
        CLIENT_MESSAGE.validate_json(message)
    except ValueError:
        return False
    return True


def _some_fitted(talker: Talker) -> bool:
    """A place that was changed may fit by chance, and is taken then."""
    return "ack" in talker.answers
