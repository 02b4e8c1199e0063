"""Links of the account page taken apart, and what they are good for at the real server."""

from __future__ import annotations

import pytest

from studio.media.errors import ErrorKind, StoaError
from studio.session import AccountLink, AccountLinkKind, SignIn, parse_account_link, set_password
from studio.session.calls import SessionError
from tests.fakes.account_holder import PASSWORD, signed_in, signed_up
from tests.fakes.server_house import Place

NEW = "eight loud herons"


@pytest.mark.parametrize(
    ("link", "base", "kind", "secret"),
    [
        ("http://192.168.1.5:8470/sign-in#a=abc", "http://192.168.1.5:8470", AccountLinkKind.SIGN_UP, "abc"),
        (" https://[fd00::2]/sign-in#r=a-b_c \n", "https://[fd00::2]", AccountLinkKind.NEW_PASSWORD, "a-b_c"),
        ("studio.example:8470/sign-in#a=xyz", "https://studio.example:8470", AccountLinkKind.SIGN_UP, "xyz"),
    ],
)
def test_a_link_is_taken_apart(link: str, base: str, kind: AccountLinkKind, secret: str) -> None:
    found = parse_account_link(link)
    assert found == AccountLink(base, kind, secret) and found.host == base.partition("://")[2]
    assert secret not in repr(found)


@pytest.mark.parametrize(
    "link", ["", "hello", "http://host/sign-in", "http://host/watch/studio#i=a", "ftp://host/sign-in#a=b", "#a=b"]
)
def test_what_is_no_link_to_an_account_is_refused_in_words(link: str) -> None:
    with pytest.raises(StoaError) as refused:
        parse_account_link(link)
    assert refused.value.kind is ErrorKind.BAD_ARGUMENT and refused.value.remedy


async def test_an_account_is_made_by_an_invite_once(place: Place) -> None:
    invite = (await place.invite("director", account=True))["invite"]
    with pytest.raises(SessionError) as weak:
        await SignIn.sign_up(place.base, invite, "ada", "Ada", "short")
    assert weak.value.code == "password_bad" and weak.value.remedy
    made = await SignIn.sign_up(place.base, invite, "ada", "Ada", PASSWORD)
    assert made.account is not None and (made.account.login, made.account.role) == ("ada", "director")
    assert (await made.whoami()).name == "Ada"
    assert made.bearer not in repr(made) + repr(vars(made))
    await made.close()
    with pytest.raises(SessionError) as spent:
        await SignIn.sign_up(place.base, invite, "bob", "Bob", PASSWORD)
    assert spent.value.code == "invite_spent" and spent.value.permanent


async def test_a_new_password_by_an_admins_link_ends_every_sign_in(place: Place) -> None:
    eva = await signed_up(place, "eva")
    link = (await place.owner("POST", f"/api/v1/accounts/{eva.id}/reset")).json()["link"]
    secret = parse_account_link(link if "://" in link else place.base + link).secret
    await set_password(place.base, secret, NEW)
    assert (await eva.call("GET", "account")).status_code == 401
    assert (await signed_in(place, "eva", NEW)).id == eva.id
    with pytest.raises(SessionError) as gone:
        await set_password(place.base, secret, NEW)
    assert gone.value.code == "reset_gone" and "not good any more" in str(gone.value)


async def test_a_server_that_is_not_there_is_tried_again_by_the_person() -> None:
    with pytest.raises(StoaError) as told:
        await set_password("http://127.0.0.1:1", "abc", NEW)
    assert told.value.kind is ErrorKind.UNREACHABLE and told.value.remedy.endswith("then try again.")
