"""`stoa serve`: the session server alone, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from studio.media.command_words import BAD_ARGUMENT, Words
from studio.media.errors import StoaError
from studio.media.home import run_folder, stoa_home
from studio.server.addresses import LOOPBACK, is_loopback
from studio.server.first_links import admins_link, viewers_link
from studio.server.front import UDP_HIGH, UDP_LOW, Front
from studio.server.known_names import NAME_HELP, further_name
from studio.server.parent import ServerPair, ServerPlan
from studio.server.parent_pipe import Listening

DEFAULT_PORT = 8470


def parser() -> argparse.ArgumentParser:
    """The words of `stoa serve`."""
    made = Words(prog="stoa serve", description="Run the session server alone.")
    made.add_argument("--host", default=LOOPBACK, help="address to listen on (default: this machine only)")
    made.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"TCP port (default {DEFAULT_PORT}, 0: any)")
    made.add_argument("--data", type=Path, default=None, help="folder of the database (default: server/ in STOA_HOME)")
    made.add_argument("--tls-cert", default="", metavar="FILE", help="certificate with its chain, PEM")
    made.add_argument("--tls-key", default="", metavar="FILE", help="the certificate's key, PEM")
    made.add_argument("--self-signed", action="store_true", help="HTTPS with a certificate made on the spot")
    made.add_argument("--name", action="append", default=[], dest="names", metavar="NAME", help=NAME_HELP)
    return made


def plan_of(arguments: argparse.Namespace) -> ServerPlan:
    """What the words ask for. Raises ValueError with a sentence for what cannot be right."""
    if not 0 <= arguments.port <= 65535:
        raise ValueError(f"--port {arguments.port}: a port is a number from 0 to 65535.")
    if bool(arguments.tls_cert) != bool(arguments.tls_key):
        raise ValueError("--tls-cert and --tls-key belong together: give both.")
    if arguments.tls_cert and arguments.self_signed:
        raise ValueError("--self-signed and --tls-cert exclude each other: give one of them.")
    front = Front(
        host=arguments.host,
        port=arguments.port,
        certificate=str(Path(arguments.tls_cert).absolute()) if arguments.tls_cert else "",
        key=str(Path(arguments.tls_key).absolute()) if arguments.tls_key else "",
        self_signed=arguments.self_signed,
        names=tuple(map(further_name, arguments.names)),
    )
    data = arguments.data.absolute() if arguments.data else stoa_home() / "server"
    return ServerPlan(data=data, run_folder=run_folder(), front=front)


def greeting(listening: Listening, plan: ServerPlan, token: str, *, at_terminal: bool) -> str:
    """What the person is told. The admin's link is a secret: it goes to a terminal only, never to a log."""
    lines = [f"The session server listens at {listening.base}.", f"Viewers: {viewers_link(listening, token)}"]
    if at_terminal:
        lines.append(f"One admin, once: {admins_link(listening, token)}")
    if is_loopback(plan.front.host):
        lines.append("Only this machine can reach it; --host chooses another address.")
    else:
        lines.append(f"The firewall must let in TCP port {listening.port} and UDP ports {UDP_LOW} to {UDP_HIGH}.")
    if plan.front.self_signed:
        lines.append("Its certificate is self-made: browsers warn once that the connection is not private.")
    return "\n".join(lines)


def serve(argv: Sequence[str], stop: threading.Event) -> int:
    """Serve until `stop` is set (by the caller's signal handlers) or the owner ends it. Returns 0 for that, 1, or 2."""
    try:
        plan = plan_of(parser().parse_args(argv))
    except ValueError as cause:
        print(f"stoa serve: {cause}", file=sys.stderr)
        return BAD_ARGUMENT
    pair = ServerPair(plan, on_end_asked=stop.set)
    try:
        pair.start()
        listening = pair.wait_ready_or(stop)
        if listening is None:
            return 0
        words = greeting(listening, plan, pair.owner_token, at_terminal=sys.stderr.isatty())
        print(words, file=sys.stderr, flush=True)
        while not stop.wait(3600):
            pass
        return 0
    except StoaError as error:
        print(f"stoa serve: {error}", file=sys.stderr)
        return BAD_ARGUMENT if error.permanent else 1
    finally:
        pair.end()
