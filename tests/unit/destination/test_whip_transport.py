"""The private names of aiortc and aioice that whip_transport.py stands on: a release that moves one fails here."""

from __future__ import annotations

import asyncio
import inspect

from aioice import Connection, stun
from aioice.ice import CandidatePair, StunProtocol
from aiortc import RTCDtlsTransport, RTCIceGatherer, RTCIceTransport

from studio.destination.whip_http import IceServer
from studio.destination.whip_transport import WhipTransport
from studio.media import StudioClock


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_dtls_transport_takes_raw_packets_and_gives_raw_rtcp() -> None:
    assert (
        inspect.iscoroutinefunction(RTCDtlsTransport._send_rtp) and parameters(RTCDtlsTransport._send_rtp)[1] == "data"
    )
    assert parameters(RTCDtlsTransport._handle_rtcp_data) == ["self", "data"]
    assert parameters(RTCDtlsTransport._handle_rtp_data) == ["self", "data", "arrival_time_ms"]
    assert parameters(RTCDtlsTransport._set_role) == ["self", "role"]
    source = inspect.getsource(RTCDtlsTransport._recv_next)
    assert "self._handle_rtcp_data(" in source and "self._handle_rtp_data(" in source


async def test_the_ice_connection_has_what_we_reach_for() -> None:
    gatherer = RTCIceGatherer([])
    connection = gatherer._connection
    assert isinstance(connection, Connection)
    assert parameters(connection.get_component_candidates) == ["component", "addresses", "timeout"]
    assert "get_component_candidates(component=component, addresses=addresses)" in inspect.getsource(
        Connection.gather_candidates
    )
    assert isinstance(connection.ice_controlling, bool) and connection._nominated == {}
    assert parameters(connection.build_request) == ["pair", "nominate"]
    assert connection.remote_password is None
    transport = RTCIceTransport(gatherer)
    assert transport._connection is connection
    await transport.stop()


def test_a_pair_has_a_socket_that_can_be_asked() -> None:
    assert {"request", "error_received", "send_data"} <= set(dir(StunProtocol))
    assert parameters(StunProtocol.request)[1:] == ["request", "addr", "integrity_key", "retransmissions"]
    assert isinstance(CandidatePair.remote_addr, property)
    assert issubclass(stun.TransactionTimeout, stun.TransactionError)


async def test_loopback_is_gathered_where_the_endpoint_is_on_this_machine() -> None:
    transport = WhipTransport(StudioClock(), [], loopback="127.0.0.1")
    local = await transport.gather()
    assert any(" 127.0.0.1 " in candidate for candidate in local.candidates)
    assert len(local.ufrag) >= 4 and len(local.password) >= 22 and local.fingerprint.count(":") == 31
    await transport.close()
    await asyncio.sleep(0)


async def test_ice_servers_reach_the_gatherer() -> None:
    servers = [IceServer("turn:turn.example:3478?transport=udp", "name", "secret")]
    transport = WhipTransport(StudioClock(), servers)
    assert transport._connection.turn_server == ("turn.example", 3478)
    assert (transport._connection.turn_username, transport._connection.turn_password) == ("name", "secret")
    await transport.close()
