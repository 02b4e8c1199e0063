"""The client keeps its token fresh: in time by itself, and late where it slept; nobody else notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from studio.media.errors import ErrorKind, StoaError
from studio.server.tokens import TOKEN_LIFE_S
from studio.session import LineChange, LineState, SessionClient, SessionEvent, Welcome, client, parse_link
from studio.session.calls import SessionError
from studio.session.messages import ErrorBody
from tests.fakes.server_house import Place, running_house


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with running_house(tmp_path) as place:
        yield place


async def ann(place: Place) -> SessionClient:
    return await SessionClient.join(parse_link((await place.invite())["link"]), "Ann")


async def test_it_renews_before_the_end_by_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "RENEWED_AT", 0.05 / TOKEN_LIFE_S)
    joined, renewed = await ann(place), asyncio.Event()
    first, seen = joined.bearer, []
    joined.on_renewed = renewed.set

    async def follow() -> None:
        async for event in joined.events():
            seen.append(event)

    following = asyncio.create_task(follow())
    try:
        place.wall.forward(TOKEN_LIFE_S - 1)
        async with asyncio.timeout(20):
            await renewed.wait()
        place.wall.forward(2)
        assert joined.bearer != first and (await joined.whoami()).person.name == "Ann"
        assert [one.state for one in seen if isinstance(one, LineChange)] in (
            [LineState.CONNECTING],
            [LineState.CONNECTING, LineState.CONNECTED],
        )
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await joined.close()


async def test_a_call_and_a_line_after_a_long_sleep_go_on_with_a_fresh_token(place: Place) -> None:
    joined = await ann(place)
    try:
        place.wall.forward(10 * TOKEN_LIFE_S)
        assert (await joined.say("Good morning.")).already is False
        place.wall.forward(10 * TOKEN_LIFE_S)
        states = []
        async with asyncio.timeout(20):
            async for event in joined.events():
                if isinstance(event, LineChange):
                    states.append(event.state)
                if isinstance(event, SessionEvent) and isinstance(event.data, Welcome):
                    break
        assert LineState.REFUSED not in states and states[-1] is LineState.CONNECTED
    finally:
        await joined.close()


async def test_one_that_was_brought_along_renews_itself_while_it_is_good(place: Place) -> None:
    first = await ann(place)
    again = SessionClient(first.base, first.session, bearer=first.bearer)
    try:
        await again.renew()
        place.wall.forward(TOKEN_LIFE_S)
        with pytest.raises(SessionError):
            await SessionClient(first.base, first.session, bearer=first.bearer).renew()
        assert (await again.say("Still here.")).seq > 0, "the renewal came with it"
    finally:
        await first.close()
        await again.close()


async def test_who_was_put_out_gets_no_fresh_token(place: Place) -> None:
    eva, joined = await place.join("Eva", "admin"), await ann(place)
    assert joined.me is not None
    await eva.command("kick", joined.me.person.id)
    try:
        with pytest.raises(SessionError) as refused:
            await joined.renew()
        assert refused.value.code == "removed"
        async with asyncio.timeout(20):
            last = [event async for event in joined.events()][-1]
        assert isinstance(last, LineChange) and (last.state, last.code) == (LineState.REFUSED, "removed")
    finally:
        await joined.close()


@pytest.mark.parametrize(
    "moment",
    [
        SessionError(ErrorBody("too_fast", "Too many.", "busy")),
        SessionError(ErrorBody("database_away", "The database is away.", "unreachable")),
        StoaError(ErrorKind.TIMEOUT, "It does not answer."),
        StoaError(ErrorKind.UNREACHABLE, "No route."),
    ],
)
async def test_a_renewal_that_fails_for_a_moment_is_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch, moment: StoaError
) -> None:
    monkeypatch.setattr(client, "RETRY_S", (0.01,))
    joined, failures = await ann(place), [moment, moment]
    renew = joined.renew

    async def not_yet() -> None:
        if failures:
            raise failures.pop()
        await renew()

    monkeypatch.setattr(joined, "renew", not_yet)
    place.wall.forward(10 * TOKEN_LIFE_S)
    states = []
    try:
        with pytest.raises(StoaError) as failed:
            await joined.say("Good morning.")
        assert failed.value is moment, "that it is over for good is not known"
        async with asyncio.timeout(20):
            async for event in joined.events():
                if isinstance(event, LineChange):
                    states.append((event.state, event.words))
                if isinstance(event, SessionEvent) and isinstance(event.data, Welcome):
                    break
        assert (LineState.RECONNECTING, str(moment)) in states and states[-1][0] is LineState.CONNECTED
    finally:
        await joined.close()


async def test_a_renewal_that_is_refused_for_good_ends_the_line(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    joined = await ann(place)

    async def never() -> None:
        raise SessionError(ErrorBody("invite_revoked", "The link was taken back.", "denied"))

    monkeypatch.setattr(joined, "renew", never)
    place.wall.forward(10 * TOKEN_LIFE_S)
    try:
        async with asyncio.timeout(20):
            last = [event async for event in joined.events()][-1]
        assert isinstance(last, LineChange) and (last.state, last.code) == (LineState.REFUSED, "not_signed_in")
    finally:
        await joined.close()
