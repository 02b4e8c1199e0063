"""One open camera through OpenCV: a thread of its own reads it and keeps the newest picture with its stamp."""

from __future__ import annotations

import logging
import os
import sys
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.device.inventory import Camera
from studio.device.pixels import READABLE
from studio.media import NS_PER_MS, NS_PER_S, Clock, ErrorKind, StoaError
from studio.source.attempt import within
from studio.source.camera_modes import CameraWish, choose_mode

if TYPE_CHECKING:
    import numpy.typing as npt

OPEN_LIMIT_S = 6.0
CLOSE_LIMIT_S = 2.0
OLDEST_NS = NS_PER_S
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Given:
    """What the camera gives: pixels as Video4Linux's four letters, or "BGR" where OpenCV converts."""

    width_px: int
    height_px: int
    fps: float
    pixels: str


@dataclass(frozen=True, slots=True)
class Grabbed:
    """A picture's bytes as the camera gave them, when it was taken, and a fingerprint of its content."""

    data: npt.NDArray[np.uint8]
    stamp_ns: int
    content: int


class CameraCapture:
    """An open camera. `failed` is set once reading has come to an end (unplugged, or the driver gave up)."""

    def __init__(self, camera: Camera, wish: CameraWish, clock: Clock) -> None:
        self._camera = camera
        self._wish = wish
        self._clock = clock
        self._device: Any = None
        self._reader: threading.Thread | None = None
        self._newest: Grabbed | None = None
        self._changed = threading.Condition()
        self._closing = False
        self._failed = False
        self.skipped = 0

    @property
    def failed(self) -> bool:
        return self._failed

    def open(self) -> Given:
        """Raises StoaError: BUSY, REFUSED, DENIED, TIMEOUT."""
        name = self._camera.name
        late = StoaError(
            ErrorKind.TIMEOUT,
            f"The camera {name} did not open within {OPEN_LIMIT_S:g} s: its driver hangs.",
            remedy="Unplug it and plug it in again.",
        )
        given = within(OPEN_LIMIT_S, self._open, late)
        self._reader = threading.Thread(target=self._read, name="camera", daemon=True)
        self._reader.start()
        return given

    def get(self, limit_s: float) -> Grabbed | None:
        """The newest picture that was not taken yet; None after `limit_s` without one."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._failed, limit_s)
            newest, self._newest = self._newest, None
            return newest

    def close(self) -> bool:
        """False where the driver did not let go in time; the process is then of no more use."""
        self._closing = True
        # The thread that reads also lets go: a driver is not told to by one thread while another waits in it.
        if self._reader is not None:
            self._reader.join(CLOSE_LIMIT_S)
        return self._reader is None or not self._reader.is_alive()

    # ------------------------------------------------------------ inside

    def _open(self) -> Given:
        # OpenCV's own wait for a picture, in seconds; 10 without this.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
        # The responsible program asks macOS for the camera, not this process.
        os.environ.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")
        # The slow start of Media Foundation's hardware transforms.
        os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
        import cv2

        if sys.platform == "linux":
            device, asked = self._open_v4l2(cv2)
        else:
            device, asked = self._open_elsewhere(cv2)
        if not device.isOpened():
            device.release()
            raise self._refusal()
        width, height = (int(device.get(which)) for which in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        fps = float(device.get(cv2.CAP_PROP_FPS))
        pixels = asked if sys.platform != "linux" else _letters(int(device.get(cv2.CAP_PROP_FOURCC))) or asked
        self._device = device
        return Given(width, height, fps if 0 < fps < 1000 else 0.0, pixels)

    def _open_v4l2(self, cv2: Any) -> tuple[Any, str]:
        mode = choose_mode(self._camera.modes, self._wish)
        if mode is None:
            raise StoaError(
                ErrorKind.NOT_SUPPORTED,
                f"The camera {self._camera.name} sends no pictures that Stoa can read.",
                remedy="Choose another camera.",
                permanent=True,
            )
        wanted = [cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*mode.pixels.ljust(4)[:4])]
        wanted += [cv2.CAP_PROP_FRAME_WIDTH, mode.width_px, cv2.CAP_PROP_FRAME_HEIGHT, mode.height_px]
        fps = self._wish.rate_of(mode)
        if fps >= 1:
            wanted += [cv2.CAP_PROP_FPS, round(fps)]
        wanted += [cv2.CAP_PROP_CONVERT_RGB, 0]
        device = cv2.VideoCapture()
        device.open(self._camera.place, cv2.CAP_V4L2, wanted)
        return device, mode.pixels

    def _open_elsewhere(self, cv2: Any) -> tuple[Any, str]:
        """AVFoundation and Media Foundation take an index, and give BGR. Not run on this project's machines."""
        api = cv2.CAP_AVFOUNDATION if sys.platform == "darwin" else cv2.CAP_MSMF
        wish = self._wish
        wanted: list[int] = []
        width, height = wish.width_px or wish.max_width_px, wish.height_px or wish.max_height_px
        wanted += [cv2.CAP_PROP_FRAME_WIDTH, width, cv2.CAP_PROP_FRAME_HEIGHT, height]
        if wish.fps >= 1:
            wanted += [cv2.CAP_PROP_FPS, round(wish.fps)]
        device = cv2.VideoCapture()
        device.open(int(self._camera.place), api, wanted)
        return device, "BGR"

    def _refusal(self) -> StoaError:
        name, place = self._camera.name, self._camera.place
        if sys.platform == "linux" and not os.access(place, os.R_OK | os.W_OK):
            return StoaError(
                ErrorKind.DENIED,
                f"This user may not open the camera {name}.",
                remedy="Add the user to the group video (sudo usermod -aG video $USER) and sign in again.",
            )
        return StoaError(
            ErrorKind.BUSY,
            f"The camera {name} is in use by another program, or does not start.",
            remedy="Close other programs that use it, or unplug it and plug it in again.",
        )

    def _read(self) -> None:
        """The reading thread."""
        import cv2

        try:
            device = self._device
            while not self._closing:
                good, data = device.read()
                now_ns = self._clock.now_ns()
                if not good:
                    break
                grabbed = Grabbed(data, self._stamp(device, cv2, now_ns), fingerprint(data))
                with self._changed:
                    self.skipped += self._newest is not None
                    self._newest = grabbed
                    self._changed.notify_all()
            device.release()
        except Exception:
            log.exception("the camera's thread ended")
        with self._changed:
            self._failed = True
            self._changed.notify_all()

    def _stamp(self, device: Any, cv2: Any, now_ns: int) -> int:
        """Video4Linux stamps with the monotonic clock, which is the studio's; others have no time worth it."""
        if sys.platform == "linux":
            stamp_ns = int(device.get(cv2.CAP_PROP_POS_MSEC) * NS_PER_MS)
            if 0 <= now_ns - stamp_ns < OLDEST_NS:
                return stamp_ns
        return now_ns


def fingerprint(data: npt.NDArray[np.uint8]) -> int:
    """A number that changes with the picture's content: all of a JPEG, every 61st byte of anything larger."""
    flat = data.reshape(-1)
    part = flat if flat.size < 400_000 else flat[::61]
    return zlib.adler32(np.ascontiguousarray(part))


def _letters(fourcc: int) -> str:
    name = fourcc.to_bytes(4, "little", signed=fourcc < 0).decode("latin-1").strip("\0 ")
    return name if name in READABLE else ""
