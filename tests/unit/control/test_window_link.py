"""The window's line to its launcher: over the pipe at first, over its door once another launcher has come."""

from __future__ import annotations

import os
import queue
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from studio.control.window import (
    End,
    Heartbeat,
    WindowClosed,
    WindowDoor,
    WindowLink,
    WindowRaise,
    WindowToLauncher,
)
from studio.process import Link

LIMIT_S = 5


class Pipes:
    """Stands for ChildPipes: the window's ends of two pipes."""

    def __init__(self) -> None:
        self.read_fd, self.to_window = os.pipe()
        self.from_window, self.write_fd = os.pipe()


@pytest.fixture
def facts() -> queue.Queue[str]:
    return queue.Queue()


@pytest.fixture
def joined(facts: queue.Queue[str]) -> Iterator[tuple[WindowLink, Link[WindowToLauncher]]]:
    pipes = Pipes()
    link = WindowLink(pipes, lambda: facts.put("raise"), lambda: facts.put("end"))  # type: ignore[arg-type]
    launcher: Link[WindowToLauncher] = Link(pipes.from_window, pipes.to_window, WindowToLauncher)
    yield link, launcher
    link.close()
    launcher.close_writer()
    assert launcher.receive() is None, "the window's end is closed too"
    launcher.close_reader()


def test_raise_and_end_come_over_the_pipe_and_facts_go_back(
    joined: tuple[WindowLink, Link[WindowToLauncher]], facts: queue.Queue[str]
) -> None:
    link, launcher = joined
    launcher.send(WindowRaise())
    assert facts.get(timeout=LIMIT_S) == "raise"
    link.send(Heartbeat())
    link.send(WindowClosed(keep_on_air=True))
    assert launcher.receive() == Heartbeat()
    assert launcher.receive() == WindowClosed(keep_on_air=True)
    launcher.send(End())
    assert facts.get(timeout=LIMIT_S) == "end"


def test_a_dead_launcher_is_no_end(
    joined: tuple[WindowLink, Link[WindowToLauncher]], facts: queue.Queue[str], tmp_path: Path
) -> None:
    link, launcher = joined
    link.open_door(tmp_path)
    launcher.close_writer()
    door = msgspec.json.decode((tmp_path / f"window-{os.getpid()}.json").read_bytes(), type=WindowDoor)
    with socket.create_connection(("127.0.0.1", door.port), LIMIT_S) as caller:
        caller.sendall(door.token.encode() + b"\n")
        body = msgspec.msgpack.encode(WindowRaise())
        caller.sendall(len(body).to_bytes(4, "little") + body)
        assert facts.get(timeout=LIMIT_S) == "raise"
    assert facts.empty()


def test_a_stranger_at_the_door_is_turned_away(
    joined: tuple[WindowLink, Link[WindowToLauncher]], facts: queue.Queue[str], tmp_path: Path
) -> None:
    link, _ = joined
    link.open_door(tmp_path)
    path = tmp_path / f"window-{os.getpid()}.json"
    door = msgspec.json.decode(path.read_bytes(), type=WindowDoor)
    assert path.stat().st_mode & 0o077 == 0
    with socket.create_connection(("127.0.0.1", door.port), LIMIT_S) as caller:
        caller.sendall(b"wrong\n")
        assert caller.recv(1) == b""
    assert facts.empty()
    link.close()
    assert not path.exists()
