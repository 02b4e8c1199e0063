"""Passwords: what is refused, what is kept, how many at once, and that an unknown login costs as much."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from studio.server.errors import Refusal
from studio.server.house import build
from studio.server.passwords import AT_ONCE, WAITING, Passwords, refuse_weak

GOOD = "seven quiet herons"


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


@pytest.mark.parametrize(
    "password",
    [
        "",
        "ninechars",
        "\uff53\uff48\uff4f\uff52\uff54",
        "password123",
        "PassWord 123",
        "aaaaaaaaaaaa",
        "ababababababab",
        "eva.lindqvist@example.org",
        "EVA.LINDQVIST@example.org",
        "Eva Lindqvist",
        "evalindqvist",
        "seven\x00quiet herons",
        "ж" * 513 + GOOD,
    ],
    ids=ascii,
)
def test_weak_and_endless_passwords_are_refused_in_words(password: str) -> None:
    with pytest.raises(Refusal) as refused:
        refuse_weak(password, "eva.lindqvist@example.org", "Eva Lindqvist")
    assert refused.value.code == "password_bad" and refused.value.remedy
    assert not password or password not in refused.value.message


@pytest.mark.parametrize("password", [GOOD, "tencharsxy", "пароль-из-слов", "鶴は千年亀は万年と言う", "é" * 3 + GOOD])
def test_passwords_of_every_script_are_taken(password: str) -> None:
    refuse_weak(password, "eva", "Eva")


async def test_it_is_kept_by_argon2id_with_a_salt_of_its_own_and_64_mib(passwords: Passwords) -> None:
    first, second = await passwords.hash(GOOD), await passwords.hash(GOOD)
    assert first != second and GOOD not in first
    assert first.startswith("$argon2id$v=19$m=65536,")
    assert await passwords.same(first, GOOD)
    assert not await passwords.same(first, GOOD + " ")
    assert not await passwords.same("no hash at all", GOOD)


async def test_accounts_are_kept_by_those_parameters_where_nothing_else_is_said(tmp_path: Path) -> None:
    house = build(tmp_path, "owner", lambda _message: None)
    assert (await house.accounts.passwords.hash(GOOD)).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    house.close()


async def test_what_looks_the_same_is_the_same(passwords: Passwords) -> None:
    kept = await passwords.hash("cafe\u0301 au lait")
    assert await passwords.same(kept, "caf\u00e9 au lait")
    assert await passwords.same(kept, "\uff43afé au lait")


async def test_a_login_that_is_not_there_costs_a_hash_too() -> None:
    worked: list[str] = []

    class Counting(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            worked.append("hash")
            return super().hash(password, salt=salt)

    passwords = Passwords(Counting())
    assert not await passwords.same(None, GOOD)
    assert worked == ["hash"]
    passwords.close()


async def test_weaker_parameters_are_known_as_old(passwords: Passwords) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(GOOD)
    assert passwords.is_old(weak) and await passwords.same(weak, GOOD)
    assert not passwords.is_old(await passwords.hash(GOOD))


async def test_two_are_hashed_at_once_and_a_flood_is_turned_away() -> None:
    gate, lock, running, most = threading.Event(), threading.Lock(), 0, 0

    class Slow(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            gate.wait(20)
            with lock:
                running -= 1
            return "hashed"

    passwords = Passwords(Slow())
    flood = [asyncio.ensure_future(passwords.hash(GOOD)) for _ in range(AT_ONCE + WAITING + 3)]
    turned_away, _ = await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
    gate.set()
    answers = await asyncio.gather(*flood, return_exceptions=True)
    assert most == AT_ONCE
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(refused) == 3 and turned_away and refused[0].code == "too_many" and refused[0].retry_after_s
    assert answers.count("hashed") == AT_ONCE + WAITING
    passwords.close()
