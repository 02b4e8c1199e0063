"""What `stoa` tells a session server that it starts: whether the same studio runs on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from studio.launcher import studio as launcher
from studio.launcher.studio import Studio
from studio.media import StoaError
from studio.server.standing import OpenServer
from studio.session import OwnerAddress


@pytest.fixture
def make_studio(stoa_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Studio]]:
    """Makes launchers that start nothing and log nowhere."""
    with Path(os.devnull).open("ab") as nowhere:
        monkeypatch.setattr(launcher, "log_file", lambda name: nowhere)
        yield lambda: Studio(0, None)


def resumes(opening: list[msgspec.Struct]) -> bool:
    [message] = opening
    assert isinstance(message, OpenServer)
    return message.resume


def test_only_the_next_lives_share_again_what_the_first_shared(make_studio: Callable[[], Studio]) -> None:
    studio = make_studio()
    assert [resumes(studio._open_server()) for _ in range(3)] == [False, True, True]


def test_what_an_adopted_server_shared_is_shared_again(
    make_studio: Callable[[], Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = OwnerAddress(os.getpid(), 8470, "http://127.0.0.1:8470", "token", "0")
    monkeypatch.setattr(launcher, "running_server", lambda folder: address)
    assert resumes(make_studio()._open_server())


@pytest.mark.usefixtures("make_studio")
def test_the_embedded_server_is_told_further_names(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Studio] = []
    monkeypatch.setattr(Studio, "run", lambda studio: made.append(studio) or 0)
    monkeypatch.setattr(launcher, "check_display", lambda: None)
    assert launcher.studio(["--name", "Studio.Example", "--name", "pc_7"]) == 0
    [message] = made[0]._open_server()
    assert isinstance(message, OpenServer)
    assert (message.front.names, message.front.port) == (("studio.example", "pc_7"), 0)
    with pytest.raises(StoaError, match="a host name is needed") as told:
        launcher.studio(["--name", "https://studio.example"])
    assert told.value.permanent
