"""The words of the command line, checked before anything starts. What cannot be right ends with status 2."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from studio.launcher.saved import Address, saved_destination
from studio.media.command_words import Words, warn_of_secret
from studio.media.errors import ErrorKind, StoaError
from studio.media.mask import MASK

STREAMS = ("rtmp", "rtmps", "srt", "rtsp", "rtsps", "http", "https")
CAMERA_SCHEMES = ("rtsp://", "rtsps://", "http://", "https://")
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow")
USAGE = """\
stoa       [--port P] [--name NAME]... [--database URL]
                                         the studio: window, engine, embedded session server
stoa live  --video SPEC --audio SPEC [--to URL]... [--record PATH] [--duration S] [--size 1280x720] [--fps 30]
           [--video-bitrate 2500k] [--audio-bitrate 128k] [--preset veryfast] [--encoder auto|NAME] [--json]
stoa serve [--host H] [--port P] [--data DIR] [--database URL] [--name NAME]... [--trusted-proxy ADDRESS|NETWORK]...
           [--public-url URL] [--self-signed | --tls-cert F --tls-key F]
                                         the session server alone; --database postgresql://…, env:NAME, file:PATH
stoa audit verify [--data DIR] [--database URL]
                                         whether the server's audit log is as it was written
stoa backup FILE | stoa restore FILE [--replace] [--data DIR] [--database URL]
                                         all that the server knows, into one file and back
stoa devices | encoders | doctor  [--json]            what is here, what works, and why the rest does not
stoa sync FILE|URL [--json]              sound against picture of a recording or stream with flashes and beeps
stoa ctl METHOD [JSON] [--pid PID]       one call of the control API of a running engine
stoa token livekit --identity I --room R [--name N] [--publish camera,microphone,screen_share,data] [--admin] [--ttl S]
stoa token explain TOKEN|-               what is in an access token, and whether it is valid (-: from standard input)
stoa token keep | forget                 the LiveKit API key and its secret in the keyring
"""


@dataclass(frozen=True, slots=True)
class LiveArguments:
    """`stoa live`, checked."""

    video: str
    audio: str
    to: tuple[Address, ...]
    record: str
    duration_s: float
    width_px: int
    height_px: int
    fps: Fraction
    video_kbps: int
    audio_kbps: int
    preset: str
    encoder: str
    as_json: bool


def live_parser() -> argparse.ArgumentParser:
    parser = Words(prog="stoa live", description="Put a show on air without a window.")
    parser.add_argument(
        "--video",
        required=True,
        metavar="SPEC",
        help="testcard, file:PATH, camera:ID, screen:ID, rtsp://…, env:NAME that holds such an address, …",
    )
    parser.add_argument("--audio", default="", metavar="SPEC", help="tone, file:PATH, mic:ID, silence")
    parser.add_argument("--to", action="append", default=[], metavar="URL", help="a destination; may be repeated")
    parser.add_argument("--whip-token", default="", metavar="env:NAME|file:PATH", help="bearer of WHIP destinations")
    parser.add_argument("--ca-file", default="", metavar="PATH", help="trust this certificate authority too")
    parser.add_argument("--record", default="", metavar="PATH", help="record an MP4 file (.mp4)")
    parser.add_argument("--duration", metavar="S", help="end after so many seconds on air; else at Ctrl-C")
    parser.add_argument("--size", default="1280x720", metavar="WxH")
    parser.add_argument("--fps", default="30", metavar="F", help="30, 29.97, 30000/1001, …")
    parser.add_argument("--video-bitrate", default="2500k", metavar="B")
    parser.add_argument("--audio-bitrate", default="128k", metavar="B")
    parser.add_argument("--preset", default="veryfast", choices=PRESETS)
    parser.add_argument("--encoder", default="auto", metavar="NAME")
    parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object at the end")
    return parser


def parse_live(argv: Sequence[str]) -> LiveArguments:
    """Raises StoaError(BAD_ARGUMENT or NOT_FOUND, permanent) for what cannot be right."""
    from studio.destination.url import parse_destination
    from studio.recording.place import check_recording_path

    given = live_parser().parse_args(argv)
    width, height = _size(given.size)
    fps = _fps(given.fps)
    if not given.to and not given.record:
        raise _bad("There is nowhere to send the show to.", "Give --to URL or --record PATH.")
    bearer = _from_reference(given.whip_token, "--whip-token") if given.whip_token else ""
    addresses = tuple(_address(text, bearer, given.ca_file) for text in given.to)
    urls = [parse_destination(address.url) for address in addresses]
    if twice := next((url for at, url in enumerate(urls) if url.text in [other.text for other in urls[:at]]), None):
        raise _bad(f"{twice.masked} is given twice.", "Give each destination once.")
    if given.ca_file and not Path(given.ca_file).is_file():
        raise _bad(f"There is no file {given.ca_file}.", "Check --ca-file.")
    if given.record:
        check_recording_path(Path(given.record).absolute())
    video, audio = _camera_address(given.video, "--video"), _camera_address(given.audio, "--audio")
    _take_out(*given.to, given.whip_token, given.video, given.audio)
    check_source(video, "--video")
    if audio not in ("", "silence"):
        check_source(audio, "--audio")
    checked = LiveArguments(
        video=_absolute(video),
        audio=_absolute(audio),
        to=addresses,
        record=str(Path(given.record).absolute()) if given.record else "",
        duration_s=_duration(given.duration),
        width_px=width,
        height_px=height,
        fps=fps,
        video_kbps=_kbps(given.video_bitrate, "--video-bitrate", 50, 200_000),
        audio_kbps=_kbps(given.audio_bitrate, "--audio-bitrate", 16, 512),
        preset=given.preset,
        encoder=given.encoder,
        as_json=given.as_json,
    )
    if any(url.carries_secret and url.text == text for url, text in zip(urls, given.to, strict=True)):
        warn_of_secret("stoa live", "a key in a URL", "env:NAME or file:PATH keeps it out")
    if any(_carries_password(spec) for spec in (given.video, given.audio)):
        warn_of_secret("stoa live", "a password or key in a camera's address", "--video env:NAME keeps it out")
    return checked


def _carries_password(spec: str) -> bool:
    """Whether it is a network camera's address with a part that is masked for every eye: a password, or a query."""
    from studio.source.spec import parse_source

    return spec.startswith(CAMERA_SCHEMES) and MASK in parse_source(spec).masked


