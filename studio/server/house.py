"""All parts of a running people process, wired together."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.media.clock import Clock, StudioClock
from studio.server.accounts import Accounts
from studio.server.admission import Admission
from studio.server.api import FIRST_SESSION, ErrorCode
from studio.server.bans import BansEnd
from studio.server.chat import Chat
from studio.server.commands import CommandDesk
from studio.server.errors import Refusal
from studio.server.grant_watch import GrantWatch
from studio.server.guard import Scope
from studio.server.hub import Hub
from studio.server.known_names import is_known
from studio.server.limits import RateLimit
from studio.server.media_line import MediaLine
from studio.server.messages import SessionState
from studio.server.mishap import in_short
from studio.server.model import ServerRow, SessionRow
from studio.server.on_air import OnAir
from studio.server.presence import Presence
from studio.server.pruning import Pruning
from studio.server.quality import QualityDesk
from studio.server.record import Record
from studio.server.router_pipe import Reach
from studio.server.schedule import Schedule
from studio.server.sharing import Sharing
from studio.server.store import Store
from studio.server.tokens import new_key
from studio.server.viewers import Viewers
from studio.server.wall import SystemWall, WallClock, iso

FIRST_TITLE = "Studio"
log = logging.getLogger(__name__)


@dataclass(slots=True)
class House:
    """What the paths work with. `sharing` is set once the listeners exist."""

    server_id: str
    store: Store
    record: Record
    hub: Hub
    presence: Presence
    viewers: Viewers
    admission: Admission
    accounts: Accounts
    schedule: Schedule
    chat: Chat
    commands: CommandDesk
    bans: BansEnd
    pruning: Pruning
    grants: GrantWatch
    line: MediaLine
    on_air: OnAir
    quality: QualityDesk
    clock: Clock
    wall: WallClock
    joins: RateLimit
    failures: RateLimit
    sharing: Sharing | None = None
    end: Callable[[], object] = lambda: None
    failing: set[str] = field(default_factory=set)
    in_doubt: bool = False

    def links_base(self) -> str:
        """Begins every link that is given to people."""
        return self.sharing.links_base if self.sharing else ""

    def goes_by(self, host: str) -> bool:
        """Whether a request with this Host header means this server."""
        return is_known(host, self.sharing.names() if self.sharing else ())

    def outside(self, scope: Scope) -> Scope:
        """As `Door`: the request as it was made in front of a reverse proxy. Raises Refusal(BAD_REQUEST)."""
        return self.sharing.proxies.outside(scope) if self.sharing else scope

    def admit(self, address: str) -> bool:
        """As `Door`: count a request that a proxy brings."""
        return self.sharing is None or self.sharing.counted.admit_behind(address)

    def gone(self, address: str) -> None:
        """As `Door`: it has ended."""
        if self.sharing is not None:
            self.sharing.counted.gone_behind(address)

    async def begin(self) -> None:
        """After a start: go on with what the last life left."""
        await self.presence.load()
        await self.bans.begin()
        await self.grants.begin()
        await self.commands.recover()
        await self.chat.begin()
        await self.schedule.begin()
        self.on_air.people_started()

    def close(self) -> None:
        """Finish what was begun."""
        self.accounts.passwords.close()
        self.store.close()

    def doubt(self) -> None:
        """Nobody knows whether something was committed: what people may do, and who is out."""
        self.admission.forget()
        self.in_doubt = True

    async def sweep(self) -> None:
        """Call a few times a second. Raises Refusal(DATABASE_AWAY); anything else keeps no sweeper from its turn."""
        for name, sweeper in self._sweepers().items():
            try:
                waiting = sweeper()
                if inspect.isawaitable(waiting):
                    await waiting
            except Exception as error:
                if isinstance(error, Refusal) and error.code is ErrorCode.DATABASE_AWAY:
                    raise
                if name not in self.failing:
                    log.error("the sweep of %s failed, and is tried again: %s", name, in_short(error))
                self.failing.add(name)
            else:
                self.failing.discard(name)

    def _sweepers(self) -> dict[str, Callable[[], Any]]:
        """Those that need no database come before those that end the round where it is away."""
        sweepers: dict[str, Callable[[], Any]] = {"quality": self.quality.sweep}
        if self.sharing is not None:
            sweepers["sharing"] = self.sharing.sweep
        return sweepers | {
            "commands": self.commands.sweep,
            "presence": self.presence.sweep,
            "chat": self.chat.sweep,
            "times": self.grants.sweep,
            "schedule": self.schedule.sweep,
            "bans": self._sweep_bans,
            "pruning": self.pruning.sweep,
        }

    async def _sweep_bans(self) -> None:
        if await self.bans.sweep():
            self.admission.forget()


def _identity(store: Store, wall: WallClock) -> tuple[str, bytes]:
    """The server's own id and key, and the first session; made at the first start."""

    def work(db: Session) -> tuple[str, bytes]:
        row = db.scalar(select(ServerRow))
        now = iso(wall.now_ms())
        if row is None:
            key = new_key()
            row = ServerRow(id=key[:4].hex(), signing_key=new_key(), created=now)
            db.add(row)
        if db.get(SessionRow, FIRST_SESSION) is None:
            db.add(
                SessionRow(
                    id=FIRST_SESSION,
                    title=FIRST_TITLE,
                    state=SessionState.WAITING.value,
                    since=now,
                    why="new",
                    needs_release=False,
                )
            )
        return row.id, row.signing_key

    return store.run_now(work)


def build(
    folder: Path,
    owner_token: str,
    send_to_router: Callable[[msgspec.Struct], object],
    *,
    clock: Clock | None = None,
    wall: WallClock | None = None,
    database: str = "",
) -> House:
    """Open the database (in `folder`, or PostgreSQL's URL) and wire everything. Raises StoaError as `Store.open`."""
    clock, wall = clock or StudioClock(), wall or SystemWall()
    store = Store.open(folder, database)
    server_id, key = _identity(store, wall)
    hub = Hub()
    record = Record(store, wall, hub)
    line = MediaLine(send_to_router)
    admission = Admission(record, wall, key, owner_token)
    bans = BansEnd(record, wall)
    on_air = OnAir(record, line, lambda: house.sharing.reach() if house.sharing else Reach(("127.0.0.1",)))
    grants = GrantWatch(record, wall, hub, on_air)
    failures = RateLimit(clock, burst=20, per_s=0.5)
    presence = Presence(record, clock)

    house = House(
        server_id=server_id,
        store=store,
        record=record,
        hub=hub,
        presence=presence,
        viewers=Viewers(presence),
        admission=admission,
        accounts=Accounts(record, clock, failures),
        schedule=Schedule(record, wall, lambda session: house.on_air.on_stage(session)),
        chat=Chat(record, hub, clock),
        commands=CommandDesk(record, hub, line, admission, clock, bans, grants),
        bans=bans,
        pruning=Pruning(record, wall),
        grants=grants,
        line=line,
        on_air=on_air,
        quality=QualityDesk(hub, line, clock, wall),
        clock=clock,
        wall=wall,
        joins=RateLimit(clock, burst=60, per_s=5.0),
        failures=failures,
    )
    hub.when_in_doubt = house.doubt
    hub.when_changed = admission.forget
    return house
