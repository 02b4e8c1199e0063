"""The JSON object of `stoa live` over several lives of its engine."""

from __future__ import annotations

from studio.engine.contract import RecordingReport, ShowReport
from studio.launcher.live import merge, result_of


def report(*recordings: RecordingReport) -> ShowReport:
    return ShowReport([], list(recordings), "libx264", 0, [], 0, 500.0, 2.0, 30.0)


def test_every_file_of_the_recording_is_told_with_what_was_known_last() -> None:
    earlier = merge(None, report(RecordingReport("/a/b.mp4", 70, 9000)))
    result = result_of(merge(earlier, report(RecordingReport("/a/b-2.mp4", 30, 4000))))
    first = {"path": "/a/b.mp4", "frames": 70, "bytes": 9000}
    assert result["recording"] == first
    assert result["recordings"] == [first, {"path": "/a/b-2.mp4", "frames": 30, "bytes": 4000}]


def test_a_show_without_a_file_has_none() -> None:
    for result in (result_of(None), result_of(report())):
        assert result["recording"] is None and result["recordings"] == []
