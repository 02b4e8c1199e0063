"""The session server's own tokens elsewhere: LiveKit's verifier takes them, another session does not.

Recorded with `livekit-api` 1.2.2 (PyPI): its `TokenVerifier`, given the issuer and the server's key, took these very
tokens of `studio.server.tokens.sign` and found in them what stands beside; with another key or issuer it took none.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.server.front import Front
from studio.server.grant_ends import of_role
from studio.server.model import SessionRow
from studio.server.record import Transaction
from studio.server.rights import Right, Role, may
from studio.server.tokens import TokenGrant, sign
from studio.token.grants import NO_END_S, Grants
from tests.fakes.server_house import OFFER, Guest, Place, running_house

SDP = {"Content-Type": "application/sdp"}
KEY, MADE_S = bytes(range(32)), 1795260009
TAKEN = {
    Role.ADMIN: (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdG9hIiwic3ViIjoicF8xIiwianRpIjoidF8xIiwibmFtZSI6IkF"
        "ubiDDiSIsIm5iZiI6MTc5NTI2MDAwOSwiZXhwIjoxNzk1MjYwNjA5LCJtZXRhZGF0YSI6ImFkbWluIiwidmlkZW8iOnsicm9vbSI"
        "6InN0dWRpbyIsInJvb21Kb2luIjp0cnVlLCJjYW5QdWJsaXNoIjpmYWxzZSwiY2FuUHVibGlzaFNvdXJjZXMiOltdLCJjYW5TdWJ"
        "zY3JpYmUiOnRydWUsImNhblB1Ymxpc2hEYXRhIjp0cnVlLCJyb29tQWRtaW4iOnRydWUsImhpZGRlbiI6ZmFsc2V9fQ.TS1tWrP5"
        "2wYTSK6jjJ-HxlOvZyRJyNWNX3SHxsZfw6I"
    ),
    Role.BROADCASTER: (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdG9hIiwic3ViIjoicF8xIiwianRpIjoidF8xIiwibmFtZSI6IkF"
        "ubiDDiSIsIm5iZiI6MTc5NTI2MDAwOSwiZXhwIjoxNzk1MjYwNjA5LCJtZXRhZGF0YSI6ImJyb2FkY2FzdGVyIiwidmlkZW8iOns"
        "icm9vbSI6InN0dWRpbyIsInJvb21Kb2luIjp0cnVlLCJjYW5QdWJsaXNoIjp0cnVlLCJjYW5QdWJsaXNoU291cmNlcyI6WyJjYW1"
        "lcmEiLCJtaWNyb3Bob25lIiwic2NyZWVuX3NoYXJlIiwic2NyZWVuX3NoYXJlX2F1ZGlvIl0sImNhblN1YnNjcmliZSI6dHJ1ZSw"
        "iY2FuUHVibGlzaERhdGEiOnRydWUsInJvb21BZG1pbiI6ZmFsc2UsImhpZGRlbiI6ZmFsc2V9fQ.oHaPVxJ79Q0eUQkU17-ZtFcv"
        "neOyKMAwfv42lV8h1AU"
    ),
    Role.VIEWER: (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdG9hIiwic3ViIjoicF8xIiwianRpIjoidF8xIiwibmFtZSI6IkF"
        "ubiDDiSIsIm5iZiI6MTc5NTI2MDAwOSwiZXhwIjoxNzk1MjYwNjA5LCJtZXRhZGF0YSI6InZpZXdlciIsInZpZGVvIjp7InJvb20"
        "iOiJzdHVkaW8iLCJyb29tSm9pbiI6dHJ1ZSwiY2FuUHVibGlzaCI6ZmFsc2UsImNhblB1Ymxpc2hTb3VyY2VzIjpbXSwiY2FuU3V"
        "ic2NyaWJlIjp0cnVlLCJjYW5QdWJsaXNoRGF0YSI6dHJ1ZSwicm9vbUFkbWluIjpmYWxzZSwiaGlkZGVuIjpmYWxzZX19.VDkXr4"
        "lRqinavBI1KoKEjrX5PHwrK7CJSTRggQMrmAg"
    ),
}
SOURCES = ["camera", "microphone", "screen_share", "screen_share_audio"]
FOUND = {
    Role.ADMIN: {"can_publish": False, "can_publish_sources": [], "room_admin": True},
    Role.BROADCASTER: {"can_publish": True, "can_publish_sources": SOURCES, "room_admin": False},
    Role.VIEWER: {"can_publish": False, "can_publish_sources": [], "room_admin": False},
}
"""What differs in the verifier's `VideoGrants`; all have room_join, can_subscribe, can_publish_data and their room."""


