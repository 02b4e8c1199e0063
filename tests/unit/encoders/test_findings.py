"""Which encoders work is found by trying, remembered, and forgotten when the build or a driver changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from encoders import Findings, ProbeResult, probe
from encoders import findings as module
from studio.media import Codec


@pytest.mark.parametrize("name", ["libx264", "libx265", "aac", "libopus"])
def test_the_processor_encoders_work_when_tried(name: str) -> None:
    assert probe(name) == ProbeResult(name, True, True)


def test_an_encoder_without_its_hardware_says_why() -> None:
    result = probe("h264_v4l2m2m")
    assert result.listed and not result.works and result.why


def test_an_encoder_of_another_system_is_not_listed() -> None:
    assert probe("h264_videotoolbox") == ProbeResult("h264_videotoolbox", False, False, "not in this build of FFmpeg")


def test_auto_takes_the_processor_until_hardware_is_known_to_work(tmp_path: Path) -> None:
    findings = Findings(tmp_path / "encoders.json")
    assert findings.automatic() == "libx264"
    findings.remember([ProbeResult("h264_nvenc", True, False, "no such card"), ProbeResult("h264_qsv", True, True)])
    assert findings.automatic() == "h264_qsv"
    assert findings.automatic(Codec.H265) == "libx265"


def test_findings_are_remembered_and_tried_only_once(tmp_path: Path) -> None:
    first = Findings(tmp_path / "folder" / "encoders.json")
    assert "h264_nvenc" in first.missing()
    first.remember([ProbeResult("h264_nvenc", True, False, "no such card")])
    again = Findings(tmp_path / "folder" / "encoders.json")
    assert again.results == first.results
    assert "h264_nvenc" not in again.missing()


def test_another_driver_makes_the_findings_void(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Findings(tmp_path / "encoders.json").remember([ProbeResult("libx264", True, True)])
    monkeypatch.setattr(module, "machine_key", lambda: "another machine")
    assert Findings(tmp_path / "encoders.json").results == {}


def test_a_broken_file_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "encoders.json"
    path.write_text('{"machine": 4')
    assert Findings(path).results == {}


def test_every_encoder_of_the_registry_has_a_row(tmp_path: Path) -> None:
    findings = Findings(tmp_path / "encoders.json")
    findings.remember([ProbeResult("libx264", True, True), ProbeResult("h264_qsv", True, False, "no session")])
    rows = {row.name: row for row in findings.rows()}
    assert rows["libx264"].works and rows["libx264"].chosen
    assert rows["h264_qsv"].works is False and rows["h264_qsv"].why == "no session"
    assert rows["libx265"].works is None and rows["libx265"].why == "not tried yet"
    assert not rows["h264_mf"].listed
