"""What the parent of the two processes and the people process say to each other, beside what goes on to the router."""

from __future__ import annotations

import msgspec

from studio.server.front import Front, Shared
from studio.server.router_pipe import PeopleToRouter, RouterToPeople


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """Parent to people, first: the data folder, the owner's run token, where to listen, and what was shared before.

    `database`: PostgreSQL's URL, a secret, or empty for SQLite in the folder.
    """

    folder: str
    owner_token: str
    front: Front
    shared: Shared | None = None
    database: str = ""

    def __repr__(self) -> str:
        return f"Begin({self.folder!r}, {self.front!r}, {self.shared!r})"


class RouterDown(msgspec.Struct, frozen=True, tag="router_down"):
    """Parent to people: the router is gone. Its RouterState says that it is back."""


class Listening(msgspec.Struct, frozen=True, tag="listening"):
    """People to parent: ready. `base` is where it was asked to listen, `local_base` plain HTTP on loopback."""

    base: str
    local_base: str
    links_base: str
    port: int
    local_port: int


class Remember(msgspec.Struct, frozen=True, tag="remember"):
    """People to parent: what is shared now; the next life gets it in Begin."""

    shared: Shared | None


class EndAsked(msgspec.Struct, frozen=True, tag="end_asked"):
    """People to parent: the owner asks the whole server to end."""


ParentToPeople = Begin | RouterDown | RouterToPeople
PeopleToParent = Listening | Remember | EndAsked | PeopleToRouter
