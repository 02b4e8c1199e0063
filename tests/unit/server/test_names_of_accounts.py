"""The names of accounts that run sessions are theirs: before they come, in every spelling, and when they come."""

from __future__ import annotations

import pytest

from tests.fakes.account_holder import signed_up
from tests.fakes.server_house import Place

SPELLINGS = ("Ada", "ADA", "A d a", "Àda", "Аda", "Ada.", "AdA")


async def code_of_join(place: Place, name: str, role: str = "viewer") -> str:
    body = {"invite": (await place.invite(role))["invite"], "name": name}
    code: str = (await place.call("POST", "/api/v1/join", json=body)).json().get("code", "")
    return code


@pytest.mark.parametrize("role", ["admin", "director", "broadcaster"])
async def test_nobody_takes_the_name_of_an_account_that_runs_sessions_before_it_comes(place: Place, role: str) -> None:
    ada = await signed_up(place, "ada", role)
    for name in SPELLINGS:
        assert await code_of_join(place, name) == "name_taken", name
    assert await code_of_join(place, "Ada", "broadcaster") == "name_taken"
    answer = await place.call("POST", "/api/v1/join", json={"invite": (await place.invite())["invite"], "name": "Ada"})
    assert "account" in answer.json()["message"] and "Sign in" in answer.json()["remedy"]
    assert (await ada.join(session="studio")).name == "Ada"
    assert await code_of_join(place, "Adam") == ""


async def test_a_viewers_account_keeps_no_name_and_a_disabled_one_neither(place: Place) -> None:
    await signed_up(place, "bob", "viewer")
    assert await code_of_join(place, "Bob") == ""
    ada = await signed_up(place, "ada", "director")
    await place.owner("PATCH", f"/api/v1/accounts/{ada.id}", json={"disabled": True})
    assert await code_of_join(place, "Ada") == ""


async def test_the_owners_studio_and_the_holder_themselves_may_bear_it(place: Place) -> None:
    ada = await signed_up(place, "ada", "admin")
    assert (await place.owner("POST", "/api/v1/join", json={"name": "Ada"})).status_code == 200
    await place.owner("POST", "/api/v1/join", json={"name": "Host"})
    mine = await ada.join(session="studio")
    assert (mine.name, (await ada.join(session="studio")).id) == ("Ada", mine.id)


async def test_who_bore_the_name_before_is_called_otherwise_when_the_holder_comes(place: Place) -> None:
    early, mia = await place.join("Ada"), await place.join("Mia")
    ada = await signed_up(place, "ada", "admin")
    async with early.socket() as line, mia.socket() as other:
        await line.until("welcome")
        await other.until("welcome")
        holder = await ada.join(session="studio")
        assert holder.name == "Ada"
        changed = (await other.until("person.changed"))["data"]["person"]
        assert changed["id"] == early.id and changed["name"].startswith("Viewer ")
        notice = await line.until("notice")
        assert "The name Ada belongs to" in notice["data"]["text"] and changed["name"] in notice["data"]["text"]
        await line.send("chat.send", text="Who am I?")
        said = await other.until("chat.message")
        assert said["from"]["name"] == changed["name"]
    assert (await early.call("GET", "/api/v1/me")).json()["person"]["name"] == changed["name"]
    (line_,) = [line for line in await place.audit() if line["action"] == "person.renamed"]
    assert line_["target"] == early.id and "was Ada" in line_["words"]


async def test_nobody_who_runs_the_session_loses_their_name(place: Place) -> None:
    await place.join("Ada", "admin")
    ada = await signed_up(place, "ada", "admin")
    refused = await ada.call("POST", "join", json={"session": "studio"})
    assert refused.json()["code"] == "name_taken"
    assert (await ada.join(session="studio", name="Ada Two")).name == "Ada Two"
