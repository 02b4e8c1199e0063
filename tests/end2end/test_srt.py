"""SRT to listeners that no one here wrote, with and without a passphrase, and through loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.destination import srt, srt_call, srt_library
from studio.destination.contract import (
    DestinationState,
    DestinationStatistics,
    DestinationToEngine,
    KeyframeWanted,
    OpenDestination,
    StateChanged,
)
from studio.destination.srt_call import Answered
from studio.destination.srt_socket import SrtOptions
from studio.media import ErrorKind, StoaError
from tests.contract.ingests import read_show
from tests.fakes.child import DrivenChild
from tests.fakes.feeder import Feeder
from tests.fakes.program import make_program
from tests.fixtures.srt_listener import SrtListener, SrtPeer

PASSPHRASE = "correct-horse-battery"
type StartListener = Callable[..., SrtListener]
type Call = Callable[..., DrivenChild]


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Call]:
    """Starts an SRT child that sends the test program in real time; ends it when everything is sent."""
    children: list[DrivenChild] = []

    def start(url: str, *, secret: str = "") -> DrivenChild:
        program = make_program(3.0, gop=15)
        child = DrivenChild("srt", DestinationToEngine, tmp_path / f"srt-{len(children)}.log")
        children.append(child)
        child.send(OpenDestination(url, "MASKED", program.video, program.audio, secret))
        child.wait_for(StateChanged, lambda said: said.state is DestinationState.CONNECTING)
        return child

    yield start
    for child in children:
        child.close()


@pytest.mark.parametrize("peer", list(SrtPeer))
@pytest.mark.parametrize("kept_apart", [True, False])
def test_with_the_passphrase_everything_arrives(
    start_srt_listener: StartListener, call: Call, peer: SrtPeer, kept_apart: bool
) -> None:
    listener = start_srt_listener(peer, passphrase=PASSPHRASE)
    url = listener.url("show") if kept_apart else listener.url("show", PASSPHRASE)
    child = call(url, secret=PASSPHRASE if kept_apart else "")
    child.wait_for(KeyframeWanted)
    Feeder(child, make_program(3.0, gop=15)).join()
    assert child.end() == 0
    listener.program.process.wait(10) if peer is SrtPeer.FFMPEG else listener.program.stop()
    show = read_show(listener.received)
    assert len(show.numbers) == 90 and show.is_whole()
    assert PASSPHRASE not in child.log()


@pytest.mark.parametrize(
    ("theirs", "ours", "words"),
    [
        (PASSPHRASE, "a-wrong-passphrase", "passphrase is wrong"),
        (PASSPHRASE, "", "expects a passphrase"),
        ("", PASSPHRASE, "expects no passphrase"),
    ],
)
def test_a_passphrase_that_does_not_fit_is_told_as_such(
    start_srt_listener: StartListener, call: Call, theirs: str, ours: str, words: str
) -> None:
    listener = start_srt_listener(passphrase=theirs)
    child = call(listener.url(), secret=ours)
    said = child.wait_for(StateChanged, lambda state: bool(state.kind))
    assert (said.kind, said.state, said.permanent) == (ErrorKind.DENIED, DestinationState.FAILED, True)
    assert words in said.words and said.remedy
    assert listener.received.stat().st_size == 0


def test_a_listener_at_the_second_address_is_found_and_called_first_the_next_time(
    start_srt_listener: StartListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = start_srt_listener()
    monkeypatch.setattr(srt, "resolve", lambda host, port: ["::1", "127.0.0.1"])
    called: list[list[str]] = []

    def call(host: str, port: int, addresses: list[str], options: SrtOptions) -> Answered:
        called.append(addresses)
        return srt_call.call(host, port, addresses, options)

    monkeypatch.setattr(srt, "call", call)
    program = make_program(0.2)
    caller = srt.SrtCaller()
    opening = OpenDestination(f"srt://localhost:{listener.port}", "MASKED", program.video, program.audio)
    for _ in range(2):
        connection = caller.make_connection(opening, lambda reason: None)
        connection.connect()
        connection.close()
    assert called == [["::1", "127.0.0.1"], ["127.0.0.1", "::1"]]


def test_the_network_is_measured(start_srt_listener: StartListener, call: Call) -> None:
    child = call(start_srt_listener().url())
    Feeder(child, make_program(3.0, gop=15)).join()
    measured = child.wait_for(DestinationStatistics, lambda said: 0 < said.rtt_ms < 100)
    assert measured.bitrate_kbps > 0 and measured.loss == 0


def test_without_the_library_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srt_library, "_candidates", lambda: ["libnothing.so.9"])
    srt_library.load_srt.cache_clear()
    with pytest.raises(StoaError) as caught:
        srt_library.load_srt()
    srt_library.load_srt.cache_clear()
    assert caught.value.kind is ErrorKind.NOT_SUPPORTED and "Install" in caught.value.remedy


def test_the_library_tells_its_version() -> None:
    assert srt_library.srt_version().startswith("1.")
