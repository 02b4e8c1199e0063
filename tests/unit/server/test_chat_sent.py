"""A message under an id that was taken: once, as long as the record stands; what is only for that goes after a day."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, func, select

from studio.server.chat_model import SentRow
from studio.server.chat_sent import KEPT_S, PRUNED_EVERY_S
from tests.fakes.server_house import Place


async def forget(place: Place) -> None:
    """As a database is that an older Stoa made: the record has the message, and nothing stands beside it."""
    await place.house.store.run(lambda db: db.execute(delete(SentRow)))


async def kept(place: Place) -> int:
    count = await place.house.store.run(lambda db: db.scalar(select(func.count()).select_from(SentRow)))
    assert count is not None
    return count


async def head(place: Place) -> int:
    seq: int = (await place.owner("GET", "/api/v1/sessions/studio")).json()["seq"]
    return seq


async def test_a_message_that_only_the_record_knows_is_acknowledged_once(place: Place) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    first = await ann.done("chat.send", "known-to-all", text="Hello :heart:  you")
    await forget(place)
    again = await ann.done("chat.send", "known-to-all", text="Hello :heart:  you")
    assert (again["seq"], again["already"], again["held"]) == (first["seq"], True, False)
    assert (await ann.ask("chat.send", "known-to-all", text="Another")).json()["code"] == "id_used"
    assert await ann.texts() == ["Hello ❤️ you"]
    await ben.done("chat.send", "known-to-all", text="Of somebody else")
    async with ann.socket() as line:
        await line.until("welcome")
        await line.send("chat.send", "known-to-all", text="Hello :heart:  you")
        assert (await line.until("ack"))["data"]["record"] == first["seq"]


async def test_a_deleted_message_stays_deleted_when_it_is_sent_again(place: Place) -> None:
    ann = await place.join("Ann")
    first = await ann.done("chat.send", "regretted", text="Oh no")
    await ann.done("chat.delete", message=first["seq"])
    await forget(place)
    assert (await ann.done("chat.send", "regretted", text="Oh no"))["already"]
    assert await ann.texts() == [""]


async def test_every_deed_that_only_the_record_knows_is_done_once(place: Place) -> None:
    host, ann = await place.host(), await place.join("Ann")
    seq = (await ann.done("chat.send", text="Hello"))["seq"]
    deeds: list[tuple[str, dict[str, Any]]] = [
        ("chat.react", {"message": seq, "emoji": "👍"}),
        ("chat.pin", {"message": seq}),
        ("chat.rules", {"slow_s": 3}),
        ("chat.mute", {"person": ann.id, "seconds": 60}),
        ("poll.open", {"question": "Q?", "options": ["a", "b"]}),
        ("chat.delete", {"message": seq}),
    ]
    for kind, data in deeds:
        first = await host.done(kind, f"once-{kind.replace('.', '-')}", **data)
        await forget(place)
        before = await head(place)
        again = await host.done(kind, f"once-{kind.replace('.', '-')}", **data)
        assert (again["seq"], again["already"]) == (first["seq"], True), kind
        assert await head(place) == before, kind


async def test_a_held_message_that_only_the_record_knows_waits_once(place: Place) -> None:
    host, ann = await place.host(), await place.join("Ann")
    await host.done("chat.rules", hold=True)
    await ann.done("chat.send", "waits-once", text="May I?")
    await forget(place)
    again = await ann.done("chat.send", "waits-once", text="May I?")
    assert again["held"] and again["already"]
    (held,) = (await host.chat())["held"]
    await host.done("chat.decide", "decide-once", held=held["held"], allow=True)
    await forget(place)
    again = await ann.done("chat.send", "waits-once", text="May I?")
    assert again["already"] and not again["held"]
    assert (await host.done("chat.decide", "decide-once", held=held["held"], allow=True))["already"]
    assert await ann.texts() == ["May I?"]


async def test_what_only_keeps_messages_from_having_two_effects_goes_after_a_day(place: Place) -> None:
    ann = await place.join("Ann")
    await place.house.sweep()
    await ann.done("chat.send", "an-old-one", text="Old")
    place.wall.forward(KEPT_S - 60)
    await ann.done("chat.send", "a-newer-one", text="Newer")
    place.clock.forward(PRUNED_EVERY_S)
    await place.house.sweep()
    assert await kept(place) == 2
    place.wall.forward(61)
    await place.house.sweep()
    assert await kept(place) == 2, "not more often than it must be"
    place.clock.forward(PRUNED_EVERY_S)
    await place.house.sweep()
    assert await kept(place) == 1
    assert (await ann.done("chat.send", "an-old-one", text="Old"))["already"], "the record still has it"
    assert (await ann.done("chat.send", "a-newer-one", text="Newer"))["already"]
    assert await ann.texts() == ["Old", "Newer"]


@pytest.mark.parametrize("slow_s", [3600])
async def test_the_longest_slow_mode_is_shorter_than_what_it_goes_by_is_kept(place: Place, slow_s: int) -> None:
    host, ann = await place.host(), await place.join("Ann")
    await host.done("chat.rules", slow_s=slow_s)
    await ann.done("chat.send", text="One")
    place.wall.forward(slow_s - 1)
    place.clock.forward(PRUNED_EVERY_S)
    await place.house.sweep()
    assert (await ann.ask("chat.send", text="Two")).json()["code"] == "too_fast"
