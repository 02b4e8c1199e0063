"""An RTMP server dies mid-show and comes back; another one, Janus over WHIP and the recording lose no picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.control.api import EventType
from tests.fixtures.janus import WhipServer
from tests.fixtures.live_show import CARD, SMALL, LiveShow, StartShow, events_so_far
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.received import Received, assert_few_lost, receive
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(150)]
BACK_WITHIN_MS = 2000


def state_of(show: LiveShow, number: int) -> str:
    return show.status().destinations[number].state


def assert_whole(got: Received, lagged: int, skipped: int) -> None:
    """Every picture once, in order, but for the few that the show itself admits to have lost."""
    assert got.missing() <= skipped
    assert got.stale() <= lagged
    assert got.backward() == []


@pytest.mark.parametrize("outage_s", [5, 20])
def test_a_server_killed_and_back_disturbs_no_one_else(
    start_show: StartShow,
    start_nginx_rtmp: Callable[[], NginxRtmp],
    whip_server: WhipServer,
    tmp_path: Path,
    outage_s: int,
) -> None:
    failing, other = start_nginx_rtmp(), start_nginx_rtmp()
    recording = tmp_path / "show.mp4"
    whip = f"whip+{whip_server.make_endpoint()}"
    show = start_show(
        *CARD, *SMALL, "--to", failing.url(), "--to", other.url(), "--to", whip, "--record", recording
    )  # fmt: skip
    show.wait_live(3)
    until(lambda: show.status().recording.frames > 90, 20, "three seconds are recorded")
    failing.kill()
    until(lambda: state_of(show, 0) == "reconnecting", 5, "the loss is noticed")
    time.sleep(outage_s)
    failing.start()
    back_ms = time.monotonic_ns() // 1_000_000
    until(lambda: state_of(show, 0) == "live", 10, "it is live again")
    frames = show.status().recording.frames
    until(lambda: show.status().recording.frames > frames + 90, 20, "three seconds more are recorded")
    events = show.ask(events_so_far)
    show.interrupt()
    told = show.result(status=130)
    for server in (failing, other):
        server.stop()

    lagged, skipped = told["lagged"], told["skipped"]
    assert [item["state"] for item in told["destinations"]] == ["ended"] * 3
    assert [item["reconnects"] for item in told["destinations"]] == [1, 0, 0]
    assert [item["dropped"] for item in told["destinations"][1:]] == [0, 0]

    whole = receive(other.recordings()[0])
    assert len(other.recordings()) == 1
    assert_few_lost(lagged, skipped, len(whole.pictures))
    assert_whole(whole, lagged, skipped)
    assert_whole(receive(recording), lagged, skipped)
    assert_whole(receive(whip_server.decodable()), lagged, skipped)

    asked = [event for event in events if event.type is EventType.KEYFRAME_REQUESTED]
    assert len(whole.keyframes_off_grid()) == len(asked)
    if not skipped:
        assert whole.grid_without_keyframe() == []

    before, after = [receive(path) for path in failing.recordings()]
    assert after.pictures[0].keyframe
    assert after.pictures[0].clock_ms - back_ms <= BACK_WITHIN_MS
    assert_whole(before, lagged, skipped)
    assert_whole(after, lagged, skipped)
    assert len(after.keyframes_off_grid(whole.first_number())) <= len(asked)
    assert after.worst_bars_error() <= 3
    found = after.sound_minus_picture_ms()
    assert found
    assert max(map(abs, found)) <= 20
    assert abs(sum(found) / len(found)) <= 10


def test_a_frozen_server_holds_up_no_one_else(
    start_show: StartShow, start_nginx_rtmp: Callable[[], NginxRtmp], tmp_path: Path
) -> None:
    """Its socket takes nothing more: it loses pictures of its own, at worst its connection, and gets well again."""
    frozen, *others = [start_nginx_rtmp() for _ in range(4)]
    recording = tmp_path / "show.mp4"
    to = [word for server in (frozen, *others) for word in ("--to", server.url())]
    show = start_show(*CARD, "--size", "320x180", "--video-bitrate", "8M", *to, "--record", recording)
    show.wait_live(4)
    frozen.program.freeze()

    def suffers() -> bool:
        destination = show.status().destinations[0]
        return destination.dropped > 0 or destination.state == "reconnecting"

    until(suffers, 40, "the frozen server's destination loses pictures", every_s=0.2)
    assert [item.dropped for item in show.status().destinations[1:]] == [0, 0, 0]
    frozen.program.thaw()
    frames = show.status().destinations[0].frames
    until(lambda: show.status().destinations[0].frames > frames + 60, 20, "it takes pictures again", every_s=0.2)
    show.interrupt()
    told = show.result(status=130)
    for server in others:
        server.stop()
    assert [(item["dropped"], item["reconnects"]) for item in told["destinations"][1:]] == [(0, 0)] * 3
    assert_few_lost(told["lagged"], told["skipped"], told["destinations"][1]["frames"])
    for path in [recording, *(server.recordings()[0] for server in others)]:
        assert_whole(receive(path), told["lagged"], told["skipped"])
