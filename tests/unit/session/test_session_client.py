"""The client against the real application: joins, gets everything once through every loss, failures in words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from studio.media.errors import ErrorKind, StoaError
from studio.server.messages import CloseCode
from studio.session import ChatMessage, Command, LineChange, LineState, SessionClient, SessionEvent, Welcome, parse_link
from studio.session.calls import SessionError
from tests.fakes.server_house import Place, running_house


@contextlib.asynccontextmanager
async def viewer(place: Place, name: str) -> AsyncIterator[SessionClient]:
    invite = await place.invite()
    client = await SessionClient.join(parse_link(invite["link"]), name)
    try:
        yield client
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def host(tmp_path: Path) -> AsyncIterator[SessionClient]:
    client = await SessionClient.join_as_owner(run_folder=tmp_path / "run")
    try:
        yield client
    finally:
        await client.close()


class Watching:
    """Takes a client's events one by one, with a limit."""

    def __init__(self, client: SessionClient) -> None:
        self._events = client.events()
        self.texts: list[str] = []

    async def __aenter__(self) -> Watching:
        await self.welcome()
        return self

    async def __aexit__(self, *_about: object) -> None:
        await self._events.aclose()  # type: ignore[attr-defined]

    async def next(self) -> SessionEvent | LineChange:
        async with asyncio.timeout(15):
            event = await anext(self._events)
        if isinstance(event, SessionEvent) and isinstance(event.data, ChatMessage):
            self.texts.append(event.data.text)
        return event

    async def welcome(self) -> None:
        while True:
            event = await self.next()
            if isinstance(event, SessionEvent) and isinstance(event.data, Welcome):
                return

    async def line(self, state: LineState) -> LineChange:
        while True:
            event = await self.next()
            if isinstance(event, LineChange) and event.state is state:
                return event

    async def text(self, last: str) -> list[str]:
        while last not in self.texts:
            await self.next()
        return self.texts


async def test_a_viewer_joins_by_link_and_chats(place: Place) -> None:
    async with viewer(place, "Ann") as ann, viewer(place, "Ben") as ben:
        assert ann.me is not None and (ann.me.person.name, ann.me.person.role) == ("Ann", "viewer")
        async with Watching(ben) as at_ben:
            accepted = await ann.say("hello")
            assert await at_ben.text("hello") == ["hello"]
            assert ben.seq == accepted.seq
        messages, more = await ben.history()
        assert [message.data["text"] for message in messages] == ["hello"] and not more
        assert (await ann.say("hello", id="message-1")).seq == (await ann.say("hello", id="message-1")).seq


async def test_the_owner_joins_as_host_and_keeps_the_owners_rights(place: Place, tmp_path: Path) -> None:
    async with host(tmp_path) as studio:
        assert studio.me is not None and studio.me.person.role == "broadcaster"
        assert "ban" in await studio.rights() and "ban" not in studio.me.rights
        invite = await studio.invite("admin")
        assert invite.link is not None and invite.link.startswith(place.base)
        assert (await studio.share_status()).shared is False
        assert [one.id for one in await studio.invites()] == [invite.id]
        assert (await studio.audit_log.page())[0][0].action == "joined"
        assert studio.whip_url == f"whip+{place.base}/whip/studio"
        assert await studio.revoke_invite(invite.id) is True
        viewers = await studio.invite()
        assert (await studio.invite_qr(viewers.id)).startswith(b"<svg")


async def test_an_admins_command_reaches_the_studio_and_its_answer_the_admin(place: Place, tmp_path: Path) -> None:
    async with host(tmp_path) as studio:
        link = (await studio.invite("admin")).link
        assert link is not None
        eva = await SessionClient.join(parse_link(link), "Eva")
        async with Watching(studio) as at_studio, Watching(eva) as at_eva:
            given = await eva.command("mute_audio")
            while True:
                event = await at_studio.next()
                if isinstance(event, SessionEvent) and isinstance(event.data, Command):
                    break
            assert event.id == given.id and event.data.action == "mute_audio"
            await studio.acknowledge(event.id, "done", "Silent.")
            while True:
                told = await at_eva.next()
                if isinstance(told, SessionEvent) and told.type == "command.done":
                    break
            assert told.data.words == "Silent."  # type: ignore[union-attr]
        await eva.close()


