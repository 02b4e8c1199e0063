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
HOUSE = "stoa.house"
"""Where a request's scope holds the house."""
RENEW_PATH = "/api/v1/renew"
VISITOR_LIFE_S = 365 * 86400


def house_of(connection: HTTPConnection) -> House:
    """The house that this application serves."""
    house: House = connection.scope[HOUSE]
    return house


def is_secure(connection: HTTPConnection) -> bool:
    """Whether it came by HTTPS, as the client sees it."""
    return connection.scope["scheme"] in ("https", "wss")


def own_cookie(connection: HTTPConnection, name: str) -> str:
    """A cookie's name at this server. `__Host-` with HTTPS: no page in clear, and no other host, can put one there."""
    return f"__Host-{name}" if is_secure(connection) else name


def cookie_name(connection: HTTPConnection) -> str:
    """Names the server, since browsers keep one jar for all ports of an address."""
    return own_cookie(connection, f"stoa_{house_of(connection).server_id}")


def visitor_cookie(connection: HTTPConnection) -> str:
    """Beside it: what stays when somebody leaves (studio.server.visitors)."""
    return own_cookie(connection, f"stoa_visitor_{house_of(connection).server_id}")


def renewal_cookie(connection: HTTPConnection) -> str:
    """Goes to RENEW_PATH only, which `__Host-` does not let a cookie say."""
    name = f"stoa_{house_of(connection).server_id}_renewal"
    return f"__Secure-{name}" if is_secure(connection) else name


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
    cookie = connection.cookies.get(cookie_name(connection), "")
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
