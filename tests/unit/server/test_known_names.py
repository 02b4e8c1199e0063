"""By which names the server is called: a page whose own name leads to this machine gets nothing from it."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from studio.server import guard, listeners
from studio.server.certificate import self_made
from studio.server.front import Front
from studio.server.guard import PAGE_POLICY
from studio.server.known_names import host_name, is_known, machine_names
from studio.server.serve import parser, plan_of
from tests.fakes.server_house import Place, running_house

ELSEWHERE = "127.0.0.2"
EVENTS = "/api/v1/sessions/studio/events"


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Desk7")


async def asked(base: str, host: str, path: str = "/api/v1/health") -> tuple[int, str]:
    """The status for a request with this Host header, and its words where it is refused."""
    async with httpx.AsyncClient(base_url=base, verify=False) as client:
        answer = await client.get(path, headers={"Host": host})
    refused = answer.status_code == 403 and answer.json()["code"] == "bad_origin"
    return answer.status_code, answer.json()["message"] if refused else ""


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("192.168.1.5:8470", "192.168.1.5"),
        ("[::1]:8470", "::1"),
        ("[fd00::5]", "fd00::5"),
        ("Studio.Example.:8470", "studio.example"),
        ("a:b", ""),
        ("a:1:2", ""),
        ("[evil.example]", ""),
        ("[::1]evil.example", ""),
        ("", ""),
    ],
)
def test_a_host_header_is_read_without_its_port(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize(
    "host",
    ["8.8.8.8", "[2001:db8::1]:8470", "localhost:1", "LOCALHOST", "desk7", "Desk7:8470", "desk7.local", "desk7."],
)
def test_every_address_and_the_machines_own_names_pass(host: str) -> None:
    assert is_known(host, ())


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8470",
        "desk7.evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "x",
        "",
    ],
)
def test_every_other_name_is_foreign(host: str) -> None:
    assert not is_known(host, ())


def test_a_machine_with_a_full_name_goes_by_its_short_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "desk7.office.example")
    assert machine_names() == {"localhost", "desk7", "desk7.local", "desk7.office.example"}


def test_a_name_with_a_star_stands_for_one_label() -> None:
    assert is_known("show.studio.example", ("*.Studio.example",))
    assert not is_known("studio.example", ("*.studio.example",))
    assert not is_known("a.b.studio.example", ("*.studio.example",))


async def test_a_page_whose_name_was_made_to_lead_here_cannot_join(place: Place) -> None:
    invite = (await place.invite())["invite"]
    port = place.base.rpartition(":")[2]
    rebound = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
    answer = await place.call("POST", "/api/v1/join", json={"invite": invite, "name": "Eve"}, headers=rebound)
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_origin")
    assert f"evil.example:{port}" in answer.json()["message"] and answer.json()["remedy"]
    assert "set-cookie" not in answer.headers
    assert [line["action"] for line in await place.audit()].count("joined") == 0


@pytest.mark.parametrize("path", ["/watch/studio", "/admin", "/static/watch.js", "/api/v1/health", "/openapi.json"])
async def test_nothing_is_read_by_a_foreign_name_either(place: Place, path: str) -> None:
    status, words = await asked(place.base, "evil.example", path)
    assert status == 403 and "evil.example" in words


@pytest.mark.parametrize("path", ["/watch/studio", "/admin", "/"])
async def test_a_person_at_a_foreign_name_is_told_what_to_do(place: Place, path: str) -> None:
    browser = {"Host": "evil.example", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = await place.call("GET", path, headers=browser)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/plain; charset=utf-8")
    assert "Ask the host" in answer.text and "{" not in answer.text and "--name" not in answer.text
    assert answer.headers["content-security-policy"] == PAGE_POLICY and answer.headers["x-frame-options"] == "DENY"
    data = await place.call("GET", "/api/v1/health", headers=browser)
    assert (data.status_code, data.json()["code"]) == (403, "bad_origin")


async def test_the_name_is_looked_at_before_anything_else(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "REQUESTS_OF_ONE_ADDRESS", 0)
    assert (await asked(place.base, "evil.example"))[0] == 403
    assert (await asked(place.base, "localhost"))[0] == 429


async def test_a_request_without_a_name_is_refused(place: Place) -> None:
    status, words = await asked(place.base, "")
    assert status == 403 and words == "The request does not name its server."


async def test_the_socket_is_not_opened_by_a_foreign_name(place: Place) -> None:
    ann = await place.join("Ann")
    url = place.base.replace("http", "ws") + EVENTS
    port = int(place.base.rpartition(":")[2])
    bearer = {"Authorization": f"Bearer {ann.bearer}"}
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://evil.example:{port}{EVENTS}", host="127.0.0.1", port=port, additional_headers=bearer)
    assert refused.value.response.status_code == 403
    assert b"does not go by the name" in refused.value.response.body
    async with connect(url, additional_headers={**bearer, "Origin": place.base}) as opened:
        assert "welcome" in str(await opened.recv())
    by_name = url.replace("127.0.0.1", "desk7.local")
    async with connect(by_name, host="127.0.0.1", port=port, additional_headers=bearer) as opened:
        assert "welcome" in str(await opened.recv())


async def test_a_certificates_names_pass_while_it_is_in_use(place: Place, tmp_path: Path) -> None:
    made = self_made(tmp_path / "own", (ELSEWHERE, "studio.example"))
    given = {"address": ELSEWHERE, "https": "given", "certificate": str(made.certificate), "key": str(made.key)}
    refused = (403, "This server does not go by the name 'studio.example'.")
    assert await asked(place.base, "studio.example") == refused
    base = (await place.owner("POST", "/api/v1/share", json=given)).json()["links_base"]
    context = ssl.create_default_context(cafile=str(made.certificate))
    async with httpx.AsyncClient(verify=context) as client:
        where = {"extensions": {"sni_hostname": "studio.example"}, "headers": {"Host": "studio.example"}}
        assert (await client.get(f"{base}/api/v1/health", **where)).status_code == 200
    assert (await asked(base, "evil.example"))[0] == 403
    plain = (await place.owner("POST", "/api/v1/share", json={"address": ELSEWHERE})).json()["links_base"]
    assert await asked(plain, "studio.example") == refused
    assert await asked(plain, f"{ELSEWHERE}:1") == await asked(plain, "desk7") == (200, "")
    await place.owner("POST", "/api/v1/share", json=given)
    assert (await asked(place.base, "studio.example"))[0] == 200
    await place.owner("DELETE", "/api/v1/share")
    assert await asked(place.base, "studio.example") == refused


async def test_a_front_on_every_address_goes_by_the_names_that_it_was_told(tmp_path: Path) -> None:
    async with running_house(tmp_path, Front(host="0.0.0.0", names=("studio.example",))) as place:
        for base in (place.base, place.base.replace("127.0.0.1", ELSEWHERE)):
            assert (await asked(base, "evil.example"))[0] == 403
            assert [(await asked(base, name))[0] for name in ("STUDIO.example:80", "desk7.local", "10.0.0.1")] == [
                200
            ] * 3


async def test_a_front_that_listens_at_a_name_goes_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bind = listeners.bind
    monkeypatch.setattr(listeners, "bind", lambda host, port: bind(host.replace("studio.example", ELSEWHERE), port))
    async with running_house(tmp_path, Front(host="studio.example")) as place:
        front = place.house.sharing.front
        assert front is not None and (await asked(f"http://{ELSEWHERE}:{front.port}", "studio.example"))[0] == 200


@pytest.mark.parametrize(
    ("given", "name"),
    [("Studio.Example", "studio.example"), ("bühne.example", "xn--bhne-0ra.example"), ("pc_7", "pc_7")],
)
def test_stoa_serve_takes_further_names(stoa_home: Path, given: str, name: str) -> None:
    assert plan_of(parser().parse_args(["--name", given, "--name", "other"])).front.names == (name, "other")


@pytest.mark.parametrize(
    ("given", "wrong"), [(["--nam", "a"], "--nam a"), (["--key", "https://a/s3cret"], "--key https://…")]
)
def test_stoa_serve_takes_options_in_full_and_repeats_no_key(
    given: list[str], wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        parser().parse_args(given)
    said = capsys.readouterr().err
    assert left.value.code == 2 and wrong in said and "s3cret" not in said


@pytest.mark.parametrize(
    "given", ["https://studio.example", "studio.example:8470", "", "a..b", "*.example", "a b", "a/b"]
)
def test_what_is_no_host_name_is_said(stoa_home: Path, given: str) -> None:
    with pytest.raises(ValueError, match="a host name is needed"):
        plan_of(parser().parse_args(["--name", given]))