def stream_to_measure(what: str) -> str:
    """What `stoa sync` reads: a file, a URL, or the URL that `env:NAME` holds. Raises StoaError(BAD_ARGUMENT)."""
    from studio.destination.url import mask_url

    if "://" in what and MASK in mask_url(what):
        warn_of_secret("stoa sync", "a password or key in a URL", "env:NAME keeps it out")
    url = what
    if what.startswith("env:"):
        url = _from_reference(what, "FILE|URL")
        _take_out(what)
    scheme, found, rest = url.partition("://")
    if found and scheme in STREAMS and not rest.partition("/")[0]:
        raise _bad(f"{scheme}:// names no host.", f"Write it like {scheme}://localhost/live/show.")
    return url


def check_source(spec: str, option: str) -> None:
    """A SPEC that is written right, and whose file or device is there. Raises StoaError."""
    from studio.source.playlist import refuse_playlist
    from studio.source.spec import parse_source

    source = parse_source(spec)
    if option == "--video" and not source.video:
        raise _bad(f"“{source.masked}” has no picture.", "Give it with --audio.")
    if option == "--audio" and not source.audio:
        raise _bad(f"“{source.masked}” has no sound.", "Give it with --video.")
    kind = spec.partition(":")[0]
    if kind in ("file", "image"):
        path = Path(source.target)
        if path.is_dir():
            raise _bad(f"{path} is a folder, not a file.", "Name a file in it.")
        if not path.is_file():
            raise StoaError(ErrorKind.NOT_FOUND, f"There is no file {path}.", remedy="Check the path.", permanent=True)
        if not os.access(path, os.R_OK):
            raise StoaError(
                ErrorKind.DENIED, f"{path} may not be read.", remedy="Check its permissions.", permanent=True
            )
        refuse_playlist(path)
    if kind in ("camera", "mic", "screen", "window"):
        _check_device(kind, source.target.removeprefix("window:"))


