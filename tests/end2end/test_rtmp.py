"""RTMP and RTMPS to Debian's nginx: what it says when it refuses, whom it trusts, and its return after an outage."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.destination.contract import (
    DestinationState,
    DestinationStatistics,
    DestinationToEngine,
    OpenDestination,
    StateChanged,
)
from studio.destination.hang_up import TAKEN_FOR_REFUSAL
from studio.media import ErrorKind
from tests.contract.ingests import read_show
from tests.fakes.child import DrivenChild
from tests.fakes.feeder import Feeder
from tests.fakes.program import make_program
from tests.fixtures.authority import Authority, Certificate
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.rtmps import TlsProxy

type Publish = Callable[..., DrivenChild]
type StartProxy = Callable[[NginxRtmp, Certificate], TlsProxy]


@pytest.fixture
def publish(tmp_path: Path) -> Iterator[Publish]:
    """Starts an RTMP child that publishes the test program; the feeder sends in real time."""
    children: list[DrivenChild] = []
    feeders: list[Feeder] = []

    def start(
        url: str,
        *,
        secret: str = "",
        ca_file: str | Path = "",
        duration_s: float = 3.0,
        kbps: int = 300,
        speed: float = 1.0,
    ) -> DrivenChild:
        program = make_program(duration_s, gop=15, bitrate_kbps=kbps)
        child = DrivenChild("rtmp", DestinationToEngine, tmp_path / f"rtmp-{len(children)}.log")
        children.append(child)
        child.send(OpenDestination(url, "MASKED", program.video, program.audio, secret, ca_file=str(ca_file)))
        feeders.append(Feeder(child, program, speed))
        return child

    yield start
    for feeder in feeders:
        feeder.stop()
    for child in children:
        child.close()


def problem(child: DrivenChild, limit_s: float = 15.0) -> StateChanged:
    """The first thing that went wrong."""
    return child.wait_for(StateChanged, lambda said: bool(said.kind), limit_s)


def live(child: DrivenChild) -> StateChanged:
    return child.wait_for(StateChanged, lambda said: said.state is DestinationState.LIVE)


def test_the_right_certificate_passes(
    nginx_rtmp: NginxRtmp, authority: Authority, start_rtmps: StartProxy, publish: Publish
) -> None:
    proxy = start_rtmps(nginx_rtmp, authority.issue("127.0.0.1", "localhost"))
    for host in ("127.0.0.1", "localhost"):
        child = publish(proxy.url(f"via-{host}", host), ca_file=authority.certificate)
        live(child)
        assert child.end() == 0
        nginx_rtmp.wait_for_recording(f"via-{host}")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [("authority", "authority is unknown"), ("name", "another host"), ("date", "expired"), ("untold", "unknown")],
)
def test_a_wrong_certificate_is_told_and_nothing_is_sent(
    nginx_rtmp: NginxRtmp,
    make_authority: Callable[[], Authority],
    start_rtmps: StartProxy,
    publish: Publish,
    wrong: str,
    words: str,
) -> None:
    trusted, other = make_authority(), make_authority()
    issuer = other if wrong == "authority" else trusted
    name = "elsewhere.example" if wrong == "name" else "127.0.0.1"
    proxy = start_rtmps(nginx_rtmp, issuer.issue(name, valid_days=-1 if wrong == "date" else 30))
    child = publish(proxy.url(), ca_file="" if wrong == "untold" else trusted.certificate)
    said = problem(child)
    assert (said.kind, said.state, said.permanent) == (ErrorKind.TLS, DestinationState.FAILED, True)
    assert words in said.words and said.remedy
    assert nginx_rtmp.recordings() == []


def test_a_file_of_authorities_that_is_none_is_told(tmp_path: Path, publish: Publish) -> None:
    (tmp_path / "no.pem").write_text("nothing")
    said = problem(publish("rtmps://127.0.0.1:1/live/show", ca_file=tmp_path / "no.pem"))
    assert said.kind == ErrorKind.NOT_FOUND and "no.pem" in said.words


@pytest.mark.slow
def test_tls_to_a_server_that_speaks_none_is_told(nginx_rtmp: NginxRtmp, publish: Publish) -> None:
    said = problem(publish(nginx_rtmp.url().replace("rtmp://", "rtmps://")))
    assert said.kind == ErrorKind.TLS and "TLS" in said.words and "rtmp://" in said.remedy


def test_a_key_that_is_kept_apart_is_used(nginx_rtmp: NginxRtmp, publish: Publish) -> None:
    child = publish(f"rtmp://127.0.0.1:{nginx_rtmp.port}/live", secret="apart")
    live(child)
    child.end()
    nginx_rtmp.wait_for_recording("apart")


def test_a_server_that_refuses_to_publish_is_told(nginx_rtmp: NginxRtmp, publish: Publish) -> None:
    child = publish(nginx_rtmp.url("show", application="closed"))
    said = problem(child)
    assert said.kind == ErrorKind.REFUSED and "key" in said.remedy
    said = child.wait_for(StateChanged, lambda later: "as soon as we publish" in later.words, limit_s=30.0)
    assert (said.state, said.kind, said.permanent) == (DestinationState.RECONNECTING, ErrorKind.REFUSED, False)
    assert "refuses this stream key or this address" in said.words and "key" in said.remedy
    failures = [state.words for state in child.all_of(StateChanged) if state.kind]
    assert failures.index(said.words) >= TAKEN_FOR_REFUSAL - 1, "told before it could be known"
    assert DestinationState.LIVE not in [state.state for state in child.all_of(StateChanged)]


def test_an_application_that_is_not_there_is_told(nginx_rtmp: NginxRtmp, publish: Publish) -> None:
    said = problem(publish(nginx_rtmp.url("show", application="nothere")))
    assert said.kind == ErrorKind.REFUSED and "application or key" in said.remedy


def test_a_key_in_use_is_told_and_final(nginx_rtmp: NginxRtmp, publish: Publish) -> None:
    live(publish(nginx_rtmp.url()))
    said = problem(publish(nginx_rtmp.url()))
    assert said.state is DestinationState.FAILED and "in use" in said.words


def test_after_a_loss_a_key_in_use_is_our_own_and_tried_on(nginx_rtmp: NginxRtmp, publish: Publish) -> None:
    child = publish(nginx_rtmp.url(), duration_s=8.0)
    live(child)
    nginx_rtmp.kill()
    problem(child)
    nginx_rtmp.start()
    other = publish(nginx_rtmp.url())
    child.wait_for(StateChanged, lambda said: "in use" in said.words or said.state is DestinationState.LIVE)
    other.end()
    until_live = [said for said in child.all_of(StateChanged) if said.state is DestinationState.FAILED]
    assert until_live == []


@pytest.mark.slow
def test_a_server_that_freezes_is_given_up_and_found_again(nginx_rtmp: NginxRtmp, publish: Publish) -> None:
    child = publish(nginx_rtmp.url(), duration_s=60.0, kbps=3000, speed=3.0)
    live(child)
    nginx_rtmp.program.freeze()
    said = problem(child, limit_s=30.0)
    while "nothing" not in said.words:  # first it is slow, then it is gone
        said = child.wait_for(StateChanged, lambda later: "nothing" in later.words, limit_s=30.0)
    assert (said.kind, said.state) == (ErrorKind.TIMEOUT, DestinationState.RECONNECTING)
    before = len(child.all_of(StateChanged))
    nginx_rtmp.program.thaw()
    child.wait_for(
        StateChanged,
        lambda later: later.state is DestinationState.LIVE and later in child.all_of(StateChanged)[before:],
    )
    assert child.all_of(DestinationStatistics)[-1].dropped > 0


def test_another_service_on_the_port_is_told(publish: Publish) -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.recv(64)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    threading.Thread(target=answer, daemon=True).start()
    said = problem(publish(f"rtmp://127.0.0.1:{server.getsockname()[1]}/live/show"))
    assert said.kind == ErrorKind.REFUSED and said.remedy
    server.close()


@pytest.mark.slow
@pytest.mark.parametrize("outage_s", [5, 20])
def test_after_an_outage_it_is_back_within_two_seconds(
    nginx_rtmp: NginxRtmp, publish: Publish, outage_s: float
) -> None:
    child = publish(nginx_rtmp.url(), duration_s=outage_s + 8.0)
    live(child)
    nginx_rtmp.kill()
    end_s = time.monotonic() + outage_s
    problem(child)
    while time.monotonic() < end_s:
        time.sleep(0.05)
    before = len(child.all_of(StateChanged))
    nginx_rtmp.start()
    begin_s = time.monotonic()
    nginx_rtmp.wait_for_recording("show", at_least_bytes=1)
    child.wait_for(
        StateChanged,
        lambda said: said.state is DestinationState.LIVE and said in child.all_of(StateChanged)[before:],
    )
    assert time.monotonic() - begin_s < 2.0 + 1.0  # 1.8 s is the longest pause; 1 s for a busy machine
    child.end()
    nginx_rtmp.stop()
    assert read_show(nginx_rtmp.recordings("show")[-1]).is_whole()
