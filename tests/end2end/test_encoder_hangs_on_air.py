"""A hardware encoder that works, and then hangs on air in a system call that never ends: software goes on, to the same
server and into the same file, and the show ends in order.

No driver can be made to do that on a machine without its hardware, so another module takes the encoder's place in the
engine's process and in the rehearsal's: x264 under the hardware's name, until it waits for a pipe that nobody writes
to. As such a driver may, it also keeps the C library's own end from coming.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from encoders import Findings, ProbeResult
from studio.launcher.live import END_LIMIT_S
from tests.fixtures.live_show import CARD, SMALL, StartShow
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.ports import FreePorts
from tests.fixtures.programs import Programs
from tests.fixtures.received import receive
from tests.fixtures.waiting import until

HARDWARE = "h264_nvenc"
HANGS_AT = 150
"""Off the grid of keyframes."""
FRAMES = 330
MOST_LOST = 45
"""A second and a half: less than a GOP."""
pytestmark = [
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform != "linux", reason="the driver is put in place by Linux means"),
]

DRIVER = f"""
import sys

if sys.orig_argv[-2:] in (["--child", "engine"], ["--child", "probe"]):
    import ctypes
    import os
    from dataclasses import replace

    from encoders.video import VideoEncoder

    open_really, encode = VideoEncoder.open, VideoEncoder.encode
    ours = set()

    def opened(settings):
        encoder = open_really(replace(settings, name="libx264"))
        if settings.name == "{HARDWARE}":
            encoder._settings = settings
            ours.add(id(encoder))
        return encoder

    def encoded(encoder, frame, pts, keyframe, made_ns):
        if id(encoder) in ours and pts == {HANGS_AT}:
            library = ctypes.CDLL(None)
            library.__cxa_atexit(library.pause, None, None)
            nobody_writes = os.pipe()
            os.read(nobody_writes[0], 1)
        return encode(encoder, frame, pts, keyframe, made_ns)

    VideoEncoder.open, VideoEncoder.encode = opened, encoded
"""


@pytest.fixture
def hanging_driver(tmp_path: Path) -> dict[str, str]:
    """The environment in which it hangs on air."""
    folder = tmp_path / "driver"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(DRIVER)
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(Path(__file__).parents[2])])}


def test_software_goes_on_over_the_same_connections(
    hanging_driver: dict[str, str],
    start_show: StartShow,
    programs: Programs,
    free_ports: FreePorts,
    short_folder: Path,
    tmp_path: Path,
) -> None:
    (short_folder / "home").mkdir(mode=0o700)
    Findings(short_folder / "home" / "encoders.json").remember([ProbeResult(HARDWARE, True, True)])
    server = NginxRtmp(programs, tmp_path / "server", free_ports.take())
    server.start()
    recording = tmp_path / "a.mp4"
    show = start_show(
        *CARD, *SMALL, "--to", server.url(), "--record", recording, "--duration", str(FRAMES / 30),
        environ=hanging_driver,
    )  # fmt: skip
    until(lambda: show.status().program.encoder == HARDWARE, 30, "it goes on air with the hardware")
    engine = show.engine().pid
    until(lambda: show.status().notices, 30, "the host is told")
    status = show.status()
    assert f"{HARDWARE} failed; libx264 took over" in status.notices[0].words
    assert status.program.encoder == "libx264" and show.engine().pid == engine
    result = show.result(END_LIMIT_S)  # it took no such time: nobody had to end the engine
    assert result["encoder"] == "libx264" and result["destinations"][0]["reconnects"] == 0
    assert len(result["recordings"]) == 1 and "lost" not in show.said()
    server.stop()
    assert len(server.recordings()) == 1
    for path in (recording, *server.recordings()):
        got = receive(path)
        places = got.places()
        assert places == sorted(set(places)) and not got.backward(), "none comes twice"
        after = next(index for index in range(1, len(places)) if places[index] - places[index - 1] > 1)
        assert got.pictures[after].keyframe, "software begins with one"
        assert FRAMES - MOST_LOST <= len(places) < FRAMES
        assert got.sound_gaps == 0
