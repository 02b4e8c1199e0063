"""`stoa sync` finds a known offset, and what is missing, doubled or miscoloured."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from studio.media import ErrorKind, StoaError
from studio.monitor.sync import SyncReport, measure
from studio.monitor.sync_continuity import check_numbers, measure_bitrate
from studio.monitor.sync_onsets import beep_onsets, flash_onsets, flash_signal, pair
from studio.monitor.sync_reading import masked
from studio.source.card import TestCard
from studio.source.contract import ProgramGrid
from studio.source.tone import Tone
from tests.unit.source.clip_files import Look, write_clip


@pytest.mark.parametrize("offset_ms", [0, 80, -40])
@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp4", "aac"), ("mkv", "pcm_s16le"), ("flv", "aac"), ("ts", "aac"), ("mkv", "libopus")]
)
def test_a_known_offset_is_found_within_two_milliseconds(
    tmp_path: Path, offset_ms: int, suffix: str, codec: str
) -> None:
    clip = write_clip(
        tmp_path / f"clip.{suffix}", count=80, sound_start_s=offset_ms / 1000, sound_codec=codec, sound_s=3.2
    )
    report = measure(str(clip))
    assert report.offset_ms == pytest.approx(offset_ms, abs=2)
    assert report.worst_ms == pytest.approx(offset_ms, abs=2)
    assert len(report.pairs) == 3
    side = "before" if offset_ms < -2 else "after" if offset_ms > 2 else "average"
    assert side in report.words


@pytest.mark.parametrize(
    "fps", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(15)]
)
def test_it_finds_the_instant_within_the_frame_at_any_rate(tmp_path: Path, fps: Fraction) -> None:
    clip = write_clip(tmp_path / "clip.mp4", fps=fps, count=round(4 * fps))
    report = measure(str(clip))
    assert report.offset_ms == pytest.approx(0, abs=2) and abs(report.worst_ms or 99) < 2.5
    assert report.fps == pytest.approx(float(fps), abs=0.01)


def card_recording(
    path: Path, fps: tuple[int, int], skip: set[int] = frozenset(), twice: set[int] = frozenset()
) -> Path:  # type: ignore[assignment]
    """The test card as a receiver gets it: encoded at a tight bitrate, with B-frames off and a keyframe every 2 s."""
    grid = ProgramGrid(9_000_000_000, *fps)
    card, tone = TestCard(320, 180, grid), Tone()
    picture = np.zeros((270, 320), np.uint8)
    card.prepare(picture)
    rate = Fraction(*fps)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        video.options = {"preset": "veryfast", "tune": "zerolatency", "b": "400k", "maxrate": "400k", "bufsize": "400k"}
        video.gop_size = round(rate * 2)
        video.codec_context.bit_rate = 400_000
        video.codec_context.time_base = 1 / rate
        sound = container.add_stream("aac", rate=48_000)
        sound.layout = "stereo"
        count = round(rate * 12)
        place = 0
        for tick in range(count):
            shown = tick - 1 if tick in twice else tick
            if tick in skip:
                continue
            card.draw(picture, shown)
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts = place
            place += 1
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for first in range(0, 12 * 48_000, 1024):
            block = np.ascontiguousarray(tone.samples(first, 1024).T)
            piece = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            piece.sample_rate, piece.pts = 48_000, first
            container.mux(sound.encode(piece))
        container.mux(sound.encode())
    return path


@pytest.mark.parametrize("fps", [(30, 1), (30000, 1001)])
def test_the_test_card_is_measured_through_an_encoder(tmp_path: Path, fps: tuple[int, int]) -> None:
    report = measure(str(card_recording(tmp_path / "card.mp4", fps)))
    assert abs(report.offset_ms or 99) < 2 and abs(report.worst_ms or 99) < 4
    assert report.numbers.run_on and report.numbers.first == 0 and report.numbers.last == report.frames - 1
    assert report.pts_monotonic and report.b_frames == 0 and report.sound_gaps == 0
    assert [key.number for key in report.keyframes] == list(range(0, report.frames, 60))
    assert report.bars_off is not None and report.bars_off <= 3
    least, most = report.bitrate.least_kbps, report.bitrate.most_kbps
    assert least is not None and most is not None and least <= report.bitrate.mean_kbps * 1.1 and most >= least


def test_a_missing_and_a_doubled_picture_are_found(tmp_path: Path) -> None:
    report = measure(str(card_recording(tmp_path / "card.mp4", (30, 1), skip={100, 101}, twice={200})))
    assert not report.numbers.run_on
    assert [(gap.from_number, gap.to_number, gap.missing) for gap in report.numbers.gaps] == [
        (99, 102, 2),
        (199, 201, 1),
    ]
    assert report.numbers.repeats == 1
    assert "2 missing" in report.words or "3 missing" in report.words


def test_b_frames_are_counted(tmp_path: Path) -> None:
    options = {"preset": "veryfast", "crf": "20", "bf": "2", "b_strategy": "0"}
    report = measure(str(write_clip(tmp_path / "clip.mp4", count=60, options=options)))
    assert report.b_frames > 20 and report.pts_monotonic and report.numbers.run_on


def test_wrong_colours_are_seen(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=60, look=Look(matrix=6))
    report = measure(str(clip))
    assert report.bars_off is not None and report.bars_off > 3


def test_a_recording_without_flashes_is_an_error_that_says_so(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=10)
    with pytest.raises(StoaError) as caught:
        measure(str(clip))
    assert (
        caught.value.kind is ErrorKind.NOT_SUPPORTED and not caught.value.permanent and "flashes" in str(caught.value)
    )
    report = measure(str(clip), require_sync=False)
    assert report.offset_ms is None and report.frames == 10 and report.numbers.run_on


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoaError) as missing:
        measure(str(tmp_path / "nothing.mp4"))
    assert missing.value.kind is ErrorKind.NOT_FOUND and missing.value.permanent
    with pytest.raises(StoaError) as sound_only:
        measure(str(write_clip(tmp_path / "a.wav", video=False, sound_s=1, sound_codec="pcm_s16le")))
    assert "no picture" in str(sound_only.value)
    with pytest.raises(StoaError) as silent:
        measure("http://user:secret@127.0.0.1:9/live/key?token=1")
    assert silent.value.kind is ErrorKind.UNREACHABLE
    assert "secret" not in str(silent.value) and "key" not in str(silent.value)
    assert masked("rtmp://host:1935/live/key") == "rtmp://host:1935/…"


def test_the_report_is_plain_json(tmp_path: Path) -> None:
    import msgspec

    report = measure(str(write_clip(tmp_path / "clip.mp4", count=60)))
    assert msgspec.json.decode(msgspec.json.encode(report), type=SyncReport) == report


# ------------------------------------------------------------ the parts


def test_numbers_that_wrap_run_on_and_unreadable_ones_do_not() -> None:
    top = (1 << 24) - 1
    assert check_numbers([top - 1, top, 0, 1], [0, 1, 2, 3]).run_on
    assert not check_numbers([5, None, 7], [0, 1, 2]).run_on
    assert check_numbers([5, 4], [0, 1]).gaps[0].missing == -2


def test_the_bitrate_over_any_ten_seconds_sees_a_burst() -> None:
    times_s = np.arange(0, 30, 0.1)
    sizes = np.full(300, 12_500)
    sizes[150:200] *= 2
    bitrate = measure_bitrate(times_s, sizes, 30.0)
    assert bitrate.least_kbps == pytest.approx(1000) and bitrate.most_kbps == pytest.approx(1500)
    assert measure_bitrate(times_s[:50], sizes[:50], 5.0).most_kbps is None


def test_a_white_ball_that_runs_across_is_no_flash() -> None:
    grids = np.full((300, 576), 40, np.uint8)
    for frame in range(300):
        grids[frame, 100 + frame % 32] = 235
    for frame in range(30, 300, 30):
        grids[frame : frame + 2, 400:440] = 220
    onsets = flash_onsets(flash_signal(grids, 10), np.arange(300) / 30)
    assert onsets == pytest.approx(np.arange(1, 10))


def test_part_of_a_frames_time_is_part_of_its_brightness() -> None:
    signal = np.array([0, 0, 0.25, 1, 1, 0.75, 0, 0], float)
    assert flash_onsets(signal, np.arange(8) / 25) == pytest.approx([3 / 25 - 0.25 / 25])


def test_speech_without_pauses_is_no_row_of_beeps_and_noise_is_none() -> None:
    rng = np.random.default_rng(3)
    assert len(beep_onsets(rng.normal(0, 0.1, 96_000).astype(np.float32), 48_000)) == 0
    assert len(beep_onsets(np.zeros(96_000, np.float32), 48_000)) == 0


def test_only_neighbours_are_paired() -> None:
    assert pair(np.array([1.0, 2.0, 3.0]), np.array([1.1, 2.9])) == [(1.0, 1.1), (3.0, 2.9)]
