"""What `stoa serve` tells at its terminal: the first admin's account is made by a link, never by a default password."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

from studio.server.first_links import FIRST_ADMIN, first_admins_link
from studio.server.front import Front
from studio.server.parent import ServerPlan
from studio.server.parent_pipe import Listening
from studio.server.serve import greeting
from tests.fakes.account_holder import ask_sign_up
from tests.fakes.server_house import OWNER_TOKEN, Place


def listening(place: Place) -> Listening:
    port = int(place.base.rpartition(":")[2])
    return Listening(base=place.base, local_base=place.base, links_base=place.base, port=port, local_port=port)


async def start(place: Place) -> str:
    """What a start of the server gives; the secret of the link."""
    link = await asyncio.to_thread(first_admins_link, listening(place), OWNER_TOKEN)
    assert not link or link.startswith(f"{place.base}/sign-in#a=")
    return link.rpartition("=")[2]


async def test_nobody_has_an_account_before_the_first_link_is_used(place: Place) -> None:
    assert (await place.owner("GET", "/api/v1/accounts")).json() == {"accounts": []}
    answer = await ask_sign_up(place, await start(place), "ada")
    assert answer.json()["account"]["role"] == "admin"


async def test_each_start_makes_a_fresh_link_and_the_one_before_is_dead(place: Place) -> None:
    first, second = await start(place), await start(place)
    assert first != second
    assert (await ask_sign_up(place, first, "mallory")).json()["code"] == "invite_revoked"
    assert (await ask_sign_up(place, second, "ada")).status_code == 200


async def test_where_there_is_an_admins_account_there_is_no_link_and_an_older_one_is_dead(place: Place) -> None:
    older = await start(place)
    own = (await place.invite("admin", account=True))["invite"]
    ada = (await ask_sign_up(place, own, "ada")).json()
    assert await start(place) == ""
    assert (await ask_sign_up(place, older, "mallory")).json()["code"] == "invite_revoked"
    assert ada["account"]["role"] == "admin"
    invites = (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
    assert [one["revoked"] for one in invites if one["label"] == FIRST_ADMIN] == [True]


async def test_the_greeting_gives_the_link_to_a_terminal_and_to_nothing_else(place: Place, tmp_path: Path) -> None:
    plan = ServerPlan(data=tmp_path, run_folder=tmp_path, front=Front())

    def said(*, at_terminal: bool) -> str:
        return greeting(listening(place), plan, OWNER_TOKEN, at_terminal=at_terminal)

    assert "/sign-in#a=" not in await asyncio.to_thread(lambda: said(at_terminal=False))
    words = await asyncio.to_thread(lambda: said(at_terminal=True))
    secret = words.partition("/sign-in#a=")[2].split()[0]
    assert (await ask_sign_up(place, secret, "ada")).status_code == 200
    again = await asyncio.to_thread(lambda: said(at_terminal=True))
    assert "/sign-in#a=" not in again and f"{place.base}/sign-in" in again


async def test_without_a_terminal_the_first_link_lies_in_a_file_of_its_owners_only(
    place: Place, tmp_path: Path
) -> None:
    plan = ServerPlan(data=tmp_path, run_folder=tmp_path, front=Front())
    file = tmp_path / "first-account.txt"

    async def said() -> str:
        return await asyncio.to_thread(lambda: greeting(listening(place), plan, OWNER_TOKEN, at_terminal=False))

    assert str(file) in await said()
    first = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and first.startswith(f"{place.base}/sign-in#a=")
    words = await said()
    second = file.read_text().strip()
    assert second != first and first.rpartition("=")[2] not in words and second.rpartition("=")[2] not in words
    assert (await ask_sign_up(place, first.rpartition("=")[2], "mallory")).json()["code"] == "invite_revoked"
    assert (await ask_sign_up(place, second.rpartition("=")[2], "ada")).status_code == 200
    assert str(file) not in await said() and not file.exists(), "there is an admin, and nothing to keep"


async def test_a_link_that_lay_there_for_everybody_is_made_anew(place: Place, tmp_path: Path) -> None:
    plan = ServerPlan(data=tmp_path, run_folder=tmp_path, front=Front())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (tmp_path / "first-account.txt").symlink_to(elsewhere)
    await asyncio.to_thread(lambda: greeting(listening(place), plan, OWNER_TOKEN, at_terminal=False))
    assert elsewhere.read_text() == "mine" and not (tmp_path / "first-account.txt").is_symlink()