async def test_a_kicked_studio_can_still_say_that_it_obeyed(place: Place, tmp_path: Path) -> None:
    async with host(tmp_path) as studio:
        link = (await studio.invite("admin")).link
        assert link is not None and studio.me is not None
        eva = await SessionClient.join(parse_link(link), "Eva")
        async with Watching(studio) as at_studio, Watching(eva) as at_eva:
            await eva.command("kick", target=studio.me.person.id)
            while True:
                event = await at_studio.next()
                if isinstance(event, SessionEvent) and isinstance(event.data, Command):
                    break
            await studio.acknowledge(event.id, "done", "Off air.")
            while True:
                told = await at_eva.next()
                if isinstance(told, SessionEvent) and told.type == "command.done":
                    break
            assert told.data.words == "Off air."  # type: ignore[union-attr]
            assert (await at_studio.line(LineState.REFUSED)).code == "removed"
        await eva.close()


async def test_a_lost_line_comes_back_and_nothing_is_missed_or_doubled(place: Place) -> None:
    async with viewer(place, "Ann") as ann, viewer(place, "Ben") as ben:
        async with Watching(ann) as at_ann:
            await ben.say("one")
            await at_ann.text("one")
            for connection in place.house.hub.of_session("studio"):
                connection.close(CloseCode.TOO_SLOW, "A test cut this line.")
            change = await at_ann.line(LineState.RECONNECTING)
            assert change.words == "A test cut this line." and change.retry_in_s > 0
            await ben.say("two")
            await ben.say("three")
            assert await at_ann.text("three") == ["one", "two", "three"]


async def test_a_server_that_comes_back_elsewhere_is_found_again(tmp_path: Path) -> None:
    from tests.unit.session.conftest import write_owner_file

    run = tmp_path / "run"
    run.mkdir()
    async with contextlib.AsyncExitStack() as first:
        place = await first.enter_async_context(running_house(tmp_path / "data"))
        write_owner_file(run, place)
        studio = await SessionClient.join_as_owner(run_folder=run)
        async with Watching(studio) as at_studio:
            await studio.say("before")
            await at_studio.text("before")
            await first.aclose()
            assert (await at_studio.line(LineState.RECONNECTING)).words
            async with running_house(tmp_path / "data") as again:
                write_owner_file(run, again)
                await at_studio.line(LineState.CONNECTED)
                await studio.say("after")
                assert await at_studio.text("after") == ["before", "after"]
                assert (await studio.share_status()).shared is False
        await studio.close()


async def test_who_is_kicked_is_told_and_does_not_come_back(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    async with viewer(place, "Ann") as ann, Watching(ann) as at_ann:
        assert ann.me is not None
        await eva.command("kick", ann.me.person.id)
        change = await at_ann.line(LineState.REFUSED)
        assert change.code == "removed" and "removed you" in change.words
        with pytest.raises(StopAsyncIteration):
            await at_ann.next()
        with pytest.raises(SessionError) as refused:
            await ann.say("still here?")
        assert refused.value.code == "removed" and refused.value.permanent and refused.value.remedy


async def test_a_refusal_is_an_error_with_the_servers_words(place: Place) -> None:
    async with viewer(place, "Ann") as ann:
        invite = await place.invite()
        with pytest.raises(SessionError) as taken:
            await SessionClient.join(parse_link(invite["link"]), "ann")
        assert (taken.value.code, taken.value.kind, taken.value.permanent) == ("name_taken", ErrorKind.CONFLICT, False)
        with pytest.raises(SessionError) as denied:
            await ann.command("stop")
        assert denied.value.code == "no_right" and denied.value.kind is ErrorKind.DENIED


async def test_a_server_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    async with running_house(tmp_path) as place:
        invite = await place.invite()
    with pytest.raises(StoaError) as away:
        await SessionClient.join(parse_link(invite["link"]), "Ann")
    assert away.value.kind is ErrorKind.UNREACHABLE and place.base in away.value.message


async def test_over_https_only_a_trusted_certificate_will_do(place: Place, tmp_path: Path) -> None:
    shared = await place.owner("POST", "/api/v1/share", json={"address": "127.0.0.2", "https": "self_made"})
    assert shared.status_code == 200, shared.text
    link = parse_link((await place.invite())["link"])
    with pytest.raises(StoaError) as untrusted:
        await SessionClient.join(link, "Ann")
    assert untrusted.value.kind is ErrorKind.TLS and "not to be trusted" in untrusted.value.message
    ann = await SessionClient.join(link, "Ann", ca_file=tmp_path / "data" / "tls" / "self-made.pem")
    async with Watching(ann) as at_ann:
        await ann.say("in private")
        assert await at_ann.text("in private") == ["in private"]
    await ann.close()


async def test_a_server_that_is_none_is_said_in_words() -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(nonsense, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        with pytest.raises(StoaError) as strange:
            await SessionClient.join(parse_link(f"http://127.0.0.1:{port}/watch/studio#i=abc"), "Ann")
    assert strange.value.kind is ErrorKind.BAD_DATA
