"""What libraries say about a connection becomes a sentence, by recorded answers."""

from __future__ import annotations

import errno

import av
import pytest

from studio.destination.addresses import Probe
from studio.destination.rtmp_words import connect_error, write_error
from studio.destination.srt_socket import rejection
from studio.media import ErrorKind

EXIT = av.error.ExitError(1414092869, "Immediate exit requested")
BROKEN = av.error.BrokenPipeError(errno.EPIPE, "Broken pipe")
INPUT_OUTPUT = av.error.OSError(errno.EIO, "Input/output error")
NOT_PERMITTED = av.error.PermissionError(errno.EPERM, "Operation not permitted")
CONNECTION_REFUSED = av.error.ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
NO_ROUTE = av.error.OSError(errno.EHOSTUNREACH, "No route to host")
OPEN, CLOSED = Probe(True), Probe(False)


@pytest.mark.parametrize(
    ("cause", "log", "probe", "tls", "kind", "words", "permanent"),
    [
        (CONNECTION_REFUSED, [], CLOSED, False, ErrorKind.UNREACHABLE, "Nothing listens on h:1", False),
        (NO_ROUTE, [], CLOSED, False, ErrorKind.UNREACHABLE, "no way to h", False),
        (
            EXIT,
            ["Cannot read RTMP handshake response\n"],
            OPEN,
            False,
            ErrorKind.TIMEOUT,
            "not answer as an RTMP",
            False,
        ),
        (EXIT, [], CLOSED, False, ErrorKind.UNREACHABLE, "does not answer", False),
        (INPUT_OUTPUT, [], OPEN, False, ErrorKind.REFUSED, "hung up", False),
        (NOT_PERMITTED, ["Server error: Already publishing\n"], OPEN, False, ErrorKind.REFUSED, "in use", True),
        (NOT_PERMITTED, ["Server error: Stream name is bad\n"], OPEN, False, ErrorKind.REFUSED, "name is bad", True),
        (INPUT_OUTPUT, [], Probe(True, False), True, ErrorKind.TLS, "does not answer in TLS", False),
        (INPUT_OUTPUT, [], Probe(True, True, "it has expired"), True, ErrorKind.TLS, "it has expired", True),
        (EXIT, [], Probe(True, True), True, ErrorKind.TIMEOUT, "not answer as an RTMP", False),
    ],
)
def test_why_an_rtmp_connection_did_not_come_about(
    cause: av.FFmpegError, log: list[str], probe: Probe, tls: bool, kind: ErrorKind, words: str, permanent: bool
) -> None:
    error = connect_error(cause, log, "h", 1, probe, tls=tls)
    assert (error.kind, error.permanent) == (kind, permanent)
    assert words in error.message and error.message.endswith(".") and error.remedy


@pytest.mark.parametrize(
    ("cause", "log", "kind"),
    [
        (BROKEN, [], ErrorKind.LOST),
        (EXIT, [], ErrorKind.TIMEOUT),
        (INPUT_OUTPUT, ["Server error: Stream not found\n"], ErrorKind.REFUSED),
    ],
)
def test_why_an_rtmp_connection_was_lost(cause: av.FFmpegError, log: list[str], kind: ErrorKind) -> None:
    assert write_error(cause, log, "h", 5.0).kind is kind


def test_a_server_that_repeats_the_key_is_not_quoted() -> None:
    error = connect_error(NOT_PERMITTED, ["Server error: no such stream live/secret\n"], "h", 1, OPEN, tls=False)
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    ("reason", "kind", "words", "permanent"),
    [
        (10, ErrorKind.DENIED, "passphrase is wrong", True),
        (11, ErrorKind.DENIED, "expects a passphrase", True),
        (1403, ErrorKind.REFUSED, "forbidden", True),
        (1409, ErrorKind.REFUSED, "in use", True),
        (1402, ErrorKind.REFUSED, "overloaded", False),
        (1503, ErrorKind.REFUSED, "out of service", False),
        (1777, ErrorKind.REFUSED, "1777", True),
        (8, ErrorKind.REFUSED, "refuses the stream", True),
    ],
)
def test_why_an_srt_listener_refuses(reason: int, kind: ErrorKind, words: str, permanent: bool) -> None:
    error = rejection(reason, "h:1", encrypted=False)
    assert (error.kind, error.permanent) == (kind, permanent)
    assert words in error.message
