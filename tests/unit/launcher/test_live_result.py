"""The JSON object of `stoa live` over several lives of its engine."""

from __future__ import annotations

import io
import json
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import msgspec
import pytest

from studio.engine.contract import DestinationReport, RecordingReport, ShowReport
from studio.launcher import live
from studio.launcher.arguments import parse_live
from studio.launcher.live import LiveShow, concluded, merge, result_of
from studio.process import ChildPlan


def report(*recordings: RecordingReport) -> ShowReport:
    return ShowReport([], list(recordings), "libx264", 0, [], 0, 500.0, 2.0, 30.0)


def test_every_file_of_the_recording_is_told_with_what_was_known_last() -> None:
    earlier = merge(None, report(RecordingReport("/a/b.mp4", 70, 9000)))
    whole = merge(earlier, report(RecordingReport("/a/b-2.mp4", 30, 4000)))
    assert whole is not None
    result = result_of(whole)
    first = {"path": "/a/b.mp4", "frames": 70, "bytes": 9000}
    assert result["recording"] == first
    assert result["recordings"] == [first, {"path": "/a/b-2.mp4", "frames": 30, "bytes": 4000}]


def test_a_show_without_a_file_has_none() -> None:
    for result in (result_of(concluded(None, [])), result_of(report())):
        assert result["recording"] is None and result["recordings"] == []


def destination(state: str) -> DestinationReport:
    return DestinationReport("d1", "rtmp://a.example/app/•••", "rtmp", state, 5, 600, 0, 0, f"It is {state}.")


def states(report: ShowReport) -> list[tuple[object, object]]:
    destinations = result_of(report)["destinations"]
    assert isinstance(destinations, list)
    return [(item["state"], item["words"]) for item in destinations]


def test_a_show_that_an_interrupt_ends_before_its_engine_spoke_tells_of_every_destination() -> None:
    urls = ["rtmp://a.example/app/s3cret", "whip+http://b.example/whip"]
    told = concluded(None, urls)
    assert states(told) == [("failed", "The show was over before it began, so nothing was sent.")] * 2
    assert [item.url for item in told.destinations] == ["rtmp://a.example/app/•••", urls[1]]


def test_the_last_state_is_one_of_the_contracts_also_where_the_engine_gave_no_report() -> None:
    for state in ("idle", "connecting", "live"):
        lost = msgspec.structs.replace(report(), destinations=[destination(state)])
        assert states(concluded(lost, [])) == [("failed", "The engine ended without a report.")]
    for state in ("failed", "reconnecting"):
        lost = msgspec.structs.replace(report(), destinations=[destination(state)])
        assert states(concluded(lost, [])) == [(state, f"It is {state}.")]
    over = msgspec.structs.replace(report(), destinations=[destination("ended")], over=True)
    assert states(concluded(over, [])) == [("ended", "It is ended.")]


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (None, "The show was over before it began, so nothing was sent."),
        (msgspec.structs.replace(report(), destinations=[destination("live")]), "The engine ended without a report."),
    ],
    ids=["never", "midway"],
)
def test_standard_error_says_the_same_as_the_json(
    last: ShowReport | None,
    words: str,
    stoa_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    def child(plan: ChildPlan, **_: object) -> SimpleNamespace:
        tell = Mock(side_effect=lambda: last and plan.on_message(last))
        return SimpleNamespace(start=tell, end=Mock(), alive=False)

    monkeypatch.setattr(live, "SupervisedChild", child)
    monkeypatch.setattr(live, "Watchdog", Mock)
    monkeypatch.setattr(live, "log_file", Mock())
    monkeypatch.setattr(signal, "signal", Mock())
    given = ["--video", "testcard", "--audio", "tone", "--to", "rtmp://a.example/app/s3cret", "--json"]
    show = LiveShow(parse_live(given), 0)
    capfdbinary.readouterr()  # the warning of the key that was typed
    show._on_signal(signal.SIGINT, None)
    assert show.run() == 130
    said = capfdbinary.readouterr()
    [told] = json.loads(said.out)["destinations"]
    assert (told["state"], told["words"]) == ("failed", words)
    assert said.err.decode() == f"stoa live: rtmp://a.example/app/•••: {words}\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_says_how_it_fares_and_elsewhere_none(
    stoa_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SupervisedChild", Mock())
    monkeypatch.setattr(live, "log_file", Mock())
    show = LiveShow(parse_live(["--video", "testcard", "--audio", "tone", "--to", "rtmp://a.example/app/key"]), 0)
    sending = msgspec.structs.replace(destination("live"), bitrate_kbps=2510.4, dropped=2)
    now = ShowReport([sending], [RecordingReport("/a/b.mp4", 70, 9_040_000)], "libx264", 3, [], 1, 500.0, 125.0, 29.96)
    for kind, said in ((io.StringIO, ""), (Terminal, "02:05  30.0 fps  rtmp live 2510 kb/s  recording 9.0 MB  6 lost")):
        screen = kind()
        monkeypatch.setattr(sys, "stderr", screen)
        show._on_message(now)
        show._show_progress()
        assert screen.getvalue() == (said and f"\r\x1b[K{said}")
