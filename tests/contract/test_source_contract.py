"""What every source keeps: it opens or says why not, tells of its pictures' size, keeps time, and ends when told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from studio.source.contract import SourceKind, Timing
from tests.contract.source_harness import SourceRun, assert_contiguous, assert_monotonic
from tests.unit.source.clip_files import Look, frame_of, planes, write_clip


@dataclass(frozen=True)
class Case:
    """A source under the suite: its kind, and what makes its target."""

    kind: SourceKind
    target: Callable[[Path], str]
    moving: bool = True
    sounding: bool = True


def _clip(folder: Path) -> str:
    return str(write_clip(folder / "clip.mp4", count=35))


def _image(folder: Path) -> str:
    path = folder / "image.bmp"
    frame = frame_of(Look(), planes(Look(), 320, 180, 0, 0, 0.0)).reformat(format="bgr24")
    context = av.CodecContext.create("bmp", "w")
    context.width, context.height, context.pix_fmt, context.time_base = 320, 180, "bgr24", Fraction(1, 25)
    path.write_bytes(b"".join(bytes(packet) for packet in context.encode(frame)))
    return str(path)


CASES = {
    "testcard": Case(SourceKind.TEST_CARD, lambda folder: ""),
    "clip": Case(SourceKind.CLIP, _clip),
    "image": Case(SourceKind.IMAGE, _image, moving=False, sounding=False),
}


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def test_it_says_what_it_plays_and_asks_for_a_ring_of_even_size(case: Case, tmp_path: Path) -> None:
    with SourceRun(tmp_path, case.kind, case.target(tmp_path)) as run:
        run.wait_media(pictures=1)
        assert run.opened is not None and run.opened.words and run.opened.has_video
        assert run.opened.has_audio == case.sounding
        assert len(run.wanted) == 1
        wanted = run.wanted[0]
        assert wanted.width_px % 2 == wanted.height_px % 2 == 0
        assert wanted.width_px <= 320 and wanted.height_px <= 180 and wanted.slots >= 2
        assert (run.opened.width_px, run.opened.height_px) == (wanted.width_px, wanted.height_px)


def test_time_only_grows_and_sound_is_contiguous(case: Case, tmp_path: Path) -> None:
    with SourceRun(tmp_path, case.kind, case.target(tmp_path)) as run:
        run.wait_media(pictures=20 if case.moving else 1, sound_s=0.8 if case.sounding else 0)
        assert_monotonic(run.pictures)
        if case.sounding:
            assert_contiguous(run.sounds)


def test_an_ahead_source_begins_on_a_tick_and_delivers_before_it_is_due(case: Case, tmp_path: Path) -> None:
    with SourceRun(tmp_path, case.kind, case.target(tmp_path)) as run:
        run.wait_media(pictures=10 if case.moving else 1)
        assert run.opened is not None
        if run.opened.timing is not Timing.AHEAD:
            pytest.skip("a live source stamps at capture")
        grid = run.request.grid
        first_ns = run.pictures[0].pts_ns
        assert grid.tick_ns(grid.first_tick_at(first_ns)) == first_ns
        early = [picture.pts_ns - picture.at_ns for picture in run.pictures]
        assert max(early) < 450e6, "further ahead than agreed"
        assert np.median(early) > 0, "later than due"


def test_a_reader_that_holds_every_slot_costs_pictures_and_not_the_process(case: Case, tmp_path: Path) -> None:
    with SourceRun(tmp_path, case.kind, case.target(tmp_path), give_back=False) as run:
        run.wait_for(lambda: bool(run.wanted))
        slots = run.wanted[0].slots if case.moving else 1
        run.wait_for(lambda: len(run.pictures) >= slots)
        beats = run.beats
        run.wait_for(lambda: run.beats >= beats + 3)
        assert len(run.pictures) == slots
        if case.sounding:
            run.wait_media(sound_s=1.5)
            assert_contiguous(run.sounds)
        run.release()
        if case.moving:
            run.wait_media(pictures=slots + 5)
            assert_monotonic(run.pictures)
            run.wait_for(lambda: any(said.dropped for said in run.statistics))
        assert not run.faults


def test_it_ends_when_told(case: Case, tmp_path: Path) -> None:
    with SourceRun(tmp_path, case.kind, case.target(tmp_path)) as run:
        run.wait_media(pictures=1)
        assert run.end() == 0
        assert run.ring_files == []


def test_it_ends_with_its_engine(case: Case, tmp_path: Path) -> None:
    with SourceRun(tmp_path, case.kind, case.target(tmp_path)) as run:
        run.wait_media(pictures=1)
        assert run.cut() == 0
        assert run.ring_files == []


def test_it_ends_when_told_while_every_slot_is_held(case: Case, tmp_path: Path) -> None:
    with SourceRun(tmp_path, case.kind, case.target(tmp_path), give_back=False) as run:
        run.wait_media(pictures=1)
        assert run.end() == 0


def test_sound_alone_needs_no_ring(case: Case, tmp_path: Path) -> None:
    if not case.sounding:
        pytest.skip("has no sound")
    with SourceRun(tmp_path, case.kind, case.target(tmp_path), video=False) as run:
        run.wait_media(sound_s=0.5)
        assert run.opened is not None and not run.opened.has_video and run.wanted == [] and run.pictures == []
        assert_contiguous(run.sounds)
        assert run.end() == 0


def test_picture_alone_sends_no_sound(case: Case, tmp_path: Path) -> None:
    with SourceRun(tmp_path, case.kind, case.target(tmp_path), audio=False) as run:
        run.wait_media(pictures=5 if case.moving else 1)
        assert run.opened is not None and not run.opened.has_audio and run.sounds == []


@pytest.mark.parametrize("kind", [SourceKind.CLIP, SourceKind.IMAGE])
def test_what_cannot_be_opened_is_told_in_a_sentence_and_the_process_ends(kind: SourceKind, tmp_path: Path) -> None:
    with SourceRun(tmp_path, kind, str(tmp_path / "missing.mp4")) as run:
        assert run.wait_gone() == 0
        assert run.opened is None and len(run.faults) == 1
        fault = run.faults[0]
        assert fault.kind == "not_found" and fault.permanent and "missing.mp4" in fault.message and fault.remedy
        assert run.ring_files == []


def test_a_clip_played_once_ends_and_its_process_stays_until_told(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "once.mp4", count=12)
    with SourceRun(tmp_path, SourceKind.CLIP, str(clip), loop=False) as run:
        run.wait_for(lambda: run.ended)
        assert len(run.pictures) == 12
        beats = run.beats
        run.wait_for(lambda: run.beats > beats)
        assert run.end() == 0
