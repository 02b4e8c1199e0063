"""What the accounts' paths take: typed, closed, and no longer than it must be."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from studio.server.account_api import AccountChange, PasswordRequest, ResetRequest, SignInRequest, SignUpRequest

GOOD: dict[type[BaseModel], dict[str, str]] = {
    SignUpRequest: {"invite": "a", "login": "eva", "name": "Eva", "password": "p" * 10},
    SignInRequest: {"login": "eva", "password": "p"},
    PasswordRequest: {"old": "a", "new": "b"},
    ResetRequest: {"reset": "a", "new": "b"},
}


@pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.__name__)
def test_every_field_is_a_text_of_bounded_length_and_no_other_field_is_taken(kind: type[BaseModel]) -> None:
    assert kind.model_validate(GOOD[kind])
    for field in GOOD[kind]:
        for wrong in (1, None, ["a"], {"$ne": ""}, "x" * 1025):
            with pytest.raises(ValidationError):
                kind.model_validate({**GOOD[kind], field: wrong})
        with pytest.raises(ValidationError):
            kind.model_validate({name: value for name, value in GOOD[kind].items() if name != field})
    with pytest.raises(ValidationError):
        kind.model_validate({**GOOD[kind], "role": "admin"})


def test_a_change_of_an_account_is_of_its_type() -> None:
    assert AccountChange.model_validate({}) == AccountChange(role=None, disabled=None)
    for wrong in ({"role": "king"}, {"disabled": "yes"}, {"disabled": 1}, {"password": "x"}):
        with pytest.raises(ValidationError):
            AccountChange.model_validate(wrong)
