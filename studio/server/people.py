"""The people process, `stoa --child people`: HTTP, WebSocket and database, until its parent ends it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any

from studio.media.clock import NS_PER_S
from studio.media.errors import ErrorKind, StoaError
from studio.process.child import ChildLink, ChildPipes
from studio.server.app import create_app
from studio.server.error_codes import ErrorCode
from studio.server.errors import Refusal
from studio.server.house import House, build
from studio.server.listeners import Listeners
from studio.server.messages import CloseCode
from studio.server.mishap import in_short
from studio.server.parent_pipe import Begin, EndAsked, Listening, ParentToPeople, Remember, RouterDown
from studio.server.put_out import put_out_the_dead
from studio.server.router_pipe import (
    Answered,
    DescribeState,
    Done,
    PublisherStarted,
    PublisherStopped,
    Quality,
    Refused,
    RouterState,
    Trickled,
    ViewerJoined,
    ViewerLeft,
)
from studio.server.sharing import Sharing

SWEEP_EVERY_S = 0.25
BEAT_LIMIT_S = 10.0
"""The database's migrations and a busy machine: silence is no death before that."""
CATCH_UP_AFTER_S = 1
CATCH_UP_AT_MOST_S = 30
log = logging.getLogger(__name__)


def run(pipes: ChildPipes) -> None:
    """The child's entry point."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # it warns of each bad request: anyone could fill the log
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_People(pipes).live())


def _loop_factory() -> Any:
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None


class _People:
    """One life of the process."""

    def __init__(self, pipes: ChildPipes) -> None:
        self._pipes = pipes
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        self._stop = asyncio.Event()

    async def live(self) -> None:
        loop = asyncio.get_running_loop()

        def deliver(message: Any) -> None:
            loop.call_soon_threadsafe(self._inbox.put_nowait, message)

        def stop() -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._stop.set)

        self._link: ChildLink[Any] = ChildLink(self._pipes, ParentToPeople, deliver, on_stop=stop)
        self._link.start()
        ticking = asyncio.create_task(self._beat())
        begin = await self._first()
        if begin is None:
            ticking.cancel()
            return
        try:
            house = await asyncio.to_thread(self._build, begin)
        except StoaError as error:
            self._link.fault(error)
            return
        finally:
            ticking.cancel()
        try:
            await self._serve(house, begin)
        except StoaError as error:
            self._link.fault(error)
        finally:
            house.close()

    def _build(self, begin: Begin) -> House:
        return build(Path(begin.folder), begin.owner_token, self._link.send, database=begin.database)

    async def _first(self) -> Begin | None:
        getting, stopping = asyncio.create_task(self._inbox.get()), asyncio.create_task(self._stop.wait())
        await asyncio.wait({getting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not getting.done():
            getting.cancel()
            return None
        message = getting.result()
        if not isinstance(message, Begin):
            raise StoaError(ErrorKind.BAD_DATA, "The people process was not told what to begin with.")
        return message

    async def _serve(self, house: House, begin: Begin) -> None:
        house.end = lambda: self._link.send(EndAsked())
        app = create_app(house)
        listeners = Listeners(app)
        sharing = Sharing(
            listeners,
            Path(begin.folder),
            tell_router=house.line.tell,
            remember=lambda shared: self._link.send(Remember(shared)),
            clock=house.clock,
        )
        house.sharing = sharing
        follower = Follower(house)
        works = (self._handle(house, follower), follower.work_off(), self._sweep(house, follower), self._beat())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await house.begin()
            await sharing.open(begin.front, begin.shared)
            assert sharing.front is not None and sharing.local is not None
            self._link.send(
                Listening(
                    base=sharing.front.base,
                    local_base=sharing.local_base,
                    links_base=sharing.links_base,
                    port=sharing.front.port,
                    local_port=sharing.local.port,
                )
            )
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            house.hub.close_all(CloseCode.RESTART, "The server ends. Come back when it is there again.")
            await listeners.close_all()

    async def _beat(self) -> None:
        """Apart from the sweeps: a slow disk holds up the database's thread, and is no reason to be ended."""
        while True:
            self._link.beat(BEAT_LIMIT_S)
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _sweep(self, house: House, follower: Follower) -> None:
        away = False
        while True:
            try:
                await house.sweep()
                await follower.sweep()
                away = False
            except Refusal as refusal:  # the database is away: what was to be done is done when it is back
                if not away:
                    log.warning("%s", refusal)
                away = True
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _handle(self, house: House, follower: Follower) -> None:
        """What the router says: answers to questions at once, since who follows it asks too; the rest in order."""
        while True:
            message = await self._inbox.get()
            if isinstance(message, Answered | Done | Trickled | Refused):
                house.line.answered(message)
                continue
            if isinstance(message, RouterDown):
                house.line.lost()
            elif isinstance(message, RouterState):
                house.line.up = True
            follower.put(message)


