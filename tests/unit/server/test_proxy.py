"""A reverse proxy in front: whom requests count for, which origin is its own; nobody else is believed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from studio.server import connections
from studio.server.connections import KEPT_FOR_THIS_MACHINE, OF_ONE_CLIENT, Connections
from studio.server.errors import Refusal
from studio.server.front import UDP_HIGH, UDP_LOW, Front
from studio.server.proxy import Proxies, public_base
from studio.server.router_pipe import Offer
from studio.server.serve import parser, plan_of
from tests.fakes.server_house import OFFER, Place, running_house

CLIENT = "203.0.113.7"
PUBLIC = "https://studio.example"
EVENTS = "/api/v1/sessions/studio/events"
BEHIND = Front(proxies=("127.0.0.1",), public_url=PUBLIC)


def seen(peer: str, *headers: tuple[str, str], networks: tuple[str, ...] = ("127.0.0.1", "10.0.0.0/24")) -> Any:
    lines = [(b"host", b"inside"), *((name.encode(), value.encode()) for name, value in headers)]
    scope = {"type": "http", "scheme": "http", "client": (peer, 5), "headers": lines}
    return Proxies(networks).outside(scope)


def by(client: str = CLIENT, proto: str = "https", host: str = "studio.example") -> dict[str, str]:
    return {"X-Forwarded-For": client, "X-Forwarded-Proto": proto, "X-Forwarded-Host": host}


@asynccontextmanager
async def behind(folder: Path, front: Front = BEHIND) -> AsyncIterator[Place]:
    async with running_house(folder, front) as place:
        yield place


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["127.0.0.1, 203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, 10.0.0.8"], "203.0.113.7"),
        (["198.51.100.1", "203.0.113.7, 10.0.0.8"], "203.0.113.7"),
        (["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        (["203.0.113.7:5501"], "203.0.113.7"),
        (["[2001:db8::7]:5501"], "2001:db8::7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["<script>, 203.0.113.7"], "203.0.113.7"),
    ],
)
def test_the_client_is_the_right_most_address_that_is_no_proxy(hops: list[str], client: str) -> None:
    assert seen("127.0.0.1", *(("x-forwarded-for", hop) for hop in hops))["client"][0] == client


@pytest.mark.parametrize("peer", ["203.0.113.7", "10.0.1.1", "::1", ""])
def test_who_is_no_trusted_proxy_is_not_believed(peer: str) -> None:
    told = seen(peer, ("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "a"))
    assert (told["client"], told["scheme"], dict(told["headers"])[b"host"]) == ((peer, 5), "http", b"inside")


def test_without_a_trusted_proxy_this_machine_is_not_believed_either() -> None:
    told = seen("127.0.0.1", ("x-forwarded-for", CLIENT), ("x-forwarded-proto", "https"), networks=())
    assert (told["client"][0], told["scheme"]) == ("127.0.0.1", "http")


def test_the_other_dialect_is_never_believed() -> None:
    told = seen("127.0.0.1", ("forwarded", f"for={CLIENT};proto=https;host=evil.example"))
    assert (told["client"][0], told["scheme"], dict(told["headers"])[b"host"]) == ("127.0.0.1", "http", b"inside")


def test_scheme_and_host_are_what_the_proxy_added_last() -> None:
    told = seen(
        "127.0.0.1",
        ("x-forwarded-for", CLIENT),
        ("x-forwarded-proto", "http, https"),
        ("x-forwarded-host", "evil.example, studio.example"),
    )
    assert told["scheme"] == "https"
    assert [value for key, value in told["headers"] if key == b"host"] == [b"studio.example"]


@pytest.mark.parametrize(
    ("name", "value"), [("x-forwarded-for", "unknown"), ("x-forwarded-for", "1.2.3"), ("x-forwarded-proto", "gopher")]
)
def test_a_proxy_that_says_what_cannot_be_is_told_so(name: str, value: str) -> None:
    headers = {"x-forwarded-for": CLIENT, name: value}
    with pytest.raises(Refusal, match=name.title().replace("X-F", "X-F")) as refused:
        seen("127.0.0.1", *headers.items())
    assert "reverse-proxy" in refused.value.remedy


async def test_the_clients_address_stands_in_the_audit_log(tmp_path: Path) -> None:
    async with behind(tmp_path) as place:
        invite = (await place.invite())["invite"]
        body = {"invite": invite, "name": "Ann"}
        headers = {**by(f"127.0.0.1, {CLIENT}"), "Origin": PUBLIC}
        answer = await place.call("POST", "/api/v1/join", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        assert [line["address"] for line in await place.audit() if line["action"] == "joined"] == [CLIENT]


async def test_attempts_count_for_the_client_and_not_for_the_proxy(tmp_path: Path) -> None:
    async with behind(tmp_path) as place:

        async def tries(client: str, **more: str) -> int:
            body = {"invite": "nothing", "name": "Eve"}
            headers = {**by(client), "Origin": PUBLIC, **more}
            return (await place.call("POST", "/api/v1/join", json=body, headers=headers)).status_code

        assert await tries(CLIENT) != 429
        for _ in range(200):
            if await tries(CLIENT) == 429:
                break
        assert await tries(CLIENT) == 429
        assert await tries(f"198.51.100.1, {CLIENT}") == 429, "an invented hop brought more"
        assert await tries("203.0.113.8") != 429


async def test_cookie_and_origin_follow_the_outside(tmp_path: Path) -> None:
    async with behind(tmp_path) as place:
        invite = (await place.invite())["invite"]

        async def joins(headers: dict[str, str], name: str = "Ann") -> Any:
            body = {"invite": invite, "name": name}
            return await place.call("POST", "/api/v1/join", json=body, headers=headers)

        inside = place.base.replace("127.0.0.1", "localhost")
        for origin in (inside, "http://studio.example", "https://studio.example:444", "https://evil.example"):
            assert (await joins({**by(), "Origin": origin})).json()["code"] == "bad_origin"
        assert "Secure" in (await joins({**by(), "Origin": PUBLIC})).headers["set-cookie"]
        foreign = await joins({**by(host="evil.example"), "Origin": "https://evil.example"})
        assert foreign.json()["code"] == "bad_origin" and "evil.example" in foreign.json()["message"]
        direct = await joins({"Origin": place.base}, "Leo")
        assert direct.status_code == 200 and "Secure" not in direct.headers["set-cookie"]


async def test_a_client_that_comes_directly_is_not_believed(place: Place) -> None:
    invite = (await place.invite())["invite"]
    body = {"invite": invite, "name": "Eve"}
    spoofed = await place.call("POST", "/api/v1/join", json=body, headers={**by(), "Origin": PUBLIC})
    assert spoofed.json()["code"] == "bad_origin"
    answer = await place.call("POST", "/api/v1/join", json=body, headers={**by("198.51.100.9"), "Origin": place.base})
    assert answer.status_code == 200 and "Secure" not in answer.headers["set-cookie"]
    assert [line["address"] for line in await place.audit() if line["action"] == "joined"] == ["127.0.0.1"]


async def test_a_proxy_without_a_scheme_has_that_of_the_public_url(tmp_path: Path) -> None:
    async with behind(tmp_path) as place:
        body = {"invite": (await place.invite())["invite"], "name": "Ann"}
        headers = {"X-Forwarded-For": CLIENT, "Host": "studio.example", "Origin": PUBLIC}
        answer = await place.call("POST", "/api/v1/join", json=body, headers=headers)
        assert answer.status_code == 200 and "Secure" in answer.headers["set-cookie"]


async def test_links_begin_with_the_public_url(tmp_path: Path) -> None:
    async with behind(tmp_path) as place:
        made = await place.invite()
        assert made["link"].startswith(f"{PUBLIC}/watch/studio#i=")
        listed = (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
        assert [each["link"] for each in listed] == [made["link"]]
        assert (await place.owner("GET", "/api/v1/share")).json()["links_base"] == PUBLIC
        assert place.house.sharing is not None and place.house.sharing.local_base == place.base


async def test_media_may_come_in_past_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.server import sharing
    from studio.server.addresses import Address

    monkeypatch.setattr(sharing, "addresses", lambda: (Address("192.0.2.5", "eth0"),))
    async with behind(tmp_path) as place:
        assert place.house.sharing is not None
        reach = place.house.sharing.reach()
        assert (reach.addresses, reach.udp_low, reach.udp_high) == (("127.0.0.1", "192.0.2.5"), UDP_LOW, UDP_HIGH)
        ann = await place.join("Ann")
        headers = {**by(), "Content-Type": "application/sdp"}
        answer = await place.call("POST", "/whep/studio", ann.bearer, content=OFFER, headers=headers)
        assert answer.status_code == 201
        assert [offer.remote_address for offer in place.router.told_of(Offer)] == [CLIENT]


async def test_the_socket_follows_the_outside_too(tmp_path: Path) -> None:
    async with behind(tmp_path) as place:
        ann = await place.join("Ann")
        url = place.base.replace("http", "ws") + EVENTS
        bearer = {"Authorization": f"Bearer {ann.bearer}"}
        async with connect(url, additional_headers={**bearer, **by(), "Origin": PUBLIC}) as opened:
            assert "welcome" in str(await opened.recv())
            assert place.house.hub.from_address(CLIENT) == 1
        for headers in (
            {**by(), "Origin": place.base},
            {**by(host="evil.example"), "Origin": "https://evil.example"},
            {**by(client="nobody"), "Origin": PUBLIC},
        ):
            with pytest.raises(InvalidStatus):
                await connect(url, additional_headers={**bearer, **headers})


async def test_one_client_behind_the_proxy_has_so_many_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "OF_ONE_CLIENT", 1)
    async with behind(tmp_path) as place:
        ann = await place.join("Ann")
        url = place.base.replace("http", "ws") + EVENTS
        headers = {"Authorization": f"Bearer {ann.bearer}", **by(), "Origin": PUBLIC}

        async def health(client: str) -> int:
            return (await place.call("GET", "/api/v1/health", headers=by(client))).status_code

        async with connect(url, additional_headers=headers) as opened:
            await opened.recv()
            assert await health(CLIENT) == 429
            assert await health("203.0.113.8") == 200
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, additional_headers=headers)
            assert refused.value.response.status_code == 429
            assert (await place.call("GET", "/api/v1/health")).status_code == 200
        async with asyncio.timeout(10):
            while await health(CLIENT) == 429:
                await asyncio.sleep(0)


def test_what_a_proxy_brings_leaves_room_for_this_machine() -> None:
    counted = Connections(1024)
    counted.is_proxy = {"10.0.0.8"}.__contains__
    room = counted.limit - KEPT_FOR_THIS_MACHINE
    clients = [f"203.0.113.{number % 250}" for number in range(room + 1)]
    assert [counted.admit_behind(client) for client in clients].count(True) == room
    assert not counted.admit_behind("198.51.100.1")
    counted.gone_behind(clients[0])
    assert counted.admit_behind("198.51.100.1")
    own = [counted.admit("10.0.0.8") for _ in range(room + 1)]
    assert own.count(True) == room > OF_ONE_CLIENT, "a proxy is no client"
    assert counted.admit("127.0.0.1")


def test_stoa_serve_is_told_its_proxies_and_its_public_url(stoa_home: Path) -> None:
    words = ["--trusted-proxy", "10.0.0.8", "--trusted-proxy", "fd00::/64", "--public-url", "https://Studio.example/"]
    front = plan_of(parser().parse_args(words)).front
    assert (front.proxies, front.public_url) == (("10.0.0.8/32", "fd00::/64"), "https://studio.example")


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://studio.example:443", "https://studio.example"),
        ("http://studio.example:8080/", "http://studio.example:8080"),
        ("https://bühne.example", "https://xn--bhne-0ra.example"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_a_public_url_is_brought_into_one_form(given: str, base: str) -> None:
    assert public_base(given) == base


@pytest.mark.parametrize(
    "words",
    [
        ("--trusted-proxy", "proxy.example"),
        ("--trusted-proxy", "10.0.0.1/24"),
        ("--trusted-proxy", "0.0.0.0/0"),
        ("--trusted-proxy", ""),
        ("--public-url", "studio.example"),
        ("--public-url", "ftp://studio.example"),
        ("--public-url", "https://studio.example/stoa"),
        ("--public-url", "https://me@studio.example"),
        ("--public-url", "https://studio.example:99999"),
        ("--public-url", "https://a..b"),
    ],
)
def test_what_cannot_be_is_said(stoa_home: Path, words: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=f"{words[0]} .*(address of a proxy is needed|give what people open)"):
        plan_of(parser().parse_args(words))
