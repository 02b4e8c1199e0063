"""The client of accounts knows the server's answers field by field, without importing the server."""

from __future__ import annotations

import msgspec
import pytest
from pydantic import BaseModel

from studio.server import account_api as server
from studio.session import account_messages as client

NAMES = ("Account", "SignedIn", "AccountList", "ResetLink")
SAME = [(getattr(server, name), getattr(client, name)) for name in NAMES]


@pytest.mark.parametrize(("told", "read"), SAME, ids=NAMES)
def test_the_client_reads_every_field_that_the_server_tells(told: type[BaseModel], read: type[msgspec.Struct]) -> None:
    assert {field.encode_name for field in msgspec.structs.fields(read)} == set(told.model_fields)


def test_no_secret_of_an_answer_is_in_its_words() -> None:
    account = client.Account("a", "eva", "Eva", "viewer", "", False, 1, True)
    assert "the-bearer" not in repr(client.SignedIn(account, "the-bearer", ""))
    assert "the-link" not in repr(client.ResetLink("the-link", ""))
