"""The media router's process: `stoa --child router`."""

from __future__ import annotations

import asyncio
import gc
import logging
import queue
import threading

import msgspec

from studio.media import ErrorKind, StoaError, StudioClock
from studio.process.child import ChildLink, ChildPipes
from studio.server.descriptors import raise_limit
from studio.server.router import router_words
from studio.server.router.router import Router
from studio.server.router_pipe import (
    DescribeQuality,
    DescribeState,
    Direction,
    Done,
    EndPerson,
    EndPublisher,
    EndResource,
    EndTokens,
    Offer,
    PeopleToRouter,
    Reach,
    Refused,
    SetEnds,
    SetMute,
    Trickle,
)

logger = logging.getLogger(__name__)
BEAT_S = 0.5


class RouterProcess:
    """Carries messages between the link's threads and the event loop, on which the router runs alone."""

    def __init__(self, pipes: ChildPipes) -> None:
        self._loop = asyncio.new_event_loop()
        self._outgoing: queue.SimpleQueue[msgspec.Struct | None] = queue.SimpleQueue()
        self._link: ChildLink[PeopleToRouter] = ChildLink(
            pipes, PeopleToRouter, self._received, on_stop=self._stop_soon
        )
        self._router = Router(self._loop, StudioClock(), self._outgoing.put)

    def run(self) -> None:
        """Serve until the owner says End or is gone."""
        writer = threading.Thread(target=self._write, name="writer", daemon=True)
        writer.start()
        self._router.start()
        self._outgoing.put(self._router.state())
        self._link.start()
        self._beat()
        # What exists by now stays: collections need not look at it, and a full one would hold packets up.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        try:
            self._loop.run_forever()
        finally:
            self._router.close()
            self._outgoing.put(None)
            writer.join(1.0)
            self._loop.close()

    def _beat(self) -> None:
        """From the loop that forwards: a router that hangs falls silent. Sent by the writer, which may block."""
        self._outgoing.put(_BEAT)
        self._loop.call_later(BEAT_S, self._beat)

    def _write(self) -> None:
        while (message := self._outgoing.get()) is not None:
            if message is _BEAT:
                self._link.beat()
            else:
                self._link.send(message)

    def _received(self, message: PeopleToRouter) -> None:
        """On the link's thread."""
        self._loop.call_soon_threadsafe(self._obey, message)

    def _stop_soon(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _obey(self, message: PeopleToRouter) -> None:
        try:
            answer = self._answer(message)
        except StoaError as refusal:
            answer = _refusal(message, refusal)
        except Exception:
            logger.exception("the router could not obey %s", type(message).__name__)
            failure = StoaError(ErrorKind.INTERNAL, "The media router failed at this request.", remedy="Try again.")
            answer = _refusal(message, failure)
        if answer is not None:
            self._outgoing.put(answer)

    def _answer(self, message: PeopleToRouter) -> msgspec.Struct | None:
        router = self._router
        match message:
            case Reach(addresses, low, high):
                for failure in router.sockets.listen(addresses, low, high):
                    logger.error("%s", failure)
                    self._link.fault(failure)
                return None
            case DescribeState():
                return router.state()
            case DescribeQuality():
                return router.quality()
            case Offer():
                return router.take_offer(message)
            case Trickle():
                return router.take_trickle(message)
            case EndResource():
                router.end(router.owned(message.resource, message.token), message.why)
                return Done(message.request)
            case SetMute():
                changed = router.mute(message.session, message.person, message.kind, muted=message.muted)
                return Done(message.request, changed)
            case SetEnds():
                return Done(message.request, router.set_ends(message.session, message.person, message.ends))
            case EndPublisher():
                changed = router.end_where(
                    lambda one: (
                        one.offer.session == message.session
                        and one.direction is Direction.PUBLISH
                        and message.person in ("", one.offer.person)
                    ),
                    message.why,
                )
                return Done(message.request, changed)
            case EndPerson():
                changed = router.end_where(
                    lambda one: one.offer.session == message.session and one.offer.person == message.person,
                    message.why,
                )
                return Done(message.request, changed)
            case EndTokens():
                dead = frozenset(message.tokens)
                return Done(message.request, router.end_where(lambda one: one.offer.token in dead, message.why))


class _Beat(msgspec.Struct, frozen=True):
    """Stands in the queue for a heartbeat."""


_BEAT = _Beat()


def _refusal(message: PeopleToRouter, error: StoaError) -> Refused | None:
    request = getattr(message, "request", None)
    if request is None:
        logger.error("%s", error)
        return None
    status = router_words.http_status(error)
    retry_after_s = router_words.RETRY_AFTER_S if error.kind is ErrorKind.BUSY else 0
    return Refused(request, status, error.message, error.kind, error.remedy, retry_after_s)


def run(pipes: ChildPipes) -> None:
    """The child's entry."""
    raise_limit()
    RouterProcess(pipes).run()
