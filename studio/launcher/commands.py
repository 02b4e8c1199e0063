"""The words of `stoa`, each loaded only when it is asked for."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Sequence

from studio.launcher.arguments import USAGE, parse_live, stream_to_measure
from studio.media.command_words import BAD_ARGUMENT, Words
from studio.media.errors import StoaError
from studio.media.home import stoa_home


def run(argv: Sequence[str]) -> int:
    """Run the command line; returns the exit status. A StoaError becomes one sentence on standard error."""
    word = argv[0] if argv else ""
    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "": _studio,
        "live": _live,
        "serve": _serve,
        "audit": _audit,
        "backup": _backup,
        "restore": _restore,
        "devices": _devices,
        "encoders": _encoders,
        "doctor": _doctor,
        "sync": _sync,
        "ctl": _ctl,
        "token": _token,
    }
    if word in ("-h", "--help", "help"):
        sys.stdout.write(USAGE)
        return 0
    if word in ("-V", "--version"):
        from studio import __version__

        sys.stdout.write(f"stoa {__version__}\n")
        return 0
    if word.startswith("-"):
        word, argv = "", ["", *argv]
    if word not in commands:
        sys.stderr.write(f"stoa: there is no word “{word}”. `stoa --help` lists them.\n")
        return BAD_ARGUMENT
    try:
        stoa_home()  # where it cannot be one, say so before anything has begun
        return commands[word](argv[1:])
    except StoaError as error:
        sys.stderr.write(f"stoa{' ' if word else ''}{word}: {error}\n")
        return BAD_ARGUMENT if error.permanent else 1
    except KeyboardInterrupt:
        return 130


def _live(argv: Sequence[str]) -> int:
    from studio.launcher.live import live

    return live(parse_live(argv))


def _serve(argv: Sequence[str]) -> int:
    from studio.server.serve import serve

    stop = threading.Event()
    received: list[int] = []

    def on_signal(number: int, frame: object) -> None:
        received.append(number)
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    status = serve(argv, stop)
    return 128 + received[0] if status == 0 and received else status


def _audit(argv: Sequence[str]) -> int:
    from studio.server.audit_command import audit

    return audit(argv)


def _backup(argv: Sequence[str]) -> int:
    from studio.server.backup_command import backup

    return backup(argv)


def _restore(argv: Sequence[str]) -> int:
    from studio.server.backup_command import restore

    return restore(argv)


def _studio(argv: Sequence[str]) -> int:
    from studio.launcher.studio import studio

    return studio(argv)


def _devices(argv: Sequence[str]) -> int:
    from studio.launcher.reports import devices

    return devices(_json_flag("stoa devices", argv))


def _encoders(argv: Sequence[str]) -> int:
    from studio.launcher.reports import encoders

    return encoders(_json_flag("stoa encoders", argv))


def _doctor(argv: Sequence[str]) -> int:
    from studio.launcher.reports import doctor

    return doctor(_json_flag("stoa doctor", argv))


def _json_flag(program: str, argv: Sequence[str]) -> bool:
    parser = Words(prog=program)
    parser.add_argument("--json", action="store_true", dest="as_json")
    return bool(parser.parse_args(argv).as_json)


def _sync(argv: Sequence[str]) -> int:
    from studio.launcher.reports import sync

    parser = Words(prog="stoa sync", description="Sound against picture, by flashes and beeps.")
    parser.add_argument("what", metavar="FILE|URL", help="also env:NAME that holds a URL")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args(argv)
    return sync(stream_to_measure(given.what), given.as_json)


def _ctl(argv: Sequence[str]) -> int:
    from studio.launcher.ctl import ctl

    parser = Words(prog="stoa ctl", description="One call of the control API of a running engine.")
    parser.add_argument("method")
    parser.add_argument("params", nargs="?", default="{}", metavar="JSON", help="- reads it from standard input")
    parser.add_argument("--pid", type=int, default=None)
    given = parser.parse_args(argv)
    return ctl(given.method, given.params, given.pid)


def _token(argv: Sequence[str]) -> int:
    from studio.launcher.token import token

    return token(argv)
