"""A studio in somebody else's session, on a machine that has a server of its own: the two are never mixed up."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.server.messages import CloseCode
from studio.session import LineState, SessionClient, SignIn, parse_link
from tests.fakes.account_holder import PASSWORD, signed_up
from tests.fakes.server_house import Place, running_house
from tests.unit.session.conftest import write_owner_file
from tests.unit.session.test_session_client import Watching


@pytest.mark.parametrize("by", ["link", "account"])
async def test_a_lost_line_comes_back_to_the_same_server(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """It went to this machine's own, with the owner's token, and told nobody."""
    monkeypatch.setenv("STOA_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "run").mkdir(parents=True)
    async with running_house(tmp_path / "own") as own:
        write_owner_file(tmp_path / "home" / "run", own)
        if by == "link":
            client = await SessionClient.join(parse_link((await place.invite())["link"]), "Ann")
        else:
            await signed_up(place, "ann")
            sign_in = await SignIn.begin(place.base, "ann", PASSWORD)
            client = await sign_in.join("studio")
            await sign_in.close()
        bearer = client.bearer
        async with Watching(client) as watching:
            for connection in place.house.hub.of_session("studio"):
                connection.close(CloseCode.TOO_SLOW, "A test cut this line.")
            await watching.line(LineState.RECONNECTING)
            await watching.line(LineState.CONNECTED)
            assert (client.base, client.bearer) == (place.base, bearer)
        await client.close()
