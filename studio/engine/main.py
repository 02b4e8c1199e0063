"""The child "engine": its event loop, its launcher's pipe, its beginning and its orderly end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.control.server import ControlServer
from studio.engine.commands import Commands
from studio.engine.contract import DestinationSecret, EngineReady, KeepSecret, LauncherToEngine, OpenEngine, ShowPlan
from studio.engine.engine import Engine
from studio.engine.journal import read_journal
from studio.engine.plan import PlannedShow
from studio.engine.settings import Settings, load_settings, set_aside
from studio.engine.show import ProgramShape
from studio.media import StoaError, StudioClock
from studio.process import ChildLink, ChildPipes
from studio.process.log_size import keep_down
from studio.program.call_watch import left_behind

if TYPE_CHECKING:
    from studio.engine.attendance import Attendance
    from studio.engine.resident import Resident

BEAT_EVERY_S = 0.5
END_GRACE_S = 20.0
ALONE_LIMIT_S = 30.0
log = logging.getLogger(__name__)


def run(pipes: ChildPipes) -> None:
    """The engine's process."""
    sys.setswitchinterval(0.001)
    status = 0
    try:
        asyncio.run(_Life(pipes).live())
    except BaseException:
        if not left_behind:
            raise
        log.exception("the engine stopped")
        status = 1
    if left_behind:  # a thread is in a driver that hangs: the C library's end would wait for it
        logging.shutdown()
        os._exit(status)


