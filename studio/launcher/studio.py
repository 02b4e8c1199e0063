"""`stoa`: the launcher of the studio. It starts and watches engine, session server and window, and keeps the secrets.

first start           engine, server, window are its children
launcher killed       they go on; the next `stoa` finds them in run/ and adopts them
window closed         asked by the window: everything ends, or the show goes on without it
a second `stoa`       raises the first one's window, or opens it again
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import FrameType

import msgspec

from studio.control.address import EngineAddress, running_engines
from studio.control.api import Adopted, EngineEnd, Nothing
from studio.control.client import ControlClient
from studio.control.window import ServerTrouble, WindowClosed, WindowRaise, WindowShown, WindowToLauncher
from studio.engine.contract import DestinationSecret, EngineReady, EngineToLauncher, KeepSecret, OpenEngine
from studio.engine.runtime import clean_at_end
from studio.launcher.adopted_window import AdoptedWindow, find_window
from studio.launcher.display import check_display
from studio.launcher.logs import log_file
from studio.launcher.raise_door import Door, knock, take_lock
from studio.launcher.signs import ask_engine, ask_server
from studio.launcher.wards import Ward, remove_dead
from studio.media import ErrorKind, StoaError, StudioClock
from studio.media.command_words import BAD_ARGUMENT, Words
from studio.media.database_url import parts_of
from studio.media.home import run_folder, stoa_home
from studio.process import ChildPlan, Fault, Loss, SupervisedChild
from studio.server.database_url import url_of
from studio.server.front import Front
from studio.server.known_names import NAME_HELP, further_name
from studio.server.standing import OpenServer, ServerReady
from studio.session import SessionClient, running_server
from studio.session.kept_database import KeptDatabase

ENGINE_END_S, SERVER_END_S, WINDOW_END_S = 20.0, 6.0, 4.0
SERVER_SILENT_S = 15.0
"""Its parts start each other again where one hangs; only a server that this does not bring back is ended."""
ENGINE_ANSWERS_S = 5.0
SERVER_WAITS_S = 3.0
NO_DISPLAY = 3
STILLBORN = 3
DEFAULT_PORT = 8470
DATABASE_VARIABLE = "STOA_DATABASE"
DATABASE_HELP = (
    f"the session server's data in PostgreSQL: postgresql://…, env:NAME, file:PATH (else {DATABASE_VARIABLE}, "
    "else what the settings have)"
)
log = logging.getLogger(__name__)


class Studio:
    """One studio. `run` blocks on the main thread, which takes the signals."""

    def __init__(self, started_ns: int, port: int | None, names: tuple[str, ...] = (), database: str = "") -> None:
        """`database`: PostgreSQL's URL for the session server's data; empty for what the settings have."""
        self._started_ns = started_ns
        self._database = database
        self._trouble = ""
        self._front = Front(port=port or 0, names=names)
        self._home = stoa_home()
        self._run = run_folder()
        self._log = log_file("studio")
        self._secrets: dict[str, DestinationSecret] = {}
        self._over = threading.Event()
        self._signal = 0
        self._problem = ""
        self._engine_lives = self._server_lives = 0
        self._stillborn = 0
        self._window_shown = False
        self._painted = threading.Event()
        self._window: SupervisedChild | AdoptedWindow | None = None
        self._window_lock = threading.Lock()
        self._engine = Ward(self._make_engine, self._adopt_engine(), ask=partial(ask_engine, self._run))
        self._server = Ward(
            self._make_server, self._adopt_server(), ask=partial(ask_server, self._run), silent_s=SERVER_SILENT_S
        )
        self._adopted = self._engine.adopted or self._server.adopted

    def run(self) -> int:
        """Until the window closes, or a signal; returns the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        self._engine.start()
        self._window = find_window(self._run, self._from_window, self._adopted_window_gone)
        if self._window is not None:
            self._adopted = True
            self._painted.set()
        self._open_window()
        threading.Thread(target=self._start_server, name="server start", daemon=True).start()
        door = Door(self._run, self._on_knock)
        try:
            while not self._over.wait(0.25) and not self._signal:
                self._engine.check()
                self._server.check()
                window = self._window
                if window is not None:
                    window.check()
        finally:
            door.close()
            self._end()
        if self._problem:
            sys.stderr.write(f"stoa: {self._problem}\n")
            return BAD_ARGUMENT
        return {signal.SIGINT: 130, signal.SIGTERM: 143}.get(signal.Signals(self._signal), 1) if self._signal else 0

    def _end(self) -> None:
        """Everything in order: the window, the engine (its recording is closed), then the server."""
        with self._window_lock:
            window, self._window = self._window, None
        if isinstance(window, AdoptedWindow):
            window.end(WINDOW_END_S)
        elif window is not None:
            window.end()
        self._engine.end(self._end_adopted_engine, ENGINE_END_S)
        self._server.end(self._end_adopted_server, SERVER_END_S)
        clean_at_end(self._home)  # what had to be ended by force left its address, and its pictures' memory
        remove_dead(self._run)

    # -- the engine --------------------------------------------------------------------------------------------------

    def _make_engine(self) -> SupervisedChild:
        return SupervisedChild(
            ChildPlan(
                "engine",
                EngineToLauncher,
                opening=self._open_engine,
                on_message=self._from_engine,
                end_limit_s=ENGINE_END_S,
            ),
            log_to=self._log,
        )

    def _open_engine(self) -> list[msgspec.Struct]:
        self._engine_lives += 1
        return [
            OpenEngine(
                home=str(self._home),
                started_ns=self._started_ns,
                resume=self._engine_lives > 1 or self._engine.adopted,
                secrets=dict(self._secrets),
                adoptable=True,
            )
        ]

    def _from_engine(self, message: EngineToLauncher | Fault) -> None:
        match message:
            case KeepSecret(id=identity, address=None):
                self._secrets.pop(identity, None)
            case KeepSecret(id=identity, address=address) if address is not None:
                self._secrets[identity] = address
            case EngineReady():
                log.info("the engine is there")

    def _adopt_engine(self) -> int | None:
        for address in running_engines(self._run):
            if address.adoptable:
                try:
                    adopted = asyncio.run(_adopt(address))
                except StoaError as error:
                    log.warning("the running engine cannot be adopted: %s", error)
                    continue
                self._secrets = {key: DestinationSecret(item.url, item.secret) for key, item in adopted.secrets.items()}
                self._engine_lives = 1
                return address.pid
        return None

    def _end_adopted_engine(self, pid: int) -> None:
        for address in running_engines(self._run):
            if address.pid == pid:
                try:
                    asyncio.run(_end(address))
                except StoaError as error:
                    log.warning("the engine does not answer: %s", error)

    # -- the session server ------------------------------------------------------------------------------------------

    def _make_server(self) -> SupervisedChild:
        return SupervisedChild(
            ChildPlan(
                "server",
                ServerReady,
                opening=self._open_server,
                on_message=self._from_server,
                end_limit_s=SERVER_END_S,
            ),
            log_to=self._log,
        )

    def _open_server(self) -> list[msgspec.Struct]:
        self._server_lives += 1
        resume = self._server_lives > 1 or self._adopted
        data, run = str(self._home / "server"), str(self._run)
        return [OpenServer(data, run, self._front, resume=resume, database=self._database)]

    def _start_server(self) -> None:
        """The window is painted first: what the server loads would take the processor from it."""
        self._painted.wait(SERVER_WAITS_S)
        if not self._database:
            try:
                self._database = KeptDatabase(self._home).find()  # the keyring may wait for its person
            except StoaError as error:
                self._tell_trouble(str(error))
                return  # never another database than the chosen one
        if not self._over.is_set():
            self._server.start()

    def _tell_trouble(self, words: str) -> None:
        """The window says why there is no session; words of before are taken back by empty ones."""
        if words:
            log.error("the session server: %s", words)
        if words != self._trouble:
            self._trouble = words
            self._send_trouble()

    def _send_trouble(self) -> None:
        with self._window_lock:
            if self._window is not None:
                self._window.send(ServerTrouble(self._trouble))

    def _from_server(self, message: ServerReady | Fault) -> None:
        if isinstance(message, ServerReady):
            self._front = msgspec.structs.replace(self._front, port=message.port)
            self._tell_trouble("")
        else:
            self._tell_trouble(f"{message.message} {message.remedy}".strip())

    def _adopt_server(self) -> int | None:
        try:
            address = running_server(self._run)
        except StoaError:
            return None
        self._front = msgspec.structs.replace(self._front, port=address.port)
        return address.pid

    def _end_adopted_server(self, pid: int) -> None:
        try:
            asyncio.run(_end_server())
        except StoaError as error:
            log.warning("the session server does not answer: %s", error)

    # -- the window --------------------------------------------------------------------------------------------------

    def _open_window(self) -> None:
        with self._window_lock:
            window = self._window
            if isinstance(window, AdoptedWindow) or (window is not None and window.alive):
                window.send(WindowRaise())
                return
            self._window = SupervisedChild(
                ChildPlan(
                    "window",
                    WindowToLauncher,
                    opening=lambda: (),
                    on_message=self._from_window,
                    on_lost=self._on_window_lost,
                    end_limit_s=WINDOW_END_S,
                ),
                log_to=self._log,
            )
            self._window.start()

    def _adopted_window_gone(self) -> None:
        with self._window_lock:
            lost = isinstance(self._window, AdoptedWindow)
            if lost:
                self._window = None
        if lost and not self._over.is_set():
            self._open_window()

    def _on_knock(self) -> None:
        self._open_window()

    def _from_window(self, message: WindowToLauncher | Fault) -> None:
        match message:
            case WindowShown(after_ms=after_ms):
                self._window_shown = True
                self._painted.set()
                if self._trouble:
                    self._send_trouble()
                log.info("the window was painted after %.0f ms", after_ms)
            case WindowClosed(keep_on_air=keep_on_air):
                with self._window_lock:
                    window, self._window = self._window, None
                if isinstance(window, SupervisedChild):
                    window.end(wait=False)
                if not keep_on_air:
                    self._over.set()
            case Fault():
                self._problem = f"{message.message} {message.remedy}".strip()

    def _on_window_lost(self, loss: Loss) -> None:
        if loss.status == NO_DISPLAY:
            self._problem = "There is no display to open the window on. Start a desktop first, or use stoa live."
            self._over.set()
        elif not self._window_shown:
            self._stillborn += 1
            if self._stillborn >= STILLBORN:
                self._problem = f"The window cannot be opened ({loss.words}). Its log is {self._log.name}."
                self._over.set()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signal = self._signal or number