class Follower:
    """Does what the router's messages ask for, one after the other. Belongs to the event loop.

    One that could not be done is not lost: as soon as the database answers, the router is asked for its whole state.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._orders: asyncio.Queue[Any] = asyncio.Queue()
        self._behind = False
        self._wait_s = CATCH_UP_AFTER_S
        self._again_ns = 0

    def put(self, message: Any) -> None:
        """Work this off when its turn comes."""
        self._orders.put_nowait(message)

    async def work_off(self) -> None:
        """Never ends."""
        while True:
            await self.one(await self._orders.get())

    async def one(self, message: Any) -> None:
        """Do what this message asks for. Raises nothing: what went wrong is logged."""
        try:
            await follow(self._house, message)
        except Refusal as refusal:
            self._behind |= refusal.code is ErrorCode.DATABASE_AWAY
            log.warning("the router did not do as it was told: %s", refusal.message)
        except Exception as error:
            self._behind = True
            log.error("the router's %s could not be followed: %s", type(message).__name__, in_short(error))
        else:
            if isinstance(message, RouterState) and not self._house.commands.unfinished:
                self._wait_s = CATCH_UP_AFTER_S

    async def sweep(self) -> None:
        """Call a few times a second: catch up, once the database answers. Raises nothing.

        The router's state comes after the commands, so that it is what the database says in the end.
        """
        now_ns = self._house.clock.now_ns()
        self._behind |= self._house.in_doubt
        self._house.in_doubt = False
        if now_ns < self._again_ns or not (self._behind or self._house.commands.unfinished):
            return
        self._again_ns = now_ns + self._wait_s * NS_PER_S
        try:
            await self._house.commands.recover()
            await put_out_the_dead(self._house)
        except Exception as error:
            self._behind = True
            if isinstance(error, Refusal) and error.code is ErrorCode.DATABASE_AWAY:
                return  # it was said when it went
            log.error("the commands could not be gone on with: %s", in_short(error))
        else:
            self._behind = False
            self._house.line.tell(DescribeState())
        self._wait_s = min(2 * self._wait_s, CATCH_UP_AT_MOST_S)  # until a state was followed


async def follow(house: House, message: Any) -> None:
    """Do what a message of the router asks for."""
    on_air = house.on_air
    match message:
        case RouterState():
            await on_air.router_said_all(message)
            if await house.viewers.are(message):
                house.admission.forget()
        case RouterDown():
            house.quality.lost()
            house.viewers.lost()
            await on_air.router_lost()
        case PublisherStarted():
            await on_air.publisher_started(message)
        case PublisherStopped():
            await on_air.publisher_stopped(message)
        case ViewerJoined():
            on_air.viewers_changed(message)
            if await house.viewers.joined(message):
                house.admission.forget()
        case ViewerLeft():
            on_air.viewers_changed(message)
            house.viewers.left(message)
        case Quality():
            house.quality.heard(message)
        case _:
            raise StoaError(ErrorKind.BAD_DATA, f"The parent sent an unexpected {type(message).__name__}.")
