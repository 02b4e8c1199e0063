"""Moderation: rules that hold for the audience, the held queue, mutes; and the whole matrix of messages and roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.server.caller import Caller
from studio.server.chat import RIGHTS
from studio.server.chat_messages import AnyChatMessage
from studio.server.errors import Refusal
from studio.server.messages import CLIENT_MESSAGE
from studio.server.rights import Role, may
from tests.fakes.server_house import Guest, Place, fresh_id, running_house

RULES = "/api/v1/sessions/studio/chat/rules"


async def test_links_and_words_are_refused_to_the_audience_only(place: Place) -> None:
    host, ann = await place.host(), await place.join("Ann")
    await host.done("chat.rules", links=False, words=["Bäd*", "worse"])
    for text in ("see example.com", "example dot com", "b.a.d", "B A D", "badly", "w0rse"):
        answer = await ann.ask("chat.send", text=text)
        assert answer.json()["code"] == "text_bad", text
        assert (await ann.ask("chat.send", text=text, to=host.id)).json()["code"] == "text_bad", text
        place.clock.forward(5)
    await ann.done("chat.send", text="not forbad, nor embadly")
    await host.done("chat.send", text="bad: see example.com")
    assert await ann.texts() == ["not forbad, nor embadly", "bad: see example.com"]


async def test_the_rules_are_told_to_all_and_the_words_to_moderators(place: Place) -> None:
    host, ann = await place.host(), await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        await host.done("chat.rules", slow_s=30, links=False, hold=True, words=["Nasty  Word", "nasty word"])
        assert (await line.until("chat.rules"))["data"] == {"slow_s": 30, "links": False, "hold": True}
        assert "nasty" not in str(line.seen).casefold()
    assert (await ann.chat())["rules"] == {"slow_s": 30, "links": False, "hold": True}
    assert (await ann.call("GET", RULES)).json()["code"] == "no_right"
    full = (await host.call("GET", RULES)).json()
    assert full == {"slow_s": 30, "links": False, "hold": True, "words": ["nasty word"], "commands": []}
    assert (await host.ask("chat.rules", words=["!!!"])).json()["code"] == "bad_request"
    assert (await host.call("GET", RULES)).json() == full
    (audited,) = [each for each in await place.audit() if each["action"] == "chat.rules"]
    assert audited["words"].startswith("Slow mode 30 s, links off, hold on")


async def test_slow_mode_is_for_each_person_but_the_team_and_survives_a_restart(tmp_path: Path) -> None:
    async with running_house(tmp_path) as place:
        host, ann, ben = await place.host(), await place.join("Ann"), await place.join("Ben")
        await host.done("chat.rules", slow_s=60)
        await ann.done("chat.send", text="one")
        place.clock.forward(10)
        refused = await ann.ask("chat.send", text="two")
        assert refused.json()["code"] == "too_fast" and refused.headers["Retry-After"] == "60"
        await ben.done("chat.send", text="another person")
        await host.done("chat.send", text="a")
        await host.done("chat.send", text="b")
    async with running_house(tmp_path) as place:
        again = Guest(place, ann.bearer, {"id": ann.id, "name": "Ann"})
        place.wall.forward(59)
        assert (await again.ask("chat.send", text="two")).headers["Retry-After"] == "1"
        place.wall.forward(1)
        await again.done("chat.send", text="two")


async def test_a_held_message_waits_is_read_and_appears_at_its_release(place: Place) -> None:
    host, ann, ben = await place.host(), await place.join("Ann"), await place.join("Ben")
    await host.done("chat.rules", hold=True)
    async with host.socket() as at_host, ann.socket() as at_ann, ben.socket() as at_ben:
        for line in (at_host, at_ann, at_ben):
            await line.until("welcome")
        first = await ann.done("chat.send", "held-one", text="!help me")
        second = await ann.done("chat.send", text="No good")
        assert first["held"] and second["held"]
        assert (await ann.done("chat.send", "held-one", text="!help me"))["already"]
        held = [(await at_host.until("chat.held"))["data"] for _ in range(2)]
        assert [each["text"] for each in held] == ["!help me", "No good"]
        assert (await at_ann.until("chat.held"))["data"] == held[0], "the sender knows"
        assert await ben.texts() == [] and await ann.texts() == []
        assert [each["text"] for each in (await host.chat())["held"]] == ["!help me", "No good"]
        assert len((await ann.chat())["held"]) == 2 and (await ben.chat())["held"] == []
        await ann.done("chat.send", text="third")
        assert (await ann.ask("chat.send", text="fourth")).json()["code"] == "too_many"
        assert (await ben.ask("chat.decide", held=held[0]["held"], allow=True)).json()["code"] == "no_right"
        place.wall.forward(120)
        await host.done("chat.decide", held=held[0]["held"], allow=True)
        await host.done("chat.decide", held=held[1]["held"], allow=False)
        shown = await at_ben.until("chat.message")
        assert (shown["id"], shown["from"]["id"], shown["data"]["text"]) == ("held-one", ann.id, "!help me")
        assert shown["at"] == (await at_ann.until("chat.decided", allowed=True))["at"], "at the time of its release"
        assert (await at_ben.until("chat.message"))["from"]["id"] == "server", "a command is answered when it appears"
        assert (await at_ann.until("chat.decided", allowed=False))["data"]["message"] == 0
        assert "chat.held" not in [each["type"] for each in at_ben.seen]
        for each in held:
            assert (await host.ask("chat.decide", held=each["held"], allow=True)).json()["code"] == "not_found"
    async with host.socket(after=0) as line:
        await line.until("welcome")
        assert "No good" not in str(line.seen), "what was refused is gone from the record"
    assert [each["text"] for each in (await host.chat())["held"]] == ["third"]
    await ann.done("chat.send", text="to the host alone", to=host.id)
    assert "to the host alone" in await host.texts(), "what is private is read by no moderator first"
    actions = [each["action"] for each in await place.audit()]
    assert "chat.allow" in actions and "chat.refuse" in actions


async def test_a_mute_holds_through_reconnects_and_restarts_and_ends_by_itself(tmp_path: Path) -> None:
    async with running_house(tmp_path) as place:
        host, ann, ben = await place.host(), await place.join("Ann"), await place.join("Ben")
        sent = await ann.done("chat.send", text="Hello")
        async with ann.socket() as at_ann, ben.socket() as at_ben:
            await at_ann.until("welcome")
            await at_ben.until("welcome")
            await host.done("chat.mute", person=ann.id, seconds=300)
            told = (await at_ann.until("chat.muted"))["data"]
            assert (told["person"], told["seconds"]) == (ann.id, 300) and told["until"]
            assert (await ann.chat())["muted_s"] == 300
            for kind, data in (
                ("chat.send", {"text": "x"}),
                ("chat.send", {"text": "x", "to": host.id}),
                ("chat.react", {"message": sent["seq"], "emoji": "👍"}),
                ("chat.typing", {}),
            ):
                place.clock.forward(5)
                assert (await ann.ask(kind, **data)).json()["code"] == "muted", kind
            await ann.done("hand", up=True)
            await ben.done("chat.send", text="I may")
            await at_ben.until("chat.message")
            assert "chat.muted" not in [each["type"] for each in at_ben.seen]
        assert (await host.ask("chat.mute", person=host.id, seconds=5)).json()["code"] == "bad_request"
        assert (await host.ask("chat.mute", person="p_none", seconds=5)).json()["code"] == "not_found"
    async with running_house(tmp_path) as place:
        again = Guest(place, ann.bearer, {"id": ann.id, "name": "Ann"})
        assert (await again.ask("chat.send", text="x")).json()["code"] == "muted"
        place.wall.forward(301)
        await again.done("chat.send", text="free again")
        host = await place.host()
        await host.done("chat.mute", person=ann.id, seconds=300)
        await host.done("chat.mute", person=ann.id, seconds=0)
        await again.done("chat.send", text="lifted")
        assert (await again.chat())["muted_s"] == 0


MESSAGES: dict[str, dict[str, Any]] = {
    "chat.send": {"text": "Hello"},
    "chat.send backstage": {"text": "Hello", "channel": "backstage"},
    "chat.react": {"message": 1, "emoji": "👍"},
    "chat.typing": {},
    "chat.typing backstage": {"channel": "backstage"},
    "chat.delete": {"message": 1},
    "chat.pin": {"message": 1},
    "chat.rules": {"slow_s": 1},
    "chat.decide": {"held": "h_none", "allow": True},
    "chat.mute": {"person": "p_none", "seconds": 1},
    "hand": {"up": True},
    "poll.open": {"question": "Tea?", "options": ["Yes", "No"]},
    "poll.vote": {"poll": "v_none", "option": 0},
    "poll.close": {"poll": "v_none"},
}
#                       owner  admin  director broadcaster guest viewer
EXPECTED = """
chat.send                 x      x       x          x        x     x
chat.send backstage       x      x       x          x        -     -
chat.react                x      x       x          x        x     x
chat.typing               x      x       x          x        x     x
chat.typing backstage     x      x       x          x        -     -
chat.delete               x      x       x          x        -     -
chat.pin                  x      x       x          x        -     -
chat.rules                x      x       x          x        -     -
chat.decide               x      x       x          x        -     -
chat.mute                 x      x       x          x        -     -
hand                      x      x       x          x        x     x
poll.open                 x      x       x          x        -     -
poll.vote                 x      x       x          x        x     x
poll.close                x      x       x          x        -     -
"""
TABLE = {line[:24].strip(): line[24:].split() for line in EXPECTED.strip().splitlines()}


def test_the_table_names_every_message() -> None:
    assert {name.split()[0] for name in TABLE} == {kind.model_fields["type"].annotation.__args__[0] for kind in RIGHTS}  # type: ignore[union-attr]
    assert set(TABLE) == set(MESSAGES)


def message_of(name: str, seq: int) -> AnyChatMessage:
    data = {**MESSAGES[name], **({"message": seq} if "message" in MESSAGES[name] else {})}
    message = CLIENT_MESSAGE.validate_python({"type": name.split()[0], "id": fresh_id(), "data": data})
    return message  # type: ignore[return-value]


@pytest.mark.parametrize("name", list(MESSAGES))
async def test_each_message_is_taken_from_the_roles_of_the_table_and_refused_to_all_others(
    place: Place, name: str
) -> None:
    ann = await place.join("Ann")
    for role, mark in zip(Role, TABLE[name], strict=True):
        place.clock.forward(60)
        place.wall.forward(60)
        sent = await ann.done("chat.send", text=f"For the {role.value}")
        caller = Caller("owner" if role is Role.OWNER else f"p_{role.value}", "Somebody", role, "studio", "t_1")
        before = (await place.owner("GET", "/api/v1/sessions/studio")).json()
        code = ""
        try:
            await place.house.chat.take(caller, "studio", message_of(name, sent["seq"]))
        except Refusal as refusal:
            code = refusal.code.value
        assert (code != "no_right") is (mark == "x"), (role, code)
        if mark == "-":
            assert (await place.owner("GET", "/api/v1/sessions/studio")).json() == before, "it had an effect"
        if name == "poll.open" and mark == "x":
            poll = (await ann.chat())["poll"]["poll"]
            closing = {"type": "poll.close", "id": fresh_id(), "data": {"poll": poll}}
            await place.house.chat.take(caller, "studio", CLIENT_MESSAGE.validate_python(closing))  # type: ignore[arg-type]


def test_a_right_of_a_message_is_one_of_the_matrix() -> None:
    for kind, right in RIGHTS.items():
        assert any(may(role, right) for role in Role), kind


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("chat.send", {"text": 5}),
        ("chat.send", {"text": "a", "channel": "nowhere"}),
        ("chat.send", {"text": "a", "from": "admin"}),
        ("chat.send", {"text": "a", "reply_to": -1}),
        ("chat.send", {"text": "a", "reply_to": "1"}),
        ("chat.react", {"message": 0, "emoji": "👍"}),
        ("chat.react", {"message": 1, "emoji": "👍", "on": "yes"}),
        ("chat.mute", {"person": "p", "seconds": -1}),
        ("chat.mute", {"person": "p", "seconds": 10**9}),
        ("chat.rules", {"slow_s": 1e9}),
        ("chat.rules", {"words": ["a"] * 201}),
        ("chat.rules", {"words": "abc"}),
        ("hand", {}),
        ("poll.open", {"question": "Q", "options": "ab"}),
        ("poll.vote", {"poll": "v", "option": 10}),
        ("command", {"action": "stop"}),
        ("ping", {}),
        ("chat.message", {"text": "forged"}),
    ],
)
async def test_a_message_that_is_wrong_is_refused_and_changes_nothing(
    place: Place, kind: str, data: dict[str, Any]
) -> None:
    host = await place.host()
    before = (await place.owner("GET", "/api/v1/sessions/studio")).json()
    answer = await host.ask(kind, **data)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request"), answer.text
    assert (await place.owner("GET", "/api/v1/sessions/studio")).json() == before


@pytest.mark.parametrize("text", ["<b>bold</b>", "'; DROP TABLE chat; --", "{{7*7}}", "<img src=x onerror=alert(1)>"])
async def test_markup_and_sql_are_only_text_in_every_field(place: Place, text: str) -> None:
    host, ann = await place.host(), await place.join("Ann")
    await host.done("poll.open", question=text, options=[text, "other"])
    assert (await ann.chat())["poll"]["options"][0] == text
    await host.done("chat.rules", words=[text], commands=[{"name": "x", "answer": text}])
    assert (await host.call("GET", RULES)).json()["commands"][0]["answer"] == text
    assert (await ann.ask("chat.send", text="!x")).status_code == 200
    assert (await ann.texts())[-1] == text
    for person in (text, text[:60]):
        assert (await host.ask("chat.mute", person=person, seconds=5)).json()["code"] == "not_found"
        assert (await ann.call("GET", "/api/v1/sessions/studio/chat", params={"with": person})).json()["messages"] == []
    assert (await host.ask("chat.decide", held=text, allow=True)).json()["code"] == "not_found"
