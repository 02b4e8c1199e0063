"""Tokens that are dead in the database already: whoever is here by them is shown out, and their media ends."""

from __future__ import annotations

from sqlalchemy import select

from studio.server.errors import Refusal
from studio.server.house import House
from studio.server.messages import CloseCode
from studio.server.model import TokenRow
from studio.server.router_pipe import Done, EndReason, EndTokens


async def put_out(house: House, tokens: tuple[str, ...], words: str, why: EndReason = EndReason.REVOKED) -> None:
    """Close what is open by these tokens, and say `words`. Raises nothing where the media router is away."""
    house.admission.forget()
    if not tokens:
        return
    for connection in house.hub.of_tokens(tokens):
        connection.close(CloseCode.NOT_SIGNED_IN, words)
    try:
        await house.line.ask(Done, lambda n: EndTokens(n, tokens, why))
    except Refusal:
        return  # what the router carries is compared with the database when it is back


async def put_out_the_dead(house: House) -> None:
    """Close every line whose token died when nobody could say so. Their media ends by the router's state.

    Whom an admin removed has a farewell of their own (studio.server.commands).
    """
    query = select(TokenRow.id).where(TokenRow.dead, TokenRow.id.in_(house.hub.tokens))
    dead = await house.record.run(lambda t: tuple(t.db.scalars(query)))
    for connection in house.hub.of_tokens(dead):
        if not connection.barred:
            connection.close(CloseCode.NOT_SIGNED_IN, "You are not signed in here any more.")
