"""Who reads what: everyone, backstage, two people; by socket, replay, history and search, and by the present role."""

from __future__ import annotations

import pytest

from studio.server.chat_messages import ChatMessage
from tests.fakes.server_house import Guest, Place, fresh_id

ROLES = ("admin", "director", "broadcaster", "guest", "viewer")
TEAM = ("admin", "director", "broadcaster")


async def everyone(place: Place) -> dict[str, Guest]:
    return {role: await place.someone(f"The {role} here", role) for role in ROLES}


async def replayed(guest: Guest, after: int = 0) -> list[str]:
    async with guest.socket(after=after) as line:
        await line.until("welcome")
        return [each["data"]["text"] for each in line.seen if each["type"] == "chat.message"]


async def everywhere(guest: Guest, text: str, word: str) -> set[bool]:
    """Whether this person finds the message in each way there is."""
    status = (await guest.call("GET", "/api/v1/sessions/studio")).json()
    return {
        text in await replayed(guest),
        text in await guest.texts(),
        text in await guest.texts(f"search={word}"),
        text in [each["data"]["text"] for each in status["recent"] if each["type"] == "chat.message"],
    }


async def test_backstage_is_read_and_written_by_its_roles_only(place: Place) -> None:
    people = await everyone(place)
    await people["director"].done("chat.send", text="Mind the clock", channel="backstage")
    for role, guest in people.items():
        assert await everywhere(guest, "Mind the clock", "clock") == {role in TEAM}, role
        place.clock.forward(10)
        answer = await guest.ask("chat.send", text="Me too", channel="backstage")
        assert answer.status_code == (200 if role in TEAM else 403), role
        typing = await guest.ask("chat.typing", channel="backstage")
        assert typing.status_code == (200 if role in TEAM else 403), role
    assert (await place.owner("GET", "/api/v1/sessions/studio/chat?channel=backstage")).json()["messages"]


async def test_a_private_message_is_read_by_the_two_and_by_no_admin(place: Place) -> None:
    people = await everyone(place)
    ann = await place.join("Ann")
    sent = await ann.done("chat.send", text="My phone number", to=people["broadcaster"].id)
    for role, guest in people.items():
        assert await everywhere(guest, "My phone number", "phone") == {role == "broadcaster"}, role
    assert await everywhere(ann, "My phone number", "phone") == {True}
    owner = (await place.owner("GET", "/api/v1/sessions/studio/chat?search=phone")).json()
    assert owner["messages"] == []
    for role in ("admin", "viewer"):
        for kind, data in (
            ("chat.react", {"message": sent["seq"], "emoji": "👍"}),
            ("chat.delete", {"message": sent["seq"]}),
            ("chat.send", {"text": "I read it", "reply_to": sent["seq"]}),
        ):
            assert (await people[role].ask(kind, **data)).json()["code"] == "not_found", (role, kind)
    with_host = await ann.texts(f"with={people['broadcaster'].id}")
    assert with_host == ["My phone number"] and await ann.texts(f"with={people['admin'].id}") == []


async def test_what_is_done_to_a_private_message_is_seen_by_the_two_alone(place: Place) -> None:
    admin, host, ann = (
        await place.join("Adam", "admin"),
        await place.join("Hugo", "broadcaster"),
        await place.join("Ann"),
    )
    async with admin.socket() as at_admin, ann.socket() as at_ann:
        await at_admin.until("welcome")
        await at_ann.until("welcome")
        sent = await ann.done("chat.send", text="Secret", to=host.id)
        await host.done("chat.react", message=sent["seq"], emoji="👍")
        assert (await at_ann.until("chat.reaction"))["data"]["count"] == 1
        await ann.done("chat.delete", message=sent["seq"])
        await at_ann.until("chat.deleted")
        await ann.done("chat.send", text="Hello all")
        await at_admin.until("chat.message")
        kinds = [each["type"] for each in at_admin.seen]
        assert "chat.reaction" not in kinds and "chat.deleted" not in kinds
        assert [each["data"]["text"] for each in at_admin.seen if each["type"] == "chat.message"] == ["Hello all"]


@pytest.mark.parametrize("sender", ROLES)
@pytest.mark.parametrize("to", ROLES)
async def test_everyone_writes_to_the_team_and_the_team_to_anyone(place: Place, sender: str, to: str) -> None:
    one, other = await place.someone("Somebody", sender), await place.someone("Another", to)
    answer = await one.ask("chat.send", text="Psst", to=other.id)
    assert (answer.status_code == 200) is (sender in TEAM or to in TEAM)
    if answer.status_code != 200:
        assert answer.json()["code"] == "no_right"
        assert await other.texts() == []


async def test_a_private_message_goes_to_somebody_who_is_there(place: Place) -> None:
    admin, ann = await place.join("Adam", "admin"), await place.join("Ann")
    for to in ("p_nobody", admin.id):
        assert (await admin.ask("chat.send", text="Psst", to=to)).status_code in (400, 404)
    assert (await admin.ask("chat.send", text="Psst", to=ann.id, channel="backstage")).status_code == 400
    host = await place.host()
    await ann.done("chat.send", text="To the owner", to="owner")
    assert "To the owner" in await host.texts()
    await ann.call("POST", "/api/v1/leave")
    assert (await admin.ask("chat.send", text="Psst", to=ann.id)).status_code == 404


