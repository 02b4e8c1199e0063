"""The child "engine": its event loop, its launcher's pipe, its beginning and its orderly end."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import IO, Any

from studio.control.api import SessionInfo
from studio.control.server import ControlServer
from studio.engine.commands import Commands
from studio.engine.contract import DestinationSecret, EngineReady, KeepSecret, LauncherToEngine, OpenEngine
from studio.engine.engine import Engine
from studio.engine.journal import read_journal
from studio.engine.plan import PlannedShow
from studio.engine.show import ProgramShape
from studio.media import StudioClock
from studio.process import ChildLink, ChildPipes

BEAT_EVERY_S = 0.5
END_GRACE_S = 20.0
log = logging.getLogger(__name__)


def run(pipes: ChildPipes) -> None:
    """The engine's process."""
    sys.setswitchinterval(0.001)
    asyncio.run(_Life(pipes).live())


class _Life:
    """One life of the engine."""

    def __init__(self, pipes: ChildPipes) -> None:
        self._opened: asyncio.Future[OpenEngine] | None = None
        self._link: ChildLink[LauncherToEngine] = ChildLink(
            pipes, LauncherToEngine, self._on_message, on_stop=self._on_stop, grace_s=END_GRACE_S
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._clock = StudioClock()

    def _on_message(self, message: LauncherToEngine) -> None:
        assert self._loop is not None and self._opened is not None
        self._loop.call_soon_threadsafe(self._opened.set_result, message)

    def _on_stop(self) -> None:
        assert self._loop is not None and self._ending is not None
        self._loop.call_soon_threadsafe(self._ending.set)

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
        home = Path(opening.home)
        (home / "logs").mkdir(parents=True, exist_ok=True)
        await self._run(opening, home, sys.stderr.buffer)

    async def _run(self, opening: OpenEngine, home: Path, log_to: IO[bytes]) -> None:
        assert self._ending is not None
        plan = opening.plan
        journal = read_journal(home / "journal") if opening.resume or plan is None else None
        if plan is not None:
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
        else:
            shape = journal.shape if journal is not None else ProgramShape()
        engine = Engine(
            home,
            shape,
            clock=self._clock,
            started_ns=opening.started_ns,
            keep_secret=self._keep_secret,
            log_to=log_to,
            journal_name=f"journal-{os.getppid()}" if plan is not None else "journal",
        )
        commands = Commands(engine, self._ending.set, lambda: SessionInfo(joined=False))
        server = ControlServer(commands.handlers, engine.follow)
        engine.start()
        show: PlannedShow | None = None
        running: asyncio.Task[None] | None = None
        if plan is not None:
            show = PlannedShow(engine, plan, self._link.send)
            running = asyncio.create_task(show.run(resumed=opening.resume))
        port = await server.start()
        engine.runtime.publish(port, server.token)
        self._link.send(EngineReady(os.getpid(), port, server.token))
        engine.probe_encoders()
        tending = asyncio.create_task(self._tend(engine))
        ending = asyncio.ensure_future(self._ending.wait())
        await asyncio.wait([ending, *([running] if running else [])], return_when=asyncio.FIRST_COMPLETED)
        if show is not None and running is not None:
            show.end()
            await running
        await server.stop()
        await engine.close(keep_journal=False)
        tending.cancel()

    def _keep_secret(self, destination_id: str, address: DestinationSecret | None) -> None:
        self._link.send(KeepSecret(destination_id, address))

    async def _tend(self, engine: Engine) -> None:
        """Once a second the desks; twice the heartbeat, while the program's clock goes on."""
        ticks, turn = -1, 0
        while True:
            if engine.clockwork.counters.ticks != ticks:
                ticks = engine.clockwork.counters.ticks
                self._link.beat()
            turn += 1
            if turn % 2 == 0:
                engine.tend()
            await asyncio.sleep(BEAT_EVERY_S)