def _check_device(kind: str, wanted: str) -> None:
    from studio.device.enumeration import enumerate_all
    from studio.device.inventory import (
        Camera,
        DeviceKind,
        Microphone,
        Screen,
        find_camera,
        find_microphone,
        not_there,
    )
    from studio.source.screen_target import parse_target, place_of_region, place_of_screen

    about = {
        "camera": DeviceKind.CAMERAS,
        "mic": DeviceKind.MICROPHONES,
        "screen": DeviceKind.SCREENS,
        "window": DeviceKind.WINDOWS,
    }[kind]
    devices = enumerate_all([about])
    lists: dict[str, Sequence[Camera | Microphone | Screen]] = {
        "camera": devices.cameras,
        "mic": devices.microphones,
        "screen": devices.screens,
    }
    found: object
    if kind == "camera":
        found = find_camera(devices.cameras, wanted)
    elif kind == "mic":
        found = find_microphone(devices.microphones, wanted)
    elif kind == "screen":
        target = parse_target(wanted)
        if target.region is not None and devices.screens:
            found = place_of_region(devices.screens, target.region)
        else:
            found = place_of_screen(devices.screens, target.screen)
    else:
        found = next((window for window in devices.windows if wanted in (window.id, window.title)), None)
    if found:
        return
    obstacle = devices.obstacle(about)
    if obstacle is not None:
        raise StoaError(ErrorKind.NOT_FOUND, obstacle.words, remedy=obstacle.remedy, permanent=True)
    names = [f"{item.id} ({item.name})" for item in lists.get(kind, [])] or [item.title for item in devices.windows]
    word = {"mic": "microphone"}.get(kind, kind)
    error = not_there(word, wanted, names)
    raise StoaError(error.kind, error.message, remedy=error.remedy, permanent=True)


def _absolute(spec: str) -> str:
    kind, _, path = spec.partition(":")
    return f"{kind}:{Path(path).absolute()}" if kind in ("file", "image") and path else spec


def _camera_address(spec: str, option: str) -> str:
    """`env:NAME` as the address of a network camera that stands in the environment; any other SPEC as it is."""
    if not spec.startswith("env:"):
        return spec
    address = _from_reference(spec, option)
    if not address.startswith(CAMERA_SCHEMES):
        raise _bad(f"What {spec} holds is no address of a camera.", "It begins with rtsp://, http:// or https://.")
    return address


def _address(text: str, bearer: str, ca_file: str) -> Address:
    if text.startswith("saved:"):
        return saved_destination(text.removeprefix("saved:"))
    url = _from_reference(text, "--to") if text.startswith(("env:", "file:")) else text
    return Address(url, bearer if url.startswith("whip") else "", ca_file)


def _from_reference(text: str, option: str) -> str:
    kind, _, name = text.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
        if not value:
            raise _bad(f"The environment has no {name}.", f"Set it, or change {option}.")
        return value.strip()
    if kind == "file":
        try:
            return Path(name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as cause:
            raise _bad(f"{name} cannot be read.", f"Check the path after {option}.") from cause
    raise _bad(f"{option} takes env:NAME or file:PATH.", "A secret on the command line would be seen by everyone.")


def _take_out(*references: str) -> None:
    """Take what was read out of the environment: no child needs to inherit it."""
    for text in references:
        if text.startswith("env:"):
            os.environ.pop(text.removeprefix("env:"), None)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text)
    if match is None:
        raise _bad(f"“{text}” is no size.", "Write it like 1280x720.")
    width, height = int(match[1]), int(match[2])
    if not (16 <= width <= 7680 and 16 <= height <= 7680) or width % 2 or height % 2:
        raise _bad(f"A picture of {text} cannot be made.", "Both sides are even and 16 to 7680 pixels.")
    if width * height > 7680 * 4320:
        raise _bad(f"A picture of {text} cannot be made.", "Take 7680x4320 at most.")
    return width, height


def _fps(text: str) -> Fraction:
    broadcast = {"23.976": Fraction(24000, 1001), "29.97": Fraction(30000, 1001), "59.94": Fraction(60000, 1001)}
    try:
        fps = broadcast.get(text) or Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise _bad(f"“{text}” is no frame rate.", "Write 30, 29.97 or 30000/1001.") from None
    if not 1 <= fps <= 120 or fps.numerator > 1_000_000:
        raise _bad(f"A frame rate of {text} cannot be made.", "Take 1 to 120.")
    return fps


def _kbps(text: str, option: str, low: int, high: int) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kKmM]?)", text)
    if match is None:
        raise _bad(f"“{text}” is no bitrate.", f"Write {option} 2500k or 2.5M.")
    bits = float(match[1]) * {"": 1, "k": 1000, "m": 1_000_000}[match[2].lower()]
    kbps = round(bits / 1000)
    if not low <= kbps <= high:
        raise _bad(f"A bitrate of {text} cannot be.", f"{option} takes {low}k to {high}k.")
    return kbps


def _duration(text: str | None) -> float:
    """Seconds; 0 without the option: until somebody ends the show. Raises StoaError."""
    if text is None:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 1e7:
        raise _bad(f"“{text}” is no duration.", "Give seconds, like --duration 60.")
    return seconds


def _bad(words: str, remedy: str) -> StoaError:
    return StoaError(ErrorKind.BAD_ARGUMENT, words, remedy=remedy, permanent=True)
