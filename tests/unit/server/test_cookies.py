"""The cookies over real HTTPS: for this host and its encrypted pages only, and taken away again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from studio.server.front import Front
from tests.fakes.account_holder import PASSWORD, signed_up
from tests.fakes.server_house import Place, running_house

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest_asyncio.fixture
async def https(tmp_path: Path, database: str) -> AsyncIterator[tuple[Place, httpx.AsyncClient]]:
    """A server with a certificate of its own, and a browser's place at it."""
    async with running_house(tmp_path, Front(self_signed=True), database) as place:
        assert place.house.sharing is not None and place.house.sharing.front is not None
        base = place.house.sharing.front.base
        assert base.startswith("https://")
        async with httpx.AsyncClient(base_url=base, verify=False, headers={"Origin": base}, timeout=20) as browser:
            yield place, browser


def cookies_of(answer: httpx.Response) -> SimpleCookie:
    found: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        found.load(line)
    return found


def kept_well(answer: httpx.Response, number: int) -> None:
    found = cookies_of(answer)
    assert len(found) == number
    for name, cookie in found.items():
        renews = name.endswith("_renewal")  # it goes to one path only, which __Host- does not let a cookie say
        assert name.startswith("__Secure-stoa_" if renews else "__Host-stoa_"), name
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"].lower()) == (True, True, "strict"), name
        assert (cookie["path"], cookie["domain"]) == ("/api/v1/renew" if renews else "/", ""), name


async def test_every_cookie_over_https_is_for_this_host_alone_and_is_taken_away(
    https: tuple[Place, httpx.AsyncClient],
) -> None:
    place, browser = https
    await signed_up(place, "ada", "admin")
    signed = await browser.post("/api/v1/sign-in", json={"login": "ada", "password": PASSWORD})
    kept_well(signed, 1)
    assert signed.json()["bearer"] is None
    joined = await browser.post("/api/v1/join", json={"session": "studio"})
    kept_well(joined, 3)  # the person's token, what renews it, and what the browser is known by
    assert (await browser.get("/api/v1/me")).json()["person"]["name"] == "Ada"
    assert (await browser.get("/api/v1/account")).json()["login"] == "ada"
    left = await browser.post("/api/v1/sign-out")
    kept_well(left, 2)  # a browser drops no __Host- cookie whose end is not Secure
    assert all(cookie["max-age"] == "0" for cookie in cookies_of(left).values())
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_a_cookie_that_a_page_in_clear_could_have_put_there_is_not_looked_at(
    https: tuple[Place, httpx.AsyncClient],
) -> None:
    place, browser = https
    await signed_up(place, "ada", "admin")
    await browser.post("/api/v1/sign-in", json={"login": "ada", "password": PASSWORD})
    await browser.post("/api/v1/join", json={"session": "studio"})
    good = {cookie.name: cookie.value or "" for cookie in browser.cookies.jar}
    browser.cookies.clear()
    planted = "; ".join(f"{name.removeprefix('__Host-')}={value}" for name, value in good.items())
    for path in ("/api/v1/me", "/api/v1/account"):
        assert (await browser.get(path, headers={"Cookie": planted})).status_code == 401
    own = "; ".join(f"{name}={value}" for name, value in good.items())
    assert (await browser.get("/api/v1/me", headers={"Cookie": own})).status_code == 200