async def _adopt(address: EngineAddress) -> Adopted:
    client = await ControlClient.connect(address)
    try:
        adopted: Adopted = await client.call("engine.adopt", Nothing())
        return adopted
    finally:
        await client.close()


async def _end(address: EngineAddress) -> None:
    client = await ControlClient.connect(address)
    try:
        await client.call("engine.end", EngineEnd(force=True), limit_s=ENGINE_ANSWERS_S)
    finally:
        await client.close()


async def _end_server() -> None:
    client = await SessionClient.join_as_owner()
    try:
        await client.end_server()
    finally:
        await client.close()


def studio(argv: Sequence[str]) -> int:
    """Open the studio, or the window of the one that runs. Returns the exit status."""
    started_ns = StudioClock().now_ns()
    parser = Words(prog="stoa", description="The studio: window, engine and embedded session server.")
    parser.add_argument("--port", type=int, default=None, help=f"TCP port of the session server ({DEFAULT_PORT})")
    parser.add_argument("--name", action="append", default=[], dest="names", metavar="NAME", help=NAME_HELP)
    parser.add_argument("--database", default="", metavar="URL", help=DATABASE_HELP)
    given = parser.parse_args(argv)
    database = _database(given.database)
    if given.port is not None and not 0 <= given.port <= 65535:
        raise StoaError(ErrorKind.BAD_ARGUMENT, f"{given.port} is no port.", remedy="Take 1 to 65535.", permanent=True)
    try:
        names = tuple(map(further_name, given.names))
    except ValueError as wrong:
        raise StoaError(ErrorKind.BAD_ARGUMENT, str(wrong), permanent=True) from wrong
    check_display()
    folder = _own_folder()
    lock = take_lock(folder)
    if lock is None:
        if knock(folder):
            return 0
        raise StoaError(
            ErrorKind.BUSY, "Stoa is starting or ending at this moment.", remedy="Try again in some seconds."
        )
    with lock:
        return Studio(started_ns, given.port, names, database).run()


def _database(given: str) -> str:
    """PostgreSQL's URL of the argument, else of the environment; empty for none. Raises StoaError without the URL."""
    of_environment = os.environ.pop(DATABASE_VARIABLE, "").strip()  # no child needs it
    try:
        if given:
            return url_of(given, "stoa")
        if of_environment and parts_of(of_environment) is None:
            raise ValueError(f"{DATABASE_VARIABLE} is postgresql://USER:PASSWORD@HOST/NAME. Set it so, or not at all.")
    except ValueError as wrong:
        raise StoaError(ErrorKind.BAD_ARGUMENT, str(wrong), permanent=True) from wrong
    return of_environment


def _own_folder() -> Path:
    folder = run_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as cause:
        raise StoaError(
            ErrorKind.DENIED,
            f"Stoa's folder {stoa_home()} cannot be written ({cause.strerror}).",
            remedy="Change its permissions, or set STOA_HOME to another folder.",
            permanent=True,
        ) from cause
    return folder
