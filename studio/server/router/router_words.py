"""The router's refusals, each with its HTTP status."""

from __future__ import annotations

from studio.media import ErrorKind, StoaError

_STATUS = {
    ErrorKind.BAD_DATA: 400,
    ErrorKind.DENIED: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.NOT_SUPPORTED: 406,
    ErrorKind.CONFLICT: 412,
    ErrorKind.BAD_ARGUMENT: 422,
    ErrorKind.BUSY: 503,
}
RETRY_AFTER_S = 2


class OneHasEnough(StoaError):
    """One person, or one address, has as many connections as each may: others are still let in."""


def http_status(error: StoaError) -> int:
    """The status that a client gets for a refusal of the router."""
    if isinstance(error, OneHasEnough):
        return 429
    return _STATUS.get(error.kind, 500)


def too_many(limit: int) -> StoaError:
    """The router carries as many connections as it may."""
    return StoaError(
        ErrorKind.BUSY, f"{limit} connections are open, and more are not taken.", remedy="Try again a little later."
    )


def one_has_enough(limit: int) -> StoaError:
    """This person has as many connections as one may."""
    return OneHasEnough(
        ErrorKind.BUSY, f"You have {limit} connections open, and more are not taken.", remedy="Close one of them first."
    )


def address_has_enough(limit: int) -> StoaError:
    """Those who come from this address have as many connections as one address may."""
    return OneHasEnough(
        ErrorKind.BUSY,
        f"{limit} connections from your address are open, and more are not taken.",
        remedy="Try again when one of them has ended.",
    )


def not_listening() -> StoaError:
    """No Reach has come yet, or none of its addresses could be used."""
    return StoaError(ErrorKind.BUSY, "The media router has no address to listen on yet.", remedy="Try again shortly.")


def wrong_etag() -> StoaError:
    """A PATCH for an ICE session that has been replaced."""
    return StoaError(
        ErrorKind.CONFLICT,
        "These candidates belong to an earlier ICE session of this connection.",
        remedy="Send the ETag of the answer in If-Match.",
        permanent=True,
    )


def no_restart() -> StoaError:
    """An ICE restart is asked for."""
    return StoaError(
        ErrorKind.BAD_ARGUMENT,
        "An ICE restart is not taken: a connection follows a peer that moves by itself.",
        remedy="Post a new offer; it takes over from this connection.",
        permanent=True,
    )


def no_connection() -> StoaError:
    """For a resource that is not there, or is somebody else's."""
    return StoaError(
        ErrorKind.NOT_FOUND,
        "There is no such connection (any more).",
        remedy="Make a new one with an offer.",
        permanent=True,
    )
