"""kill -9 of a source, a destination and the recorder on air: what each receiver got, counted in frames."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fixtures.live_show import CARD, SMALL, LiveShow, StartShow
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.ports import FreePorts
from tests.fixtures.programs import Programs
from tests.fixtures.received import Received, assert_few_lost, receive
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.alone, pytest.mark.timeout(150)]


@dataclass
class Outcome:
    """What was told, and what came: at the server whose destination was killed, at the other, in the files."""

    told: dict[str, Any]
    failing: list[Received]
    other: Received
    files: list[Received]
    killed_ms: dict[str, int]
    left_over: list[str]


def recorded(show: LiveShow, more: int) -> None:
    """Wait until so many pictures more are in the present file."""
    frames = show.status().recording.frames
    until(lambda: not frames <= show.status().recording.frames < frames + more, 20, f"{more} pictures are recorded")


@pytest.fixture(scope="module")
def outcome(
    module_show: StartShow, module_programs: Programs, module_ports: FreePorts, tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    folder = tmp_path_factory.mktemp("got")
    servers = [NginxRtmp(module_programs, folder / name, module_ports.take()) for name in ("failing", "other")]
    for server in servers:
        server.start()
    failing, other = servers
    show = module_show(
        *CARD, *SMALL, "--to", failing.url(), "--to", other.url(), "--record", folder / "show.mp4"
    )  # fmt: skip
    show.wait_live(2)
    killed_ms = {}
    recorded(show, 60)
    for kind in ("rtmp", "recorder", "testcard"):
        victim = show.children(kind)[0] if kind == "rtmp" else show.child(kind)
        if kind == "rtmp":
            victim = next(
                process for process in show.children(kind) if process.pid == show.status().destinations[0].pid
            )
        victim.kill()
        killed_ms[kind] = time.monotonic_ns() // 1_000_000
        comes_back(show, kind, victim.pid)
        recorded(show, 60)
    show.interrupt()
    told = show.result(status=130)
    left_over = show.left_over()
    for server in servers:
        server.stop()
    files = sorted(folder.glob("show*.mp4"), key=lambda path: path.stat().st_mtime_ns)
    return Outcome(
        told,
        [receive(path) for path in failing.recordings()],
        receive(other.recordings()[0]),
        [receive(path) for path in files],
        killed_ms,
        left_over,
    )


def comes_back(show: LiveShow, kind: str, pid: int) -> None:
    """Until the killed child's successor does its work."""

    def back() -> bool:
        status = show.status()
        if kind == "rtmp":
            return status.destinations[0].state == "live" and status.destinations[0].pid not in (0, pid)
        if kind == "recorder":
            return status.recording.frames > 0 and status.recording.pid not in (0, pid)
        return status.sources[0].state == "live" and status.sources[0].pid not in (0, pid)

    until(back, 20, f"{kind} is back; the show said {show.said()[-1000:]}", every_s=0.1)


def unseen(got: Received) -> int:
    """Pictures that show a slate, or an older picture than is due."""
    first = got.first_number()
    return sum(
        picture.number is None or picture.number != first + place
        for picture, place in zip(got.pictures, got.places(), strict=True)
    )


def test_a_killed_source_costs_the_program_no_frame_and_comes_back(outcome: Outcome) -> None:
    got, told = outcome.other, outcome.told
    assert_few_lost(told["lagged"], told["skipped"], len(got.pictures))
    assert got.missing() <= told["skipped"]
    assert 0 < unseen(got) <= 5 * 30 + told["lagged"]
    assert got.pictures[-1].number is not None
    assert got.sound_gaps == 0


def test_a_killed_destination_comes_back_and_no_one_else_notices(outcome: Outcome) -> None:
    before, after = outcome.failing
    destinations = outcome.told["destinations"]
    assert [item["state"] for item in destinations] == ["ended", "ended"]
    assert [item["reconnects"] for item in destinations] == [1, 0]
    assert destinations[1]["dropped"] == 0
    assert destinations[1]["frames"] == len(outcome.other.pictures)
    assert after.pictures[0].keyframe
    assert after.pictures[0].clock_ms - outcome.killed_ms["rtmp"] <= 3000
    assert before.missing() + after.missing() <= outcome.told["skipped"]


def test_a_killed_recorder_leaves_a_file_that_plays_and_a_new_one_goes_on(outcome: Outcome) -> None:
    first, second = outcome.files
    lost_ms = outcome.killed_ms["recorder"] - first.pictures[-1].clock_ms
    assert lost_ms <= 1000
    assert second.pictures[0].keyframe
    assert second.pictures[0].clock_ms - outcome.killed_ms["recorder"] <= 2000
    assert first.missing() + second.missing() <= outcome.told["skipped"]
    found = second.sound_minus_picture_ms()
    assert len(found) >= 2 and second.sound_gaps == 0
    assert max(map(abs, found)) <= 20
    assert abs(sum(found) / len(found)) <= 10


def test_nothing_is_left(outcome: Outcome) -> None:
    assert outcome.left_over == []
