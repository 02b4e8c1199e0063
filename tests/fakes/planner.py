"""Plans and shows on a running house: how they are made, and how its clocks come to their time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from tests.fakes.server_house import Place

SESSION = "/api/v1/sessions/studio"
QA = {
    "title": "Weekly Q&A",
    "description": "Ask us anything.",
    "starts": "2026-11-26T19:00",
    "zone": "Europe/Berlin",
    "length_s": 3600,
    "repeats": "weekly",
    "go_live_before_s": 900,
}
"""On Thursdays at 18:00 UTC; the house's time of day is Friday, 20 November 2026."""


async def ask_plan(place: Place, **more: Any) -> httpx.Response:
    """By the owner."""
    return await place.owner("POST", f"{SESSION}/plans", json={**QA, **more})


async def planned(place: Place, **more: Any) -> dict[str, Any]:
    answer = await ask_plan(place, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def changed(place: Place, plan: dict[str, Any], **more: Any) -> httpx.Response:
    """The plan as it was read, with some of it changed."""
    kept = {name: plan[name] for name in (*QA, "interval", "days", "until", "count", "sequence")}
    body = {**kept, "hosts": [host["id"] for host in plan["hosts"]], **more}
    return await place.owner("PUT", f"{SESSION}/plans/{plan['id']}", json=body)


async def plans(place: Place) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await place.owner("GET", f"{SESSION}/plans")).json()["plans"]
    return found


async def schedule(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = (await place.owner("GET", f"{SESSION}/schedule")).json()
    return found


async def status(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = (await place.owner("GET", SESSION)).json()
    return found


async def come_to(place: Place, at: str) -> None:
    """The time of day is this (ISO 8601), and the house has looked at its clock."""
    wanted_ms = int(datetime.fromisoformat(at).timestamp() * 1000)
    place.clock.forward(max(0, wanted_ms - place.wall.ms) / 1000)
    place.wall.ms = wanted_ms
    await place.house.schedule.sweep()


async def shows_audited(place: Place) -> list[tuple[str, str]]:
    """What the audit log says of plans and shows: the action, and of whom or what it was done."""
    return [
        (line["action"], line["actor_name"])
        for line in await place.audit()
        if line["action"].startswith(("plan.", "show."))
    ]
