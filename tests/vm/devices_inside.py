"""Runs inside the virtual machine: prints one JSON object of what its cameras and sound cards did."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from studio.device import DeviceKind, DeviceWatch, enumerate_all
from studio.process import Watchdog
from studio.source.contract import SourceKind
from tests.contract.source_harness import SourceRun, assert_monotonic, copy_picture
from tests.fixtures.bars import bars_error

VIVID = Path("/sys/bus/platform/drivers/vivid")
TONE_HZ = 700.0
LIMIT_S = 180.0
FOLDER = Path(tempfile.mkdtemp())

# What plays into one end of the loopback card so that its other end hears it.
PLAYER = """
import sys, time
import numpy as np
import sounddevice
tone = 0.5 * np.sin(2 * np.pi * float(sys.argv[2]) * np.arange(480000) / 48000)
index = next(i for i, d in enumerate(sounddevice.query_devices()) if sys.argv[1] in d["name"])
sounddevice.play(np.repeat(tone[:, None], 2, 1).astype(np.float32), 48000, device=index, loop=True)
print("playing", flush=True)
time.sleep(float(sys.argv[3]))
"""


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def holds(check: Any, *arguments: Any) -> bool:
    try:
        check(*arguments)
    except AssertionError:
        return False
    return True


def camera(target: str, width_px: int = 640, height_px: int = 360, fps: float = 0.0) -> SourceRun:
    return SourceRun(
        FOLDER,
        SourceKind.CAMERA,
        target,
        size=(640, 360),
        width_px=width_px,
        height_px=height_px,
        device_fps=fps,
        audio=False,
        keep=copy_picture,
    )


def capture_camera(target: str) -> dict[str, Any]:
    with camera(target) as run:
        run.wait_media(pictures=15, limit_s=LIMIT_S)
        assert run.opened is not None
        ages = [(seen.at_ns - seen.pts_ns) / 1e6 for seen in run.pictures[5:]]
        seen = {
            "words": run.opened.words,
            # Its text stands in the upper part.
            "bars_error": bars_error(run.pictures[-1].kept, 0.85),
            "monotonic": holds(assert_monotonic, run.pictures),
            "age_ms": float(np.median(ages)),
        }
        return seen | {"status": run.end()}


def hold_every_slot(target: str) -> dict[str, Any]:
    """An engine that gives nothing back costs pictures and not the process; then the end of its pipe."""
    with SourceRun(FOLDER, SourceKind.CAMERA, target, size=(320, 180), give_back=False) as run:
        run.wait_for(lambda: bool(run.wanted), LIMIT_S)
        run.wait_for(lambda: len(run.pictures) >= run.wanted[0].slots, LIMIT_S)
        beats = run.beats
        run.wait_for(lambda: run.beats >= beats + 4, LIMIT_S)
        held = len(run.pictures)
        run.release()
        run.wait_media(pictures=held + 5, limit_s=LIMIT_S)
        faults = len(run.faults)
        return {"held": held, "slots": run.wanted[0].slots, "faults": faults, "status": run.cut()}


def ask_for_a_size(target: str) -> dict[str, Any]:
    with camera(target, 320, 180, 15.0) as run:
        run.wait_media(pictures=3, limit_s=LIMIT_S)
        assert run.opened is not None
        return {"words": run.opened.words}


def unplug(target: str) -> dict[str, Any]:
    changes: list[list[DeviceKind]] = []
    watchdog = Watchdog()
    watch = DeviceWatch(changes.append, watchdog)
    watch.start()
    with camera(target) as run:
        run.wait_media(pictures=10, limit_s=LIMIT_S)
        (VIVID / "unbind").write_text("vivid.0")
        pulled = time.monotonic()
        run.wait_for(lambda: bool(run.faults), LIMIT_S)
        told_after_s = time.monotonic() - pulled
        run.opened, mark = None, len(run.pictures)
        (VIVID / "bind").write_text("vivid.0")
        run.wait_media(pictures=mark + 5, limit_s=LIMIT_S)
        end = time.monotonic() + 10
        while not changes and time.monotonic() < end:
            time.sleep(0.1)
        seen = {
            "told_after_s": told_after_s,
            "faults": [msgspec.to_builtins(fault) for fault in run.faults],
            "opened_again": run.opened is not None,
            "pictures_after": len(run.pictures) - mark,
            "changes": [kind for kinds in changes for kind in kinds],
        }
    watch.end()
    return seen


def hear_card() -> tuple[dict[str, Any], dict[str, Any]]:
    """Both ends of MicOne: hw:0,1 plays, hw:0,0 is the microphone. A second one that wants it is refused."""
    command = [sys.executable, "-c", PLAYER, "(hw:0,1)", str(TONE_HZ), "600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as player:
        try:
            # The first to open a loopback card chooses its rate for both ends.
            assert player.stdout is not None and player.stdout.readline() == "playing\n"
            return hear_and_contend()
        finally:
            player.kill()


def hear_and_contend() -> tuple[dict[str, Any], dict[str, Any]]:
    with SourceRun(FOLDER, SourceKind.MICROPHONE, "alsa-MicOne,0", video=False) as run:
        run.wait_media(sound_s=1.0, limit_s=LIMIT_S)
        mark = len(run.sounds)
        run.wait_for(lambda: len(run.sounds) >= mark + 100, LIMIT_S)
        samples = np.concatenate([sound.samples[:, 0] for sound in run.sounds[mark:]])
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        heard = {
            "faults": [msgspec.to_builtins(fault) for fault in run.faults],
            "monotonic": all(b.pts_ns > a.pts_ns for a, b in pairwise(run.sounds)),
            "tone_hz": float(np.argmax(spectrum) * 48_000 / len(samples)),
            "played_hz": TONE_HZ,
            "words": run.opened.words if run.opened else "",
        }
        with SourceRun(FOLDER, SourceKind.MICROPHONE, "alsa-MicOne,0", video=False) as second:
            second.wait_for(lambda: bool(second.faults), LIMIT_S)
            busy = msgspec.to_builtins(second.faults[0])
    return heard, busy


def missing() -> list[Any]:
    faults = []
    for kind, target in ((SourceKind.CAMERA, "usb-1:2-X"), (SourceKind.MICROPHONE, "usb-1:2-X,0")):
        with SourceRun(FOLDER, kind, target) as run:
            run.wait_for(lambda run=run: bool(run.faults), LIMIT_S)  # type: ignore[misc]
            faults.append(msgspec.to_builtins(run.faults[0]))
    return faults


def main() -> None:
    # Nothing of an emulated processor's slowness shall be taken for a fault of a device.
    threading.current_thread().name = "inside"
    devices = enumerate_all(limit_s=120)
    say("listed")
    cameras = [capture_camera(one.id) for one in devices.cameras]
    say("captured")
    asked = ask_for_a_size(devices.cameras[0].id)
    holding = hold_every_slot(devices.cameras[0].id)
    unplugged = unplug(devices.cameras[0].id)
    say("unplugged")
    microphone, busy = hear_card()
    say("heard")
    found = {
        "devices": msgspec.to_builtins(devices),
        "cameras": cameras,
        "asked": asked,
        "holding": holding,
        "unplugged": unplugged,
        "microphone": microphone,
        "busy": busy,
        "missing": missing(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