async def test_what_one_sees_goes_by_the_present_role(place: Place) -> None:
    admin, ann = await place.join("Adam", "admin"), await place.join("Ann")
    await admin.done("chat.send", text="before", channel="backstage")
    async with ann.socket() as line:
        await line.until("welcome")
        await promote(place, ann, "promote", "director")
        await admin.done("chat.send", text="meanwhile", channel="backstage")
        assert (await line.until("chat.message"))["data"]["text"] == "meanwhile"
        assert await everywhere(ann, "before", "before") == {True}
        await promote(place, ann, "demote", "viewer")
        await admin.done("chat.send", text="after", channel="backstage")
        await admin.done("chat.send", text="open")
        assert (await line.until("chat.message"))["data"]["text"] == "open"
    for word in ("before", "meanwhile", "after"):
        assert await everywhere(ann, word, word) == {False}


async def promote(place: Place, guest: Guest, action: str, role: str) -> None:
    order = {"id": fresh_id("command"), "action": action, "target": guest.id, "role": role}
    assert (await place.owner("POST", "/api/v1/sessions/studio/commands", json=order)).status_code == 200


async def test_a_reply_stands_where_the_message_does(place: Place) -> None:
    admin, ann = await place.join("Adam", "admin"), await place.join("Ann")
    open_one = await ann.done("chat.send", text="Open")
    back = await admin.done("chat.send", text="Back", channel="backstage")
    private = await ann.done("chat.send", text="Private", to=admin.id)
    for seq, good in (
        (open_one["seq"], {}),
        (back["seq"], {"channel": "backstage"}),
        (private["seq"], {"to": ann.id}),
    ):
        for more in ({}, {"channel": "backstage"}, {"to": ann.id}):
            answer = await admin.ask("chat.send", text="Re", reply_to=seq, **more)
            assert (answer.status_code == 200) is (more == good), (seq, more, answer.text)
            place.clock.forward(10)
    assert (await ann.ask("chat.send", text="Re", reply_to=back["seq"])).json()["code"] == "not_found"
    assert (await ann.ask("chat.send", text="Re", reply_to=999)).json()["code"] == "not_found"
    hand = await ann.done("hand", up=True)
    assert (await ann.ask("chat.send", text="Re", reply_to=hand["seq"])).json()["code"] == "not_found"


async def test_names_after_an_at_are_told_as_people(place: Place) -> None:
    ann, marie = await place.join("Ann"), await place.join("Ann Marie")
    async with marie.socket() as line:
        await line.until("welcome")
        await ann.done("chat.send", text="Hello @ann marie and @Nobody :wave:")
        message = await line.until("chat.message")
    assert message["data"] == ChatMessage(text="Hello @ann marie and @Nobody 👋", mentions=(marie.id,)).model_dump(
        mode="json"
    )


async def test_only_who_is_there_and_the_team_are_mentioned(place: Place) -> None:
    ann, away, eva = await place.join("Ann"), await place.join("Away"), await place.join("Eva", "admin")
    async with ann.socket() as line:
        await line.until("welcome")
        await ann.done("chat.send", text="@Ann @Away @Eva")
        message = await line.until("chat.message")
    assert message["data"]["mentions"] == [ann.id, eva.id] and away.id not in message["data"]["mentions"]


async def test_history_is_searched_by_words_and_by_pages(place: Place) -> None:
    ann = await place.join("Ann")
    for number in range(12):
        await ann.done("chat.send", text=f"Crème brûlée {number}" if number % 2 else f"100% ice_cream {number}")
        place.clock.forward(5)
    assert len(await ann.texts("search=CREME")) == 6
    assert await ann.texts("search=brul%207") == ["Crème brûlée 7"]
    assert await ann.texts("search=reme") == [], "not a part of a word"
    assert len(await ann.texts("search=cream%20ice")) == 6
    for poison in ("%25", "_", "' OR 1=1 --", "%25' OR '1'='1", "\\"):
        found = await ann.texts(f"search={poison}")
        assert len(found) in (0, 1), poison
    found: list[str] = []
    before = 0
    while True:
        page = (await ann.call("GET", f"/api/v1/sessions/studio/chat?search=creme&limit=2&before={before}")).json()
        found = [each["data"]["text"] for each in page["messages"]] + found
        if not page["more"]:
            break
        before = page["messages"][0]["seq"]
    assert found == [f"Crème brûlée {number}" for number in range(1, 12, 2)]
    assert (await ann.call("GET", f"/api/v1/sessions/studio/chat?search={'x' * 101}")).status_code == 400
    assert (await ann.call("GET", "/api/v1/sessions/studio/chat?channel=nowhere")).status_code == 400


async def test_typing_is_told_to_those_who_see_the_channel_and_kept_nowhere(place: Place) -> None:
    admin, ann = await place.join("Adam", "admin"), await place.join("Ann")
    async with admin.socket() as at_admin, ann.socket() as at_ann:
        await at_admin.until("welcome")
        await at_ann.until("welcome")
        before = (await ann.call("GET", "/api/v1/sessions/studio")).json()["seq"]
        await ann.done("chat.typing")
        typing = await at_admin.until("typing")
        assert typing["seq"] == 0
        assert typing["data"] == {"person": ann.id, "name": "Ann", "channel": "all"}
        for _ in range(5):
            await ann.done("chat.typing")  # more often than is told
        await admin.done("chat.typing", channel="backstage")
        assert (await ann.call("GET", "/api/v1/sessions/studio")).json()["seq"] == before
        await ann.done("chat.send", text="done")
        await at_admin.until("chat.message")
        await at_ann.until("chat.message")
        assert [each["type"] for each in at_admin.seen].count("typing") == 1
        assert "typing" not in [each["type"] for each in at_ann.seen]
        place.clock.forward(3)
        await ann.done("chat.typing")
        await at_admin.until("typing")
