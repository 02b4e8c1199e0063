"""An SRT host with several addresses: all are tried in order, within the limits."""

from __future__ import annotations

from typing import Any

import pytest

from studio.destination.srt_call import CALL_LIMIT_S, LAST_LIMIT_S, call, in_order, limits_s
from studio.destination.srt_socket import SrtOptions
from studio.media import ErrorKind, StoaError

SILENT = StoaError(ErrorKind.UNREACHABLE, "Silence.", remedy="Check the address.")
WRONG_PASSPHRASE = StoaError(ErrorKind.DENIED, "No.", permanent=True)


class Line:
    """Sockets whose answers the test wrote; keeps who was called, for how long at most, and what was closed."""

    def __init__(self, **answers: StoaError | None) -> None:
        self.answers = {name.replace("_", ":"): answer for name, answer in answers.items()}
        self.called: list[tuple[str, float]] = []
        self.closed = 0

    def make(self, options: SrtOptions) -> Any:
        line = self

        class Socket:
            def connect(self, address: str, port: int) -> None:
                line.called.append((address, options.connect_limit_s))
                answer = line.answers[address]
                if answer is not None:
                    raise answer

            def close(self) -> None:
                line.closed += 1

        return Socket()

    def call(self, *addresses: str) -> str:
        return call("host", 9000, addresses, SrtOptions(stream_id="show"), self.make).address


def test_the_next_address_is_called_where_one_is_silent() -> None:
    line = Line(**{"__1": SILENT, "v4": None, "other": None})
    assert line.call("::1", "v4", "other") == "v4"
    assert [address for address, _ in line.called] == ["::1", "v4"] and line.closed == 1


def test_a_refusal_is_an_answer() -> None:
    line = Line(a=WRONG_PASSPHRASE, b=None)
    with pytest.raises(StoaError) as refused:
        line.call("a", "b")
    assert refused.value is WRONG_PASSPHRASE and len(line.called) == line.closed == 1


def test_where_none_answers_all_are_named() -> None:
    line = Line(a=SILENT, b=SILENT)
    with pytest.raises(StoaError) as silent:
        line.call("a", "b")
    assert silent.value.kind is ErrorKind.UNREACHABLE and not silent.value.permanent
    assert "host:9000" in silent.value.message and "a, b" in silent.value.message and silent.value.remedy
    assert line.closed == 2


def test_an_only_address_has_the_whole_time_and_its_own_words() -> None:
    line = Line(a=SILENT)
    with pytest.raises(StoaError) as silent:
        line.call("a")
    assert silent.value is SILENT and line.called == [("a", LAST_LIMIT_S)]


@pytest.mark.parametrize("count", range(1, 20))
def test_however_many_there_are_the_limit_holds(count: int) -> None:
    assert len(limits_s(count)) == count and sum(limits_s(count)) <= CALL_LIMIT_S + 1e-9
    assert limits_s(count)[-1] == LAST_LIMIT_S and min(limits_s(count)) > 0


def test_what_answered_before_comes_first() -> None:
    assert in_order(["::1", "::1", "127.0.0.1"], "") == ["::1", "127.0.0.1"]
    assert in_order(["::1", "127.0.0.1"], "127.0.0.1") == ["127.0.0.1", "::1"]
    assert in_order(["::1"], "127.0.0.1") == ["::1"]
