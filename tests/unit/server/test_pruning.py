"""What nobody needs any more goes after its time, and nothing that somebody still needs."""

from __future__ import annotations

from sqlalchemy import select

from studio.server.audit_chain import verify
from studio.server.model import PersonRow, SignInRow, TokenRow
from studio.server.pruning import EVERY_S, KEPT_S, LONG_GONE_S
from studio.server.record import Transaction
from studio.server.sign_ins import SIGN_IN_LIFE_S
from studio.server.tokens import TOKEN_LIFE_S
from tests.fakes.account_holder import ask_sign_in, signed_up
from tests.fakes.server_house import Place


async def ids(place: Place, table: type[PersonRow] | type[TokenRow] | type[SignInRow]) -> set[str]:
    def work(transaction: Transaction) -> set[str]:
        return set(transaction.db.scalars(select(table.id)))

    return await place.house.record.run(work)


async def later(place: Place, seconds: float) -> None:
    place.wall.forward(seconds)
    place.clock.forward(30)  # whoever does not come back has left
    await place.house.sweep()


async def test_sign_ins_and_tokens_go_some_time_after_their_end(place: Place) -> None:
    await place.house.sweep()
    await signed_up(place, "ada", "admin")
    ann = await place.join("Ann")
    assert (len(await ids(place, SignInRow)), len(await ids(place, TokenRow))) == (1, 1)
    await later(place, SIGN_IN_LIFE_S + KEPT_S - 1)
    assert (len(await ids(place, SignInRow)), len(await ids(place, TokenRow))) == (1, 1)
    assert (await ask_sign_in(place, "ada")).status_code == 200
    await later(place, max(2, EVERY_S))
    assert (len(await ids(place, SignInRow)), len(await ids(place, TokenRow))) == (1, 0), "the new sign-in stays"
    assert ann.id in await ids(place, PersonRow), "the person stays for longer"
    assert place.house.store.run_now(verify).broken == ""


async def test_who_came_once_to_watch_is_forgotten_and_everyone_else_is_not(place: Place) -> None:
    await place.house.sweep()
    eva, host = await place.join("Eva", "admin"), await place.host()
    ada = await (await signed_up(place, "ada", "director")).join(session="studio")
    quiet, wrote, banned = await place.join("Quiet"), await place.join("Wrote"), await place.join("Banned")
    kicked, muted = await place.join("Kicked"), await place.join("Muted")
    await wrote.say("Hello")
    await eva.command("ban", banned.id)
    await eva.command("kick", kicked.id)
    await eva.command("announce", muted.id, "Careful.", to="person")
    async with quiet.socket() as line:
        await line.until("welcome")
    everyone = {one.id for one in (eva, host, ada, quiet, wrote, banned, kicked, muted)}
    await later(place, LONG_GONE_S - 2 * EVERY_S)
    assert await ids(place, PersonRow) == everyone
    await later(place, 3 * EVERY_S)
    assert await ids(place, PersonRow) == everyone - {quiet.id}
    assert TOKEN_LIFE_S + KEPT_S < LONG_GONE_S, "a person goes after their last token"
    joined = await place.call(
        "POST", "/api/v1/join", json={"invite": (await place.invite())["invite"], "name": "Banned"}
    )
    assert joined.json()["code"] == "removed", "the ban still holds"
    assert await place.house.record.run(lambda t: t.head("studio")) > 5, "the record is whole"


async def test_who_had_a_time_set_as_somebody_else_is_forgotten_too(place: Place) -> None:
    """The ends of a browser's first person are the second one's as well, whom no command was about."""
    await place.house.sweep()
    eva, invite = await place.join("Eva", "admin"), (await place.invite())["invite"]
    async with place.client(headers={"Origin": place.base}) as browser:
        body = {"invite": invite, "name": "One"}
        first = (await browser.post("/api/v1/join", json=body)).json()["person"]["id"]
        assert (await eva.command("grant", first, ends={"data": 60})).status_code == 200
        await browser.post("/api/v1/leave")
        second = (await browser.post("/api/v1/join", json={**body, "name": "Two"})).json()["person"]["id"]
    await later(place, SIGN_IN_LIFE_S + KEPT_S + 1)
    await later(place, LONG_GONE_S)
    assert await ids(place, PersonRow) == {eva.id, first}
    assert second != first and not place.house.failing


async def test_it_is_done_once_an_hour_and_not_at_each_look(place: Place) -> None:
    rounds = 0
    record = place.house.pruning._record
    run = record.run

    async def counted(work: object) -> object:
        nonlocal rounds
        rounds += getattr(work, "__name__", "") == "prune"
        return await run(work)  # type: ignore[arg-type]

    record.run = counted  # type: ignore[method-assign, assignment]
    for _ in range(5):
        await place.house.sweep()
    assert rounds == 1
    place.wall.forward(EVERY_S)
    await place.house.sweep()
    assert rounds == 2
