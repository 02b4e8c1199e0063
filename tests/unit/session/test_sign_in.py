"""Signing in from the studio: a bearer for login and password, who that is, its end; what is refused, in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.media import ErrorKind, StoaError
from studio.server.front import Front
from studio.session import SignIn, server_base
from studio.session.calls import SessionError
from studio.session.sign_in import is_readable_on_the_way
from tests.fakes.account_holder import PASSWORD, signed_in, signed_up
from tests.fakes.server_house import Place, running_house
from tests.fixtures.authority import Authority

NEW = "eight loud herons"


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("https://studio.example:8470", "https://studio.example:8470"),
        ("studio.example:8470", "https://studio.example:8470"),
        (" studio.example ", "https://studio.example"),
        ("localhost:8470", "http://localhost:8470"),
        ("127.0.0.1:8470/sign-in", "http://127.0.0.1:8470"),
        ("[::1]:8470", "http://[::1]:8470"),
        ("http://10.0.0.7:8470/watch/studio#i=secret", "http://10.0.0.7:8470"),
    ],
)
def test_an_address_is_taken_as_people_type_it(typed: str, base: str) -> None:
    assert server_base(typed) == base


@pytest.mark.parametrize(
    "typed", ["", " ", "https://", "ftp://studio.example", "https://ada:pw@studio.example", "a b", "x:99999", "[::1"]
)
def test_what_is_no_address_is_refused_in_words(typed: str) -> None:
    with pytest.raises(StoaError) as told:
        server_base(typed)
    assert told.value.kind is ErrorKind.BAD_ARGUMENT and told.value.remedy
    assert "pw" not in str(told.value)


def test_which_address_can_be_read_on_the_way() -> None:
    assert is_readable_on_the_way("http://10.0.0.7:8470")
    assert not is_readable_on_the_way("https://10.0.0.7:8470")
    assert not is_readable_on_the_way("http://127.0.0.1:8470")


async def test_somebody_signs_in_and_out(place: Place) -> None:
    eva = await signed_up(place, "eva", "broadcaster")
    first = await SignIn.begin(place.base, "Eva", PASSWORD)
    assert first.account is not None and (first.account.name, first.account.role) == ("Eva", "broadcaster")
    again = await SignIn.again(place.base, first.bearer)
    assert (await again.whoami()).id == eva.id
    assert first.bearer not in repr(first) + repr(vars(first))
    await first.sign_out()
    with pytest.raises(SessionError) as over:
        await again.whoami()
    assert over.value.code == "not_signed_in"
    assert (await eva.call("GET", "account")).status_code == 200
    await first.close()
    await again.close()


async def test_out_everywhere_ends_the_other_places_too(place: Place) -> None:
    eva = await signed_up(place, "eva")
    one = await SignIn.begin(place.base, "eva", PASSWORD)
    await one.sign_out(everywhere=True)
    assert (await eva.call("GET", "account")).status_code == 401
    await one.close()


async def test_another_password_ends_the_other_places_and_keeps_this_one(place: Place) -> None:
    eva = await signed_up(place, "eva")
    one = await SignIn.begin(place.base, "eva", PASSWORD)
    with pytest.raises(SessionError) as wrong:
        await one.change_password("not it at all", NEW)
    assert wrong.value.code == "sign_in_wrong"
    await one.change_password(PASSWORD, NEW)
    assert (await one.whoami()).login == "eva"
    assert (await eva.call("GET", "account")).status_code == 401
    assert (await signed_in(place, "eva", NEW)).id == eva.id
    await one.close()


async def test_too_many_attempts_tell_how_long_to_wait(place: Place) -> None:
    await signed_up(place, "eva")
    for _ in range(5):
        with pytest.raises(SessionError) as wrong:
            await SignIn.begin(place.base, "eva", "wrong")
        assert wrong.value.code == "sign_in_wrong" and wrong.value.retry_after_s == 0
    with pytest.raises(SessionError) as fast:
        await SignIn.begin(place.base, "eva", PASSWORD)
    assert fast.value.code == "too_fast" and fast.value.retry_after_s > 20 and fast.value.remedy


async def test_the_person_of_the_account_has_its_rights_in_the_session(place: Place) -> None:
    await signed_up(place, "ada", "admin")
    one = await SignIn.begin(place.base, "ada", PASSWORD)
    client = await one.join("studio")
    assert client.me is not None and client.me.person.role == "admin"
    assert "kick" in await client.rights()
    assert [account.login for account in await client.accounts.all()] == ["ada"]
    await one.sign_out()
    with pytest.raises(SessionError):
        await client.whoami()
    await client.close()
    await one.close()


async def test_the_certificate_is_verified_and_said_in_words(
    tmp_path: Path, authority: Authority, make_authority: Callable[[], Authority]
) -> None:
    made = authority.issue("127.0.0.1")
    front = Front(certificate=str(made.certificate), key=str(made.key))
    async with running_house(tmp_path / "data", front) as place:
        await signed_up(place, "eva")
        assert place.house.sharing is not None and place.house.sharing.front is not None
        base = f"https://127.0.0.1:{place.house.sharing.front.port}"
        for trusted in (None, make_authority().certificate):
            with pytest.raises(StoaError) as told:
                await SignIn.begin(base, "eva", PASSWORD, ca_file=trusted)
            assert told.value.kind is ErrorKind.TLS and "certificate" in str(told.value)
        one = await SignIn.begin(base, "eva", PASSWORD, ca_file=authority.certificate)
        assert (await one.whoami()).login == "eva"
        client = await one.join("studio")  # by the same certificate
        assert client.me is not None and client.me.person.name == "Eva"
        await client.close()
        await one.close()
        with pytest.raises(StoaError) as told:
            await SignIn.begin(place.base.replace("http:", "https:"), "eva", PASSWORD)
        assert told.value.kind is ErrorKind.TLS and "does not speak HTTPS" in str(told.value)


async def test_a_server_that_is_not_there_is_told_and_no_password_with_it() -> None:
    with pytest.raises(StoaError) as told:
        await SignIn.begin("http://127.0.0.1:1", "eva", PASSWORD)
    assert told.value.kind is ErrorKind.UNREACHABLE and PASSWORD not in str(told.value)
    assert told.value.remedy == "Check the address and the network, then try again.", "nobody does it by itself"
