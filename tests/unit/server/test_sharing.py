"""Sharing: other addresses, HTTPS, words, links that work from there, taken back without cutting anyone here."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from cryptography import x509

from studio.media.errors import ErrorKind, StoaError
from studio.server import addresses
from studio.server.app import create_app
from studio.server.certificate import given, self_made
from studio.server.front import UDP_HIGH, UDP_LOW, Front, Shared
from studio.server.house import build
from studio.server.listeners import Listeners, bind
from studio.server.router_pipe import Reach
from studio.server.sharing import RETURN_EVERY_NS, Sharing
from tests.fakes.server_house import OWNER_TOKEN, HandClock, Place, running_house

# A second loopback address stands for the address in the network; every machine that runs these tests has it.
ELSEWHERE = "127.0.0.2"


async def share(place: Place, **more: Any) -> dict[str, Any]:
    answer = await place.owner("POST", "/api/v1/share", json={"address": ELSEWHERE, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_until_shared_only_this_machine_can_reach_it(place: Place) -> None:
    status = (await place.owner("GET", "/api/v1/share")).json()
    assert (status["shared"], status["address"], status["reach_words"]) == (False, "127.0.0.1", "Only this machine.")
    assert status["links_base"] == place.base
    assert place.router.told_of(Reach)[-1] == Reach(("127.0.0.1",), 0, 0)
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as client:
            await client.get(f"http://{ELSEWHERE}:{status['port']}/api/v1/health")


async def test_sharing_opens_a_second_address_and_taking_back_closes_it(place: Place) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as here:
        await here.until("welcome")
        status = await share(place)
        base = status["links_base"]
        assert status["shared"] is True and base == f"http://{ELSEWHERE}:{status['port']}"
        assert ELSEWHERE in place.router.told_of(Reach)[-1].addresses
        invite = await place.invite()
        assert invite["link"].startswith(f"{base}/watch/studio#i=")
        async with httpx.AsyncClient(base_url=base) as there:
            assert (await there.get("/api/v1/health")).json()["ok"] is True
            body = {"invite": invite["invite"], "name": "Ben"}
            assert (await there.post("/api/v1/join", json=body, headers={"Origin": base})).status_code == 200
            assert (await there.post("/api/v1/join", json=body, headers={"Origin": place.base})).status_code == 403
        back = (await place.owner("DELETE", "/api/v1/share")).json()
        assert back["shared"] is False and back["links_base"] == place.base
        assert place.router.told_of(Reach)[-1].addresses == ("127.0.0.1",)
        async with httpx.AsyncClient(base_url=base) as there:
            with pytest.raises(httpx.ConnectError):
                await there.get("/api/v1/health")
        await here.send("ping")
        await here.until("pong")
    actions = [line["action"] for line in await place.audit()]
    assert actions.index("share.opened") < actions.index("share.closed")


async def test_only_the_owner_shares(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    for method in ("GET", "POST", "DELETE"):
        body = {"json": {"address": ELSEWHERE}} if method == "POST" else {}
        assert (await eva.call(method, "/api/v1/share", **body)).json()["code"] == "no_right"


async def test_https_with_a_certificate_made_on_the_spot(place: Place, tmp_path: Path) -> None:
    status = await share(place, https="self_made")
    assert status["links_base"].startswith("https://")
    assert status["fingerprint"] in status["warning_words"] and "not private" in status["warning_words"]
    context = ssl.create_default_context(cafile=str(tmp_path / "tls" / "self-made.pem"))
    async with httpx.AsyncClient(base_url=status["links_base"], verify=context) as there:
        assert (await there.get("/api/v1/health")).status_code == 200
        invite = await place.invite()
        body = {"invite": invite["invite"], "name": "Ann"}
        joined = await there.post("/api/v1/join", json=body, headers={"Origin": status["links_base"]})
        assert "Secure" in joined.headers["set-cookie"]
    assert (tmp_path / "tls" / "self-made.key").stat().st_mode & 0o777 == 0o600
    assert (await place.call("GET", "/api/v1/health")).status_code == 200, "loopback stays plain"


async def test_https_with_a_given_certificate(place: Place, tmp_path: Path) -> None:
    made = self_made(tmp_path / "own", (ELSEWHERE,))
    status = await share(place, https="given", certificate=str(made.certificate), key=str(made.key))
    assert status["https"] in ("given", "self_made") and status["fingerprint"] == made.fingerprint
    missing = {"address": ELSEWHERE, "https": "given", "certificate": "/nowhere.pem", "key": "/nowhere.key"}
    answer = await place.owner("POST", "/api/v1/share", json=missing)
    assert answer.status_code == 409 and "/nowhere.pem" in answer.json()["message"] and answer.json()["remedy"]


async def test_a_port_that_is_taken_is_said_in_words(place: Place) -> None:
    with socket.socket() as other:
        other.bind((ELSEWHERE, 0))
        other.listen()
        port = other.getsockname()[1]
        answer = await place.owner("POST", "/api/v1/share", json={"address": ELSEWHERE, "port": port})
    assert (answer.status_code, answer.json()["code"]) == (409, "share_failed")
    assert f"Port {port} on {ELSEWHERE} is in use by another program." == answer.json()["message"]
    assert (await place.owner("GET", "/api/v1/share")).json()["shared"] is False


async def test_a_change_that_fails_keeps_the_share_of_before_and_says_so(place: Place) -> None:
    base = (await share(place, https="self_made"))["links_base"]
    with socket.socket() as other:
        other.bind((ELSEWHERE, 0))
        other.listen()
        port = other.getsockname()[1]
        taken = {"address": ELSEWHERE, "port": port, "https": "self_made"}
        for change, words in (
            (taken, f"Port {port} on {ELSEWHERE} is in use by another program."),
            ({"address": "203.0.113.7"}, "This machine has no address 203.0.113.7."),
            ({"address": ELSEWHERE, "https": "given", "certificate": "/no.pem", "key": "/no.key"}, "/no.pem is not"),
        ):
            answer = await place.owner("POST", "/api/v1/share", json=change)
            said = answer.json()
            assert (answer.status_code, said["code"]) == (409, "share_failed")
            assert words in said["message"] and said["remedy"]
            assert said["message"].endswith(f" The earlier share at {base} goes on.")
            status = (await place.owner("GET", "/api/v1/share")).json()
            assert (status["shared"], status["links_base"], status["https"]) == (True, base, "self_made")
            async with httpx.AsyncClient(base_url=base, verify=False) as there:
                assert (await there.get("/api/v1/health")).status_code == 200
    assert place.router.told_of(Reach)[-1].addresses == ("127.0.0.1", ELSEWHERE)


async def test_another_certificate_at_the_same_place_keeps_the_port(place: Place) -> None:
    before = await share(place)
    for https, scheme in (("self_made", "https"), ("self_made", "https"), ("off", "http")):
        status = await share(place, https=https)
        assert status["links_base"] == f"{scheme}://{ELSEWHERE}:{before['port']}"
        async with httpx.AsyncClient(base_url=status["links_base"], verify=False) as there:
            assert (await there.get("/api/v1/health")).status_code == 200


async def test_a_shared_address_that_the_machine_has_no_more_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.server.sharing._own", lambda address: False)
    here = [addresses.Address(ELSEWHERE, "eth0")]
    monkeypatch.setattr("studio.server.sharing.addresses", lambda: tuple(here))
    assert "at present" not in (await share(place))["warning_words"]
    here.clear()
    status = (await place.owner("GET", "/api/v1/share")).json()
    assert f"does not have the address {ELSEWHERE} at present" in status["warning_words"]
    answer = await place.owner("POST", "/api/v1/share", json={"address": "192.168.1.5"})
    assert "goes on. This machine does not have" in answer.json()["message"]


async def test_without_a_wish_a_free_port_is_taken_where_the_usual_one_is_not(place: Place) -> None:
    usual = int(place.base.rpartition(":")[2])
    with socket.socket() as other:
        other.bind((ELSEWHERE, usual))
        other.listen()
        status = await share(place)
    assert status["port"] not in (0, usual)


async def test_a_link_keeps_the_port_where_it_can(place: Place) -> None:
    assert (await share(place))["port"] == int(place.base.rpartition(":")[2])


async def test_a_front_with_https_keeps_a_plain_door_for_this_machine(tmp_path: Path) -> None:
    async with running_house(tmp_path, Front(host=ELSEWHERE, self_signed=True)) as place:
        assert place.base.startswith("http://127.0.0.1:")
        status = (await place.call("GET", "/api/v1/share", OWNER_TOKEN)).json()
        assert (status["https"], status["address"]) == ("self_made", ELSEWHERE)
        assert status["links_base"].startswith(f"https://{ELSEWHERE}:")
        assert (await place.call("GET", "/api/v1/health")).status_code == 200


async def test_a_front_on_every_address_is_shared_already_and_says_so(tmp_path: Path) -> None:
    async with running_house(tmp_path, Front(host="0.0.0.0")) as place:
        status = (await place.owner("GET", "/api/v1/share")).json()
        assert status["reach_words"] == "Everyone who can reach any address of this machine."
        assert "ufw" in status["firewall_words"] and "HTTPS" in status["warning_words"]
        assert {"127.0.0.1"} <= set(place.house.on_air._reach().addresses)
        answer = await place.owner("POST", "/api/v1/share", json={"address": ELSEWHERE})
        assert (answer.status_code, answer.json()["code"]) == (409, "share_failed")


def test_a_self_made_certificate_serves_again_while_it_covers_the_addresses(tmp_path: Path) -> None:
    first = self_made(tmp_path, ("127.0.0.1", "localhost"))
    assert self_made(tmp_path, ("127.0.0.1",)) == first
    other = self_made(tmp_path, ("127.0.0.1", "192.168.1.5"))
    assert other.fingerprint != first.fingerprint
    loaded = x509.load_pem_x509_certificate(other.certificate.read_bytes())
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "192.168.1.5"]
    assert loaded.not_valid_after_utc > datetime.now(UTC)


def test_a_key_that_does_not_belong_to_the_certificate_is_refused(tmp_path: Path) -> None:
    one, two = self_made(tmp_path / "1", ("a.example",)), self_made(tmp_path / "2", ("a.example",))
    with pytest.raises(StoaError) as refused:
        given(one.certificate, two.key)
    assert refused.value.kind is ErrorKind.TLS and refused.value.permanent and refused.value.remedy


def test_a_port_in_use_and_a_foreign_address_are_said_in_words() -> None:
    with bind("127.0.0.1", 0) as taken:
        with pytest.raises(StoaError) as used:
            bind("127.0.0.1", taken.getsockname()[1])
    assert used.value.kind is ErrorKind.CONFLICT and used.value.permanent and "--port" in used.value.remedy
    with pytest.raises(StoaError) as foreign:
        bind("203.0.113.7", 0)
    assert foreign.value.kind is ErrorKind.BAD_ARGUMENT and "203.0.113.7" in foreign.value.message


def test_addresses_are_told_with_who_could_reach_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry(address: str, family: int = socket.AF_INET) -> Any:
        return psutil._ntuples.snicaddr(family, address, None, None, None)

    up = psutil._ntuples.snicstats(True, 2, 1000, 1500, "")
    found = {
        "lo": [entry("127.0.0.1")],
        "eth0": [entry("192.168.1.5"), entry("fe80::1%eth0", socket.AF_INET6), entry("fd00::5", socket.AF_INET6)],
        "docker0": [entry("172.17.0.1")],
        "tailscale0": [entry("100.101.102.103")],
        "wan0": [entry("8.8.4.4")],
        "eth1": [entry("10.0.0.1")],
    }
    down = psutil._ntuples.snicstats(False, 2, 1000, 1500, "")
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: found)
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {name: down if name == "eth1" else up for name in found})
    monkeypatch.setattr(addresses, "_outward", lambda: "192.168.1.5")
    told = {item.address: item.words for item in addresses.addresses()}
    assert next(iter(told)) == "192.168.1.5" and list(told)[-1] == "172.17.0.1"
    assert set(told) == {"192.168.1.5", "fd00::5", "172.17.0.1", "100.101.102.103", "8.8.4.4"}
    assert "local network" in told["192.168.1.5"] and "VPN" in told["100.101.102.103"]
    assert "containers" in told["172.17.0.1"] and "internet" in told["8.8.4.4"]


@pytest.mark.parametrize(
    ("platform", "words"), [("linux", "sudo ufw allow 8470/tcp"), ("win32", "Windows"), ("darwin", "macOS")]
)
def test_the_firewalls_needs_are_told_for_each_system(
    monkeypatch: pytest.MonkeyPatch, platform: str, words: str
) -> None:
    monkeypatch.setattr(addresses.sys, "platform", platform)
    told = addresses.firewall_words(8470, UDP_LOW, UDP_HIGH)
    assert words in told and "TCP port 8470" in told and f"UDP ports {UDP_LOW} to {UDP_HIGH}" in told


@dataclass
class NextLife:
    """A process that begins anew: its sharing, before it opens; what it remembers; its clock."""

    sharing: Sharing
    remembered: list[Shared | None]
    clock: HandClock


@pytest.fixture
async def next_life(tmp_path: Path) -> AsyncIterator[NextLife]:
    remembered: list[Shared | None] = []
    clock = HandClock()
    house = build(tmp_path, OWNER_TOKEN, lambda message: True)
    everyone = Listeners(create_app(house))
    sharing = Sharing(everyone, tmp_path, tell_router=lambda reach: None, remember=remembered.append, clock=clock)
    try:
        yield NextLife(sharing, remembered, clock)
    finally:
        await everyone.close_all()
        house.store.close()


async def test_what_was_shared_is_shared_again_after_a_restart_of_the_process(next_life: NextLife) -> None:
    await next_life.sharing.open(Front(), Shared(ELSEWHERE, 0, "off"))
    status = next_life.sharing.status()
    assert status.shared is True
    assert json.loads(status.model_dump_json())["address"] == ELSEWHERE
    assert next_life.remembered[-1] is not None and next_life.remembered[-1].address == ELSEWHERE


async def test_what_was_shared_comes_back_as_soon_as_its_port_is_free(next_life: NextLife) -> None:
    sharing = next_life.sharing
    with socket.socket() as other:
        other.bind((ELSEWHERE, 0))
        other.listen()
        port = other.getsockname()[1]
        await sharing.open(Front(), Shared(ELSEWHERE, port, "off"))
        status = sharing.status()
        assert (status.shared, status.returning, next_life.remembered) == (False, True, [])
        assert f"{ELSEWHERE} at port {port} is not back yet: Port {port}" in status.warning_words
    await sharing.sweep()
    assert sharing.status().returning, "tried again before its time"
    next_life.clock.forward(RETURN_EVERY_NS / 1e9)
    await sharing.sweep()
    status = sharing.status()
    assert (status.shared, status.returning, status.port) == (True, False, port)
    assert next_life.remembered == [Shared(ELSEWHERE, port, "off")] and "back" not in status.warning_words


async def test_who_takes_a_share_back_that_has_not_returned_ends_the_tries(next_life: NextLife) -> None:
    await next_life.sharing.open(Front(), Shared("203.0.113.7", 8470, "off"))
    assert next_life.sharing.status().returning
    assert not (await next_life.sharing.withdraw()).returning and next_life.remembered == [None]
