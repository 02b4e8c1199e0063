"""The links that `stoa serve` gives to the person at its terminal, made through the server's own API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from studio.media.errors import ErrorKind, StoaError
from studio.server.parent_pipe import Listening

LABEL = "stoa serve"
FIRST_ADMIN = "stoa serve: the first admin's account"
INVITES = "/api/v1/sessions/studio/invites"
ACCOUNTS = "/api/v1/accounts"
CALL_LIMIT_S = 10.0


def _call(
    listening: Listening, token: str, body: dict[str, Any] | None = None, *, path: str = INVITES, method: str = ""
) -> Any:
    """One call on loopback, past any proxy of the environment. Raises StoaError(UNREACHABLE)."""
    request = urllib.request.Request(
        listening.local_base + path,
        method=method or None,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=CALL_LIMIT_S) as answer:
            return json.load(answer)
    except (urllib.error.URLError, TimeoutError, ValueError) as cause:
        raise StoaError(
            ErrorKind.UNREACHABLE, "The session server does not answer its own parent.", remedy="Look at its log."
        ) from cause


def viewers_link(listening: Listening, token: str) -> str:
    """The link for viewers: the same at each start, until it is taken back."""
    for invite in _call(listening, token)["invites"]:
        if invite["label"] == LABEL and invite["role"] == "viewer" and not invite["revoked"] and invite["link"]:
            return str(invite["link"])
    return str(_call(listening, token, {"role": "viewer", "label": LABEL})["link"])


def admins_link(listening: Listening, token: str) -> str:
    """A new link for one admin, good once and for a day."""
    return str(_call(listening, token, {"role": "admin", "label": LABEL})["link"])


def first_admins_link(listening: Listening, token: str) -> str:
    """A new link to the account of the first admin, good once and for a day; empty where there is an admin's account.

    Those of earlier starts are dead afterwards.
    """
    for invite in _call(listening, token)["invites"]:
        if invite["label"] == FIRST_ADMIN and not invite["revoked"]:
            _call(listening, token, path=f"{INVITES}/{invite['id']}", method="DELETE")
    accounts = _call(listening, token, path=ACCOUNTS)["accounts"]
    if any(account["role"] == "admin" and not account["disabled"] for account in accounts):
        return ""
    return str(_call(listening, token, {"role": "admin", "account": True, "label": FIRST_ADMIN})["link"])
