"""From a request to the person who makes it: bearer or cookie, and the Origin check that belongs to a cookie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import HTTPConnection

from studio.server.admission import not_signed_in
from studio.server.caller import Caller, no_session
from studio.server.guard import SAFE_METHODS, bad_origin, foreign_origin
from studio.server.house import House
from studio.server.model import SessionRow

BEARER = "bearer "
VISITOR_LIFE_S = 365 * 86400


def house_of(connection: HTTPConnection) -> House:
    """The house that this application serves."""
    house: House = connection.app.state.house
    return house


def cookie_name(house: House) -> str:
    """Names the server, since browsers keep one jar for all ports of an address."""
    return f"stoa_{house.server_id}"


def visitor_cookie(house: House) -> str:
    """Beside it: what stays when somebody leaves (studio.server.visitors)."""
    return f"stoa_visitor_{house.server_id}"


def address_of(connection: HTTPConnection) -> str:
    """The client's address."""
    return connection.client.host if connection.client else ""


def bearer_of(headers: Mapping[str, str]) -> str:
    """The bearer of a request, empty for none."""
    value = headers.get("authorization", "")
    return value[len(BEARER) :].strip() if value.lower().startswith(BEARER) else ""


async def caller_of(connection: HTTPConnection) -> Caller:
    """Who asks. Raises Refusal(NOT_SIGNED_IN, REMOVED, INVITE_REVOKED, BAD_ORIGIN)."""
    house = house_of(connection)
    address = address_of(connection)
    if bearer := bearer_of(connection.headers):
        return await house.admission.identify(bearer, address)
    cookie = connection.cookies.get(cookie_name(house), "")
    if not cookie:
        raise not_signed_in()
    safe = connection.scope["type"] == "http" and connection.scope["method"] in SAFE_METHODS
    if not safe and (foreign_origin(connection.scope) or "origin" not in connection.headers):
        raise bad_origin()
    return await house.admission.identify(cookie, address)


async def caller_in(connection: HTTPConnection, session: str) -> Caller:
    """Who asks, in this session. Raises Refusal as `caller_of`, and NOT_FOUND for a session that is not theirs."""
    caller = await caller_of(connection)
    caller.require_session(session)
    found = await house_of(connection).record.run(lambda transaction: transaction.db.get(SessionRow, session))
    if found is None:
        raise no_session(session)
    return replace(caller, session_id=session)
