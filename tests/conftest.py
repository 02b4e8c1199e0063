"""Loads the fixtures and orders the tests: quick ones first, real processes later, slow ones last."""

from __future__ import annotations

import pytest

# In the order of their imports: pytest rewrites the asserts of a plugin only before its first import.
pytest_plugins = [
    "tests.fixtures.waiting",
    "tests.fixtures.ports",
    "tests.fixtures.home",
    "tests.fixtures.programs",
    "tests.fixtures.live_show",
    "tests.fixtures.nginx_rtmp",
    "tests.fixtures.authority",
    "tests.fixtures.nginx_proxy",
    "tests.fixtures.rtmps",
    "tests.fixtures.srt_listener",
    "tests.fixtures.janus",
    "tests.fixtures.rtsp_camera",
    "tests.fixtures.mjpeg_camera",
    "tests.fixtures.pulse",
    "tests.fixtures.secret_service",
    "tests.fixtures.dbus",
    "tests.fixtures.xvfb",
    "tests.fixtures.desktop",
    "tests.fixtures.whole_studio",
    "tests.fixtures.network_cameras",
    "tests.fixtures.chromium",
    "tests.fixtures.media_router",
    "tests.fixtures.router_show",
    "tests.fixtures.postgresql",
    "tests.fixtures.asked_server",
    "tests.vm.machine",
]

_FOLDERS_BY_COST = ["unit", "contract", "engine", "server", "web", "ui", "end2end", "vm"]


def _cost(item: pytest.Item) -> tuple[bool, int]:
    folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
    rank = _FOLDERS_BY_COST.index(folder) if folder in _FOLDERS_BY_COST else 1
    return item.get_closest_marker("slow") is not None, rank


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_cost)
    for item in items:
        if item.get_closest_marker("alone") and "end2end" not in item.path.parts:
            raise pytest.UsageError(f"{item.nodeid}: what is marked alone belongs in tests/end2end, where ./dev looks")