class _Life:
    """One life of the engine."""

    def __init__(self, pipes: ChildPipes) -> None:
        self._opened: asyncio.Future[OpenEngine] | None = None
        self._link: ChildLink[LauncherToEngine] = ChildLink(
            pipes,
            LauncherToEngine,
            self._on_message,
            on_stop=self._on_stop,
            grace_s=END_GRACE_S,
            on_orphaned=self._on_orphaned,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._clock = StudioClock()
        self._secrets: dict[str, DestinationSecret] = {}
        self._home = Path()
        self._adoptable = False
        self._orphaned = False

    # -- the link's thread -------------------------------------------------------------------------------------------

    def _on_message(self, message: LauncherToEngine) -> None:
        assert self._loop is not None and self._opened is not None
        self._loop.call_soon_threadsafe(self._opened.set_result, message)

    def _on_stop(self) -> None:
        assert self._loop is not None and self._ending is not None
        self._loop.call_soon_threadsafe(self._ending.set)

    def _on_orphaned(self) -> None:
        """The launcher is gone. Under `stoa` the show goes on, for the next launcher; a plan ends with its launcher."""
        if self._adoptable:
            self._orphaned = True
            keep_down(self._home / "logs")  # as the launcher did
        else:
            self._link.stop()

    # -- the event loop ----------------------------------------------------------------------------------------------

    async def live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.create_future()
        self._ending = asyncio.Event()
        self._link.start()
        ended = asyncio.ensure_future(self._ending.wait())
        waiting: list[asyncio.Future[Any]] = [self._opened, ended]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not self._opened.done():
            return
        opening = self._opened.result()
        self._home, self._adoptable = Path(opening.home), opening.adoptable
        self._secrets = dict(opening.secrets)
        if opening.plan is not None:
            await self._run_plan(opening, opening.plan, self._home)
        else:
            await self._run_resident(opening, self._home)

    async def _run_plan(self, opening: OpenEngine, plan: ShowPlan, home: Path) -> None:
        shape = ProgramShape(
            plan.width_px,
            plan.height_px,
            plan.fps_num,
            plan.fps_den,
            plan.video_kbps,
            plan.audio_kbps,
            plan.encoder,
            plan.preset,
        )
        engine = self._engine(opening, home, shape, f"journal-{os.getppid()}")
        show = PlannedShow(engine, plan, self._link.send)
        running = asyncio.create_task(show.run(resumed=opening.resume))
        await self._serve(engine, None, None, running)
        show.end()
        await running
        await engine.close(keep_journal=False)

    async def _run_resident(self, opening: OpenEngine, home: Path) -> None:
        # What only the studio needs: stoa live starts without it.
        from studio.engine.attendance import Attendance
        from studio.engine.resident import Resident

        settings, broken = read_settings(home / "settings.json")
        journal = read_journal(home / "journal")
        engine = self._engine(opening, home, journal.shape if journal else settings.program, "journal")
        if broken:
            engine.notices.post(broken)
        resident = Resident(engine, settings)
        attendance = Attendance(engine)
        resident.restore(journal, self._secrets, resume=opening.resume)  # before a session is sought: it may be known
        beginning = asyncio.create_task(resident.begin(journal, resume=opening.resume))
        beginning.add_done_callback(_tell_failure)
        engine.headphones.set(resident.headphones)
        attendance.seek()
        await self._serve(engine, attendance, resident, None)
        beginning.cancel()
        await attendance.close()
        await engine.close(keep_journal=False)
        resident.close()

    def _engine(self, opening: OpenEngine, home: Path, shape: ProgramShape, journal_name: str) -> Engine:
        engine = Engine(
            home,
            shape,
            clock=self._clock,
            started_ns=opening.started_ns,
            keep_secret=self._keep_secret,
            log_to=sys.stderr.buffer,
            journal_name=journal_name,
            adoptable=opening.adoptable,
        )
        engine.start()
        return engine

    async def _serve(
        self,
        engine: Engine,
        attendance: Attendance | None,
        resident: Resident | None,
        running: asyncio.Task[None] | None,
    ) -> None:
        """Until the end is asked for, or the plan is over."""
        assert self._ending is not None
        commands = Commands(engine, self._ending.set, attendance, resident, self._secrets)
        server = ControlServer(commands.handlers, engine.follow)
        port = await server.start()
        engine.runtime.publish(port, server.token)
        self._link.send(EngineReady(os.getpid(), port, server.token))
        engine.probing.start()
        calm_collector()
        tending = asyncio.create_task(self._tend(engine, server))
        waiting: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._ending.wait())]
        if running is not None:
            waiting.append(running)
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            engine.probing.stop()  # the process would wait for what is tried
        await server.stop()
        tending.cancel()

    def _keep_secret(self, identity: str, address: DestinationSecret | None) -> None:
        if address is None:
            self._secrets.pop(identity, None)
        elif self._secrets.get(identity) == address:
            return
        else:
            self._secrets[identity] = address
        self._link.send(KeepSecret(identity, address))

    async def _tend(self, engine: Engine, server: ControlServer) -> None:
        """Once a second the desks; twice the heartbeat, while the program's clock goes on."""
        assert self._ending is not None
        ticks, turn, alone = -1, 0, 0
        while True:
            if engine.ticks != ticks:
                ticks = engine.ticks
                self._link.beat()
            turn += 1
            if turn % 2 == 0:
                engine.tend()
            idle = self._orphaned and not server.clients and not engine.show.live and not engine.recordings.active
            alone = alone + 1 if idle else 0
            if alone * BEAT_EVERY_S >= ALONE_LIMIT_S:
                log.info("nobody is left; the engine ends")
                self._ending.set()
            await asyncio.sleep(BEAT_EVERY_S)


def _tell_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("the beginning broke off", exc_info=task.exception())


def calm_collector() -> None:
    """What was loaded stays: the collector need not walk it again while pictures wait for the interpreter."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def read_settings(path: Path) -> tuple[Settings, str]:
    """The settings, and what to tell the host where the document could not be used (it is kept under another name)."""
    try:
        return load_settings(path), ""
    except StoaError as error:
        words = f"{error.message} Stoa began with fresh settings."
        try:
            return Settings(), f"{words} The old ones are kept as {set_aside(path).name}."
        except OSError:
            return Settings(), words