@pytest.mark.parametrize("role", TAKEN)
def test_livekits_verifier_took_this_very_token_with_the_grants_of_the_role(role: Role) -> None:
    grants = Grants.until(NO_END_S, of_role(role))
    grant = TokenGrant("t_1", "p_1", "Ann É", role, "studio", MADE_S, MADE_S + 600, grants)
    assert sign(grant, KEY) == TAKEN[role], "a claim has changed since: give the new token to the verifier first"
    assert FOUND[role] == {
        "can_publish": may(role, Right.PUBLISH),
        "can_publish_sources": SOURCES if may(role, Right.PUBLISH) else [],
        "room_admin": may(role, Right.KICK),
    }


def other_session(transaction: Transaction) -> None:
    facts = {"title": "Other", "state": "waiting", "since": "", "why": "new", "needs_release": False}
    transaction.db.add(SessionRow(id="other", **facts))


async def answers(guest: Guest) -> dict[str, tuple[int, str]]:
    """What a token gets at the session `studio`: HTTP status and code, and of the WebSocket how it was closed."""
    found = {}
    for name, method, path, more in (
        ("http", "GET", "/api/v1/sessions/studio", {}),
        ("people", "GET", "/api/v1/sessions/studio/people", {}),
        ("chat", "POST", "/api/v1/sessions/studio/chat", {"json": {"id": "message-1", "text": "Hello"}}),
        ("whip", "POST", "/whip/studio", {"content": OFFER, "headers": SDP}),
        ("whep", "POST", "/whep/studio", {"content": OFFER, "headers": SDP}),
    ):
        answer = await guest.call(method, path, **more)
        code = "" if answer.is_success else str(answer.json()["code"])
        found[name] = (answer.status_code, code)
    async with guest.socket() as line:
        in_it = found["http"][0] == 200
        found["websocket"] = (0, str((await line.next())["type"])) if in_it else (await line.closed(), "")
        assert in_it or line.seen == [], "who is refused is told nothing of the session"
    return found


async def test_another_sessions_token_is_refused_everywhere_in_this_one(place: Place) -> None:
    await place.house.record.run(other_session)
    invite = await place.owner("POST", "/api/v1/sessions/other/invites", json={"role": "broadcaster"})
    body = {"invite": invite.json()["invite"], "name": "Bob"}
    joined = (await place.call("POST", "/api/v1/join", json=body)).json()
    assert joined["session"] == "other"
    bob = Guest(place, joined["bearer"], joined["person"])
    assert (await bob.call("GET", "/api/v1/sessions/other")).status_code == 200, "it is good where it is from"
    refused = (404, "not_found")
    assert await answers(bob) == {
        "http": refused, "people": refused, "chat": refused, "whip": refused, "whep": refused, "websocket": (4404, ""),
    }  # fmt: skip
    assert place.router.resources == {}, "the media router heard nothing of it"
    rob = await place.join("Rob", "broadcaster")
    at_home = await answers(rob)
    assert {name: status for name, (status, _) in at_home.items()} == {
        "http": 200, "people": 200, "chat": 200, "whip": 201, "whep": 201, "websocket": 0,
    }  # fmt: skip


async def test_another_servers_token_of_the_same_session_is_nobodys(place: Place, tmp_path: Path) -> None:
    async with running_house(tmp_path / "elsewhere", Front()) as elsewhere:
        stranger = await elsewhere.join("Bob", "broadcaster")
        bob = Guest(place, stranger.bearer, {"id": stranger.id, "name": "Bob"})
        found = await answers(bob)
    refused = (401, "not_signed_in")
    assert found == {
        "http": refused, "people": refused, "chat": refused, "whip": refused, "whep": refused, "websocket": (4401, ""),
    }  # fmt: skip
    assert place.router.resources == {}
