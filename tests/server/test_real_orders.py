"""An admin's commands and a real studio on air: recorded, demoted, ended, with what really happened acknowledged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from studio.control.address import running_engines
from studio.control.client import ControlClient
from studio.session import CommandDone, LineChange, LineState, SessionClient, SessionEvent, StateChange, parse_link
from tests.fixtures.real_studio import RealStudio

pytestmark = [pytest.mark.timeout(150), pytest.mark.slow]


class Booth:
    """An admin's place: gives commands and hears what becomes of them."""

    def __init__(self, home: Path, client: SessionClient) -> None:
        self.home = home
        self.client = client
        self.seen: list[SessionEvent] = []
        self._changed = asyncio.Condition()

    async def follow(self) -> None:
        async for event in self.client.events():
            async with self._changed:
                if isinstance(event, SessionEvent):
                    self.seen.append(event)
                self._changed.notify_all()
            if isinstance(event, LineChange) and event.state is LineState.REFUSED:
                return

    async def outcome(self, action: str, **more: Any) -> tuple[str, str]:
        """Give it; what came of it."""
        accepted = await self.client.command(action, **more)

        def answers() -> list[CommandDone]:
            return [one.data for one in self.seen if isinstance(one.data, CommandDone) and one.data.id == accepted.id]

        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(answers)
        return answers()[-1].outcome, answers()[-1].words

    async def state(self, *states: str) -> None:
        """Until the session has been in these states, in this order, from now on."""
        at = len(self.seen)
        for state in states:
            async with asyncio.timeout(60), self._changed:
                await self._changed.wait_for(lambda s=state, a=at: self._said(s, a))  # type: ignore[misc]
            at = self._said(state, at)

    def _said(self, state: str, after: int) -> int:
        """The place behind the first word of this state; 0 for none yet."""
        for at, one in enumerate(self.seen[after:], after + 1):
            if isinstance(one.data, StateChange) and one.data.state == state:
                return at
        return 0

    async def ctl(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        async with await ControlClient.connect(running_engines(self.home / "run")[0]) as client:
            found: dict[str, Any] = json.loads(await client.call_json(method, json.dumps(params or {})))
        return found

    async def joined(self) -> None:
        async with asyncio.timeout(60):
            while not (await self.ctl("session.status"))["joined"]:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def booth(home: Path) -> AsyncIterator[Booth]:
    owner = await SessionClient.join_as_owner(run_folder=home / "run")
    link = (await owner.invite("admin")).link
    await owner.close()
    client = await SessionClient.join(parse_link(link or ""), "Eva")
    made = Booth(home, client)
    following = asyncio.create_task(made.follow())
    try:
        await made.joined()
        yield made
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await client.close()


@pytest.fixture
def home(stoa_home: Path) -> Path:
    return stoa_home


async def test_the_studio_records_as_ordered_and_says_what_really_happened(home: Path) -> None:
    (home / "library").symlink_to("/proc")
    studio = await asyncio.to_thread(RealStudio, home)
    try:
        async with booth(home) as admin:
            outcome, words = await admin.outcome("record_start")
            assert outcome == "failed" and "cannot be written" in words
            (home / "library").unlink()
            outcome, words = await admin.outcome("record_start")
            assert outcome == "done" and words.startswith("It records to Stoa "), words
            assert (await admin.ctl("recording.status"))["active"] is True
            assert (await admin.outcome("record_start"))[0] == "already"
            assert (await admin.outcome("record_stop"))[0] == "done"
            assert (await admin.outcome("record_stop")) == ("already", "Nothing is recorded.")
            (file,) = (home / "library").glob("*.mp4")
            assert file.stat().st_size > 0
            told = [one["action"] for one in (await admin.ctl("notice.list"))["notices"]]
            assert "record_start" in told and "record_stop" in told
            audit = [
                (line.action, line.outcome)
                for line in (await admin.client.audit_log.page(limit=500))[0]
                if line.command
            ]
            assert audit.count(("record_start", "effective")) == 3 and ("command.done", "failed") in audit
    finally:
        await asyncio.to_thread(studio.stop)


async def test_a_demoted_studio_is_off_the_air_and_a_promoted_one_goes_live_again(home: Path) -> None:
    studio = await asyncio.to_thread(RealStudio, home)
    try:
        async with booth(home) as admin:
            link = (await admin.client.invite("broadcaster")).link
            await admin.ctl("session.leave")
            await admin.ctl("session.join", {"server": link, "name": "Bob"})
            bob = next(one for one in (await admin.client.people()).people if one.name == "Bob")
            going = asyncio.create_task(admin.state("live"))
            await admin.ctl("program.start")
            await going
            assert (await admin.outcome("mute_audio", target="all"))[0] == "done"
            assert (await admin.ctl("engine.status"))["program"]["muted_audio_by"]
            going = asyncio.create_task(admin.state("ended"))
            outcome, words = await admin.outcome("demote", target=bob.id, role="viewer")
            assert outcome == "done" and "The link they came by is dead." in words
            await going
            async with asyncio.timeout(20):
                while (await admin.ctl("session.status"))["role"] != "viewer":
                    await asyncio.sleep(0.05)
                while any(one["state"] == "live" for one in (await admin.ctl("destination.list"))["destinations"]):
                    await asyncio.sleep(0.05)
            told = [one["words"] for one in (await admin.ctl("notice.list"))["notices"] if one["action"] == "demote"]
            assert told and "made you a viewer" in told[0]
            assert (await admin.outcome("promote", target=bob.id, role="broadcaster"))[0] == "done"
            going = asyncio.create_task(admin.state("live", "ended"))
            await admin.ctl("program.start")
            async with asyncio.timeout(30):
                while (await admin.client.status()).state != "live":
                    assert (await admin.ctl("destination.list"))["destinations"][0]["state"] != "failed", studio.log()
                    await asyncio.sleep(0.05)
            assert (await admin.outcome("end"))[0] == "done"
            await going
            status = await admin.client.status()
            assert (status.state, status.needs_release) == ("ended", False)
            assert (await admin.ctl("engine.status"))["program"]["live"] is False
    finally:
        await asyncio.to_thread(studio.stop)


async def test_an_end_that_was_given_while_the_studio_was_dead_holds_when_it_comes_back(home: Path) -> None:
    """The next life of a killed engine takes up its show: it must not get back on the air in an ended session."""
    studio = await asyncio.to_thread(RealStudio, home)
    try:
        async with booth(home) as admin:
            going = asyncio.create_task(admin.state("live"))
            await admin.ctl("program.start")
            await going
            first = studio.engine.pid
            going = asyncio.create_task(admin.state("ended"))
            await asyncio.to_thread(studio.engine.restart)
            accepted = await admin.client.command("end")
            await going
            at = len(admin.seen)
            async with asyncio.timeout(60):
                while studio.engine.pid in (None, first) or not running_engines(home / "run"):
                    await asyncio.sleep(0.05)
            await admin.joined()
            async with asyncio.timeout(60):
                while (await admin.ctl("engine.status"))["program"]["live"]:
                    await asyncio.sleep(0.05)
                while any(one["state"] == "live" for one in (await admin.ctl("destination.list"))["destinations"]):
                    await asyncio.sleep(0.05)
            status = await admin.client.status()
            assert (status.state, status.why) == ("ended", "ended")
            said = [one.data.state for one in admin.seen[at:] if isinstance(one.data, StateChange)]
            assert "live" not in said, f"it was on air again after {accepted.id}: {said}; {studio.log()}"
            told = [one["action"] for one in (await admin.ctl("notice.list"))["notices"]]
            assert "end" in told
            going = asyncio.create_task(admin.state("live"))
            await admin.ctl("program.start")  # a new decision of the host, who knows
            await going
    finally:
        await asyncio.to_thread(studio.stop)


@pytest.mark.parametrize("action", ["stop", "end"])
async def test_an_order_beats_a_reconnect_of_a_real_studio_that_does_not_answer(home: Path, action: str) -> None:
    """The studio hangs while it is ordered off, and its connection is gone; awake again it must not come back."""
    studio = await asyncio.to_thread(RealStudio, home)
    try:
        async with booth(home) as admin:
            going = asyncio.create_task(admin.state("live"))
            await admin.ctl("program.start")
            await going
            destination = psutil.Process(studio.engine.pid).children(recursive=True)
            hung = [psutil.Process(studio.engine.pid), *destination]
            going = asyncio.create_task(admin.state("ended"))
            for process in hung:
                process.suspend()
            try:
                accepted = await admin.client.command(action)
                await going
                at = len(admin.seen)
            finally:
                for process in hung:
                    process.resume()
            async with asyncio.timeout(60):
                while not [
                    one
                    for one in admin.seen
                    if isinstance(one.data, CommandDone) and one.data.id == accepted.id and one.data.outcome == "done"
                ]:
                    await asyncio.sleep(0.05)
                while (await admin.ctl("engine.status"))["program"]["live"]:
                    await asyncio.sleep(0.05)
            said = [one.data.state for one in admin.seen[at:] if isinstance(one.data, StateChange)]
            assert "live" not in said, f"{said}; {studio.log()}"
            assert (await admin.client.status()).state == "ended"
    finally:
        await asyncio.to_thread(studio.stop)
