"""Links taken apart, and this machine's own server found."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from studio.media.errors import ErrorKind, StoaError
from studio.session import OwnerAddress, SessionLink, parse_link, running_server


@pytest.mark.parametrize(
    ("link", "base", "session", "invite"),
    [
        ("http://192.168.1.5:8470/watch/studio#i=abc", "http://192.168.1.5:8470", "studio", "abc"),
        (" https://[fd00::2]:8470/watch/monday#i=a-b_c \n", "https://[fd00::2]:8470", "monday", "a-b_c"),
        ("https://stoa.example/admin#i=xyz", "https://stoa.example", "studio", "xyz"),
    ],
)
def test_a_link_is_taken_apart(link: str, base: str, session: str, invite: str) -> None:
    assert parse_link(link) == SessionLink(base, session, invite)
    assert invite not in repr(parse_link(link))


@pytest.mark.parametrize(
    "link", ["", "hello", "http://host/watch/studio", "ftp://host/watch/studio#i=a", "http:///x#i=a", "http://h:x/#i=a"]
)
def test_what_is_no_link_is_refused_in_words(link: str) -> None:
    with pytest.raises(StoaError) as refused:
        parse_link(link)
    assert refused.value.kind is ErrorKind.BAD_ARGUMENT and refused.value.remedy


def owner(pid: int, port: int) -> bytes:
    return msgspec.json.encode(OwnerAddress(pid, port, f"http://127.0.0.1:{port}", "secret", "0.1.0"))


def test_the_newest_running_server_is_found_and_dead_ones_are_not(tmp_path: Path) -> None:
    with pytest.raises(StoaError) as nothing:
        running_server(tmp_path)
    assert nothing.value.kind is ErrorKind.NOT_FOUND
    (tmp_path / "owner-1.json").write_bytes(owner(2**22 + 1, 1))
    (tmp_path / "owner-2.json").write_bytes(owner(os.getpid(), 2)[:20])
    (tmp_path / "owner-3.json").write_bytes(owner(os.getpid(), 3))
    (tmp_path / "owner-4.json").write_bytes(owner(os.getppid(), 4))
    os.utime(tmp_path / "owner-3.json", (1, 1))
    found = running_server(tmp_path)
    assert found.port == 4
    assert "secret" not in repr(found)
