"""Whoever guesses at a login keeps nobody out but themselves; and guesses from everywhere have an end too."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from studio.server import routes_accounts
from studio.server.accounts import AT_ONCE, FROM_ALL_AT_ONCE, FROM_ALL_EACH_S, ONE_EACH_S
from tests.fakes.account_holder import PASSWORD, ask_sign_in, signed_up
from tests.fakes.server_house import Place

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class From:
    """Where the next requests come from."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.address = "203.0.113.9"
        monkeypatch.setattr(routes_accounts, "address_of", lambda request: self.address)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> From:
    return From(monkeypatch)


async def code(place: Place, password: str = "") -> str:
    answer = await ask_sign_in(place, "ada", password) if password else await ask_sign_in(place, "ada")
    found: str = answer.json().get("code", "")
    return found


async def test_a_guesser_is_held_up_and_the_holder_signs_in_from_elsewhere(place: Place, client: From) -> None:
    await signed_up(place, "ada", "admin")
    client.address = "198.51.100.1"
    codes = [await code(place, "wrong guess") for _ in range(AT_ONCE + 3)]
    assert codes == ["sign_in_wrong"] * AT_ONCE + ["too_fast"] * 3
    assert await code(place) == "too_fast", "not even with the right password from there"
    client.address = "2001:db8::1"
    assert await code(place) == "", "from an address that nobody knew before"
    client.address = "198.51.100.1"
    place.clock.forward(ONE_EACH_S + 0.1)
    assert await code(place, "wrong guess") == "sign_in_wrong" and await code(place, "another") == "too_fast"


async def test_the_addresses_of_one_subscriber_are_one_guesser(place: Place, client: From) -> None:
    await signed_up(place, "ada", "admin")
    codes = []
    for number in range(AT_ONCE + 1):
        client.address = f"2001:db8:5::{number:x}"
        codes.append(await code(place, "wrong guess"))
    assert codes == ["sign_in_wrong"] * AT_ONCE + ["too_fast"]


async def test_guesses_from_everywhere_end_and_the_holder_still_signs_in_from_where_they_did(
    place: Place, client: From
) -> None:
    await signed_up(place, "ada", "admin")  # from 203.0.113.9
    codes = []
    for number in range(FROM_ALL_AT_ONCE + 5):
        client.address = f"198.51.{100 + number // 200}.{number % 200}"
        codes.append(await code(place, "wrong guess"))
    assert codes == ["sign_in_wrong"] * FROM_ALL_AT_ONCE + ["too_fast"] * 5
    client.address = "192.0.2.77"
    assert await code(place) == "too_fast", "the price of a guess from everywhere: a new place waits"
    client.address = "203.0.113.9"
    assert await code(place) == ""
    client.address = "192.0.2.77"
    place.clock.forward(FROM_ALL_EACH_S + 0.1)
    assert await code(place) == ""


async def test_guesses_that_cannot_be_written_down_count_all_the_same(place: Place, client: From) -> None:
    await signed_up(place, "ada", "admin")
    eva = await signed_up(place, "eva")

    async def take(nothing: int) -> None:
        await place.house.record.run(lambda t: t.db.execute(text(f"PRAGMA query_only={nothing}")))

    async def change(old: str) -> str:
        answer = await eva.call("POST", "password", json={"old": old, "new": "short"})
        found: str = answer.json()["code"]
        return found

    expected = ["database_away"] * AT_ONCE + ["too_fast"] * 2
    await take(1)
    assert [await code(place, "wrong guess") for _ in range(AT_ONCE + 2)] == expected
    assert [await change("wrong guess") for _ in range(AT_ONCE + 2)] == expected
    assert await change(PASSWORD) == "too_fast", "which is told from a wrong one by what is said of the new one"
    await take(0)
    assert await code(place) == "too_fast"
    place.clock.forward(ONE_EACH_S + 0.1)
    assert await code(place) == ""
