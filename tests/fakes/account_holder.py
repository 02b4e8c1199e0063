"""Somebody with an account on a running house, and how they got it."""

from __future__ import annotations

from typing import Any

import httpx

from tests.fakes.server_house import Guest, Place

PASSWORD = "seven quiet herons"


class Holder:
    """Signed in by a bearer."""

    def __init__(self, place: Place, answer: dict[str, Any]) -> None:
        self.place = place
        self.bearer: str = answer["bearer"]
        self.id: str = answer["account"]["id"]
        self.login: str = answer["account"]["login"]

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.place.call(method, f"/api/v1/{path}", self.bearer, **more)

    async def join(self, **body: Any) -> Guest:
        """Into the session, as the person of the account."""
        answer = await self.call("POST", "join", json=body)
        assert answer.status_code == 200, answer.text
        return Guest(self.place, answer.json()["bearer"], answer.json()["person"])


async def ask_sign_up(place: Place, invite: str, known: str, **more: Any) -> httpx.Response:
    """`known` as login and name, where `more` says nothing else."""
    body = {"invite": invite, "login": known, "name": known.title(), "password": PASSWORD, **more}
    return await place.call("POST", "/api/v1/accounts", json=body)


async def signed_up(place: Place, login: str, role: str = "viewer") -> Holder:
    """By an invite of the owner."""
    invite = (await place.invite(role, account=True))["invite"]
    answer = await ask_sign_up(place, invite, login)
    assert answer.status_code == 200, answer.text
    return Holder(place, answer.json())


async def ask_sign_in(place: Place, login: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
    return await place.call("POST", "/api/v1/sign-in", json={"login": login, "password": password}, **more)


async def signed_in(place: Place, login: str, password: str = PASSWORD) -> Holder:
    answer = await ask_sign_in(place, login, password)
    assert answer.status_code == 200, answer.text
    return Holder(place, answer.json())
