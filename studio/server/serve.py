"""`stoa serve`: the session server alone, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from studio.media.command_words import BAD_ARGUMENT, Words
from studio.media.errors import StoaError
from studio.media.home import run_folder
from studio.server.addresses import LOOPBACK, is_loopback
from studio.server.first_links import admins_link, first_admins_link, viewers_link
from studio.server.front import UDP_HIGH, UDP_LOW, Front
from studio.server.kept_link import KeptLink
from studio.server.known_names import NAME_HELP, further_name
from studio.server.parent import ServerPair, ServerPlan
from studio.server.parent_pipe import Listening
from studio.server.proxy import network_of, public_base
from studio.server.words import add_place, place_of

DEFAULT_PORT = 8470


def parser() -> argparse.ArgumentParser:
    """The words of `stoa serve`."""
    made = Words(prog="stoa serve", description="Run the session server alone.")
    made.add_argument("--host", default=LOOPBACK, help="address to listen on (default: this machine only)")
    made.add_argument("--port", default=str(DEFAULT_PORT), help=f"TCP port (default {DEFAULT_PORT}, 0: any)")
    add_place(made)
    made.add_argument("--tls-cert", default="", metavar="FILE", help="certificate with its chain, PEM")
    made.add_argument("--tls-key", default="", metavar="FILE", help="the certificate's key, PEM")
    made.add_argument("--self-signed", action="store_true", help="HTTPS with a certificate made on the spot")
    made.add_argument("--name", action="append", default=[], dest="names", metavar="NAME", help=NAME_HELP)
    made.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        dest="proxies",
        metavar="ADDRESS|NETWORK",
        help="a reverse proxy in front of it, whose X-Forwarded-… headers are believed; repeatable",
    )
    made.add_argument(
        "--public-url", default="", metavar="URL", help="how people reach it, such as https://studio.example"
    )
    return made


def plan_of(arguments: argparse.Namespace) -> ServerPlan:
    """What the words ask for. Raises ValueError with a sentence for what cannot be right."""
    if not arguments.host:
        raise ValueError("--host names no address. Give one of this machine's, or 0.0.0.0 for every one.")
    if bool(arguments.tls_cert) != bool(arguments.tls_key):
        raise ValueError("--tls-cert and --tls-key belong together: give both.")
    if arguments.tls_cert and arguments.self_signed:
        raise ValueError("--self-signed and --tls-cert exclude each other: give one of them.")
    front = Front(
        host=arguments.host,
        port=_port(arguments.port),
        certificate=str(Path(arguments.tls_cert).absolute()) if arguments.tls_cert else "",
        key=str(Path(arguments.tls_key).absolute()) if arguments.tls_key else "",
        self_signed=arguments.self_signed,
        names=tuple(map(further_name, arguments.names)),
        proxies=tuple(map(_proxy, arguments.proxies)),
        public_url=public_base(arguments.public_url) if arguments.public_url else "",
    )
    place = place_of(arguments, "stoa serve")
    return ServerPlan(data=place.folder, run_folder=run_folder(), front=front, database=place.url)


def _port(given: str) -> int:
    if not (given.isascii() and given.isdecimal() and len(given) <= 5 and int(given) <= 65535):
        raise ValueError(f"--port {given}: a port is a number from 0 to 65535.")
    return int(given)


def _proxy(given: str) -> str:
    """A trusted proxy as it is told. Raises ValueError for what is no address and no network."""
    try:
        return str(network_of(given))
    except ValueError as cause:
        raise ValueError(
            f"--trusted-proxy {given}: the address of a proxy is needed, or a network such as 10.0.0.0/24."
        ) from cause


def greeting(listening: Listening, plan: ServerPlan, token: str, *, at_terminal: bool) -> str:
    """What the person is told. The admins' links are secrets: they go to a terminal only, never to a log.

    Without a terminal the link to the first admin's account goes into a file of its owner's only. Raises StoaError.
    """
    kept = KeptLink(plan.data)
    kept.forget()
    lines = [f"The session server listens at {listening.base}.", f"Viewers: {viewers_link(listening, token)}"]
    if at_terminal:
        lines.append(f"One admin, once: {admins_link(listening, token)}")
        if link := first_admins_link(listening, token):
            lines.append(f"The first admin's account, made by a password of their own, once: {link}")
        else:
            lines.append(f"Sign in with an account: {listening.links_base}/sign-in")
    elif link := first_admins_link(listening, token):
        lines.append(f"The link to make the first account, once and within a day, is in {kept.keep(link)}")
    if plan.front.is_public:
        lines.append(f"Media goes past any proxy: the firewall must let in UDP ports {UDP_LOW} to {UDP_HIGH}.")
    elif is_loopback(plan.front.host):
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
