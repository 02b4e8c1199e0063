"""The real server behind the real nginx, which ends TLS and is set up by the documentation's lines."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from studio.server.front import Front
from tests.fixtures.chromium import Browsing
from tests.fixtures.light_media import LightPublisher
from tests.fixtures.light_peer import LightPeer, LightViewer
from tests.fixtures.nginx_proxy import NginxProxy
from tests.fixtures.session_server import SessionServer, eventually, session_server

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("chromium"),
    pytest.mark.timeout(120),
]
ELSEWHERE = "127.0.0.2"
SDP = {"Content-Type": "application/sdp"}


class Site:
    """A server, its proxy, and clients that come from another address than the proxy's."""

    def __init__(self, server: SessionServer, proxy: NginxProxy) -> None:
        self.server = server
        self.proxy = proxy
        self.trust = ssl.create_default_context(cafile=str(proxy.authority))

    async def call(self, method: str, path: str, **facts: Any) -> httpx.Response:
        way = httpx.AsyncHTTPTransport(local_address=ELSEWHERE, verify=self.trust)
        async with httpx.AsyncClient(base_url=self.proxy.base, transport=way, timeout=20) as client:
            return await client.request(method, path, **facts)

    async def joins(self, name: str, **headers: str) -> httpx.Response:
        invite = (await self.server.link()).partition("#i=")[2]
        return await self.call("POST", "/api/v1/join", json={"invite": invite, "name": name}, headers=headers)


@pytest_asyncio.fixture(loop_scope="session")
async def site(stoa_home: Path, nginx_proxy: NginxProxy) -> AsyncIterator[Site]:
    front = Front(host="127.0.0.1", proxies=("127.0.0.1/32",), public_url=nginx_proxy.base)
    async with session_server(stoa_home, front) as server:
        nginx_proxy.start(int(server.base.rpartition(":")[2]))
        yield Site(server, nginx_proxy)


async def test_the_client_is_known_through_nginx_and_cannot_pretend(site: Site) -> None:
    invented = {"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.2", "X-Forwarded-Host": "evil.example"}
    answer = await site.joins("Ann", Origin=site.proxy.base, **invented)
    assert answer.status_code == 200, answer.text
    assert "Secure" in answer.headers["set-cookie"]
    assert {line["address"] for line in await site.server.audit() if line["action"] == "joined"} == {ELSEWHERE}
    for origin in ("https://evil.example", f"http://localhost:{site.proxy.port}", site.server.base):
        assert (await site.joins("Eve", Origin=origin)).json()["code"] == "bad_origin"


async def test_the_socket_opens_through_nginx_for_its_own_pages(site: Site) -> None:
    bearer = {"Authorization": f"Bearer {(await site.joins('Ann')).json()['bearer']}"}
    url = site.proxy.base.replace("https", "wss") + "/api/v1/sessions/studio/events"
    facts: dict[str, Any] = {"ssl": site.trust, "local_addr": (ELSEWHERE, 0)}
    async with connect(url, additional_headers={**bearer, "Origin": site.proxy.base}, **facts) as opened:
        assert json.loads(await opened.recv())["type"] == "welcome"
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, additional_headers={**bearer, "Origin": "https://evil.example"}, **facts)
    assert refused.value.response.status_code == 403


@pytest.mark.slow
async def test_a_show_is_signalled_through_nginx_and_its_media_goes_past(site: Site, browsing: Browsing) -> None:
    assert site.server.pair is not None
    host = {"Authorization": f"Bearer {site.server.pair.owner_token}"}
    peer = LightPeer()
    answer = await site.call("POST", "/whip/studio", content=peer.offer("sendonly"), headers={**SDP, **host})
    assert answer.status_code == 201, answer.text
    publisher = LightPublisher(peer)
    await peer.take_answer(answer.text)
    publisher.start()
    watcher = LightPeer()
    viewer = LightViewer(watcher)
    bearer = {"Authorization": f"Bearer {(await site.joins('Leo')).json()['bearer']}"}
    try:
        given = await site.call("POST", "/whep/studio", content=watcher.offer("recvonly"), headers={**SDP, **bearer})
        assert given.status_code == 201, given.text
        await watcher.take_answer(given.text)
        await eventually(lambda: len(viewer.in_order()) > 20, 20, "packets came")
        link = await site.server.link()
        assert link.startswith(f"{site.proxy.base}/watch/studio#i=")
        page = await browsing.person(ignore_https_errors=True)
        await page.goto(link)
        await page.get_by_label("Your name").fill("Mia")
        await page.keyboard.press("Enter")
        await expect(page.locator("#room")).to_be_visible()
        await expect(page.locator("#badge")).to_have_text("Live")
        await expect(page.locator("#stage")).to_have_attribute("data-media", "playing")
        await page.get_by_role("textbox", name="Write a message").fill("Hello through nginx")
        await page.keyboard.press("Enter")
        await expect(page.locator(".said .text")).to_have_text(["Hello through nginx"])
        assert {one["secure"] for one in await page.context.cookies()} == {True}
        ended = await site.call("DELETE", given.headers["Location"], headers=bearer)
        assert ended.status_code == 200
        await asyncio.wait_for(watcher.closed.wait(), 20)
    finally:
        await publisher.stop()
        peer.close()
        watcher.close()
