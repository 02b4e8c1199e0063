"""`stoa token`: makes access tokens of a LiveKit server, and explains them."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence

import msgspec

from studio.launcher import livekit_keys
from studio.launcher.token_words import as_text, explain
from studio.media.command_words import Words, warn_of_secret
from studio.media.errors import ErrorKind, StoaError
from studio.token.access import sign
from studio.token.claims import Claims, Source, VideoGrant
from studio.token.reading import Reading, Signature, examine
from studio.token.shown import shown
from studio.token.signed import LONGEST_TOKEN, SHORT_SECRET_BYTES, ApiKey, Fault

DATA = "data"
PUBLISHED = (*(source.value for source in Source), DATA)
DEFAULT_TTL_S = 3600
LONGEST_TTL_S = 366 * 86400
LONGEST_NAME = 256
USAGE = """\
stoa token livekit --identity I --room R [--name N] [--publish camera,microphone,screen_share,data]
                   [--admin] [--ttl S] [--json]       an access token of a LiveKit server, on standard output
stoa token explain TOKEN|- [--json]                   what is in it, and whether it is valid (0: yes, 1: no);
                                                      - reads it from standard input, out of the process list
stoa token keep | forget                              the API key and its secret in the keyring
Key and secret come from LIVEKIT_API_KEY and LIVEKIT_API_SECRET, else the keyring, else they are asked for.
"""


class Made(msgspec.Struct, frozen=True):
    """`stoa token livekit --json`."""

    token: str
    api_key: str
    identity: str
    room: str
    name: str
    publish: tuple[str, ...]
    admin: bool
    expires_s: int


def token(argv: Sequence[str]) -> int:
    """Returns the exit status. Raises StoaError; what was typed is never repeated where it could be a secret."""
    commands: dict[str, Callable[[Sequence[str]], int]] = {
        "livekit": _livekit,
        "explain": _explain,
        "keep": _keep,
        "forget": _forget,
    }
    word = argv[0] if argv else ""
    if word in ("-h", "--help", "help"):
        sys.stdout.write(USAGE)
        return 0
    livekit_keys.refuse_secret_arguments(argv)
    if word not in commands:
        raise _bad("`stoa token` is followed by livekit, explain, keep or forget.", "`stoa token --help` lists them.")
    if threading.current_thread() is threading.main_thread():
        # Who leaves while a secret is asked for gets their terminal back as it was.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return commands[word](argv[1:])


def _livekit(argv: Sequence[str]) -> int:
    parser = Words(prog="stoa token livekit", description="Make an access token of a LiveKit server.")
    parser.add_argument(
        "--identity", required=True, metavar="I", help="who it is for; one person in the room at a time"
    )
    parser.add_argument("--room", required=True, metavar="R")
    parser.add_argument("--name", default="", metavar="N", help="the name that the others see")
    parser.add_argument(
        "--publish", default=None, metavar="WHAT,…", help=f"{', '.join(PUBLISHED)}; without it: nothing"
    )
    parser.add_argument("--admin", action="store_true", help="may mute and remove others, and end the room")
    parser.add_argument("--ttl", default=str(DEFAULT_TTL_S), metavar="S", help=f"seconds (default {DEFAULT_TTL_S})")
    parser.add_argument("--json", action="store_true", dest="as_json", help="the token in a JSON object")
    given = _parsed(parser, argv)
    identity, room = _name(given.identity, "--identity"), _name(given.room, "--room")
    name = _name(given.name, "--name") if given.name else ""
    publish, ttl_s = _published(given.publish), _ttl_s(given.ttl)
    key = livekit_keys.find_key()
    if len(key.secret) < SHORT_SECRET_BYTES:
        sys.stderr.write(
            f"stoa token livekit: the secret has fewer than {SHORT_SECRET_BYTES} bytes:"
            " enough for a test on this machine, too few for a server that others can reach.\n"
        )
    now_s = int(time.time())
    sources = tuple(source for source in publish if source != DATA)
    video = VideoGrant(
        room=room,
        room_join=True,
        can_publish=bool(sources),
        can_publish_sources=sources,
        can_subscribe=True,
        can_publish_data=DATA in publish,
        room_admin=given.admin,
        hidden=False,
    )
    made = sign(Claims(sub=identity, name=name, nbf=now_s, exp=now_s + ttl_s, video=video), key)
    if given.as_json:
        _print_json(Made(made, key.name, identity, room, name, publish, given.admin, now_s + ttl_s))
    else:
        sys.stdout.write(f"{made}\n")
    return 0


def _explain(argv: Sequence[str]) -> int:
    parser = Words(prog="stoa token explain", description="What is in an access token, and whether it is valid.")
    parser.add_argument("token", metavar="TOKEN", help="the token, or - to read it from standard input")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = _parsed(parser, argv)
    if given.token == "-":
        text = _from_standard_input()
    else:
        text = given.token.strip()
        remedy = "`stoa token explain -` reads it from standard input"
        warn_of_secret("stoa token explain", "a token in an argument", remedy)
    if not text:
        raise _bad("There is no token.", "Give it as argument, or on standard input with `stoa token explain -`.")
    now_s = time.time()
    told = explain(examine(text, now_s, _key_for(examine(text, now_s, None))), now_s)
    if given.as_json:
        _print_json(told)
    else:
        sys.stdout.write(as_text(told))
    return 0 if told.valid else 1


def _keep(argv: Sequence[str]) -> int:
    parser = Words(prog="stoa token keep", description="Keep an API key and its secret in the keyring.")
    _parsed(parser, argv)
    key = livekit_keys.from_environment()
    if key is None and not livekit_keys.at_a_terminal():
        raise _bad(
            "Nobody is at a terminal to be asked for the API key.",
            f"Set {livekit_keys.KEY_VARIABLE} and {livekit_keys.SECRET_VARIABLE} for this call.",
        )
    key = key or livekit_keys.ask_for_key()
    livekit_keys.keep(key)
    sys.stderr.write(f"The keyring has the secret of the API key {shown(key.name)} now.\n")
    return 0


def _forget(argv: Sequence[str]) -> int:
    _parsed(Words(prog="stoa token forget", description="Take the API key and its secret out of the keyring."), argv)
    had = livekit_keys.forget()
    sys.stderr.write("The keyring has no API key any more.\n" if had else "The keyring had no API key.\n")
    return 0


def _key_for(reading: Reading) -> ApiKey | None:
    """The key that this token is judged by: what is known, else what a person at the terminal types for its issuer."""
    claims = reading.claims
    if (
        claims is None
        or Signature.UNCHECKED is not reading.signature
        or reading.faults & {Fault.UNSIGNED, Fault.ALGORITHM}
    ):
        return None
    known = livekit_keys.from_environment() or livekit_keys.from_keyring()
    if known is not None or not claims.iss or not livekit_keys.at_a_terminal():
        return known
    secret = livekit_keys.ask_for_secret(f"Secret of the API key {shown(claims.iss)} (Enter: go on without): ")
    return ApiKey(claims.iss, secret.encode()) if secret else None


def _from_standard_input() -> str:
    source = sys.stdin.buffer
    given = source.readline(LONGEST_TOKEN + 3) if sys.stdin.isatty() else source.read(LONGEST_TOKEN + 3)
    return given.decode("ascii", errors="replace").strip()


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Like parse_args, but what it does not know is not repeated: it may be a secret."""
    given, unknown = parser.parse_known_args(argv)
    if unknown:
        option = unknown[0].partition("=")[0]
        what = f"It has no option {shown(option)}." if option.startswith("--") else "That is one word too many."
        raise _bad(what, f"`{parser.prog} --help` shows what it takes.")
    return given


def _name(text: str, option: str) -> str:
    if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
        words = f"{option} takes 1 to {LONGEST_NAME} printable characters, as LiveKit's servers do."
        raise _bad(words, f"Write it like {option} studio.")
    return text


def _published(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    asked = [word.strip() for word in text.split(",")]
    unknown = next((word for word in asked if word not in PUBLISHED), None)
    if unknown is not None:
        raise _bad(f"“{shown(unknown)}” is nothing that can be published.", f"--publish takes {', '.join(PUBLISHED)}.")
    return tuple(word for word in PUBLISHED if word in asked)


def _ttl_s(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and 1 <= int(text) <= LONGEST_TTL_S):
        words = f"--ttl takes seconds, 1 to {LONGEST_TTL_S}: a token cannot be taken back."
        raise _bad(words, f"Write it like --ttl {DEFAULT_TTL_S}.")
    return int(text)


def _print_json(value: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.flush()


def _bad(words: str, remedy: str) -> StoaError:
    return StoaError(ErrorKind.BAD_ARGUMENT, words, remedy=remedy, permanent=True)
