"""A destination changes in its place: its address, its name and its secrets, which stay in the keyring."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from studio.control.api import ById, DestinationAdd, DestinationSet, EventType, Nothing, SessionInfo
from studio.destination.contract import DestinationState, OpenDestination, StateChanged
from studio.engine import destinations, resident
from studio.engine.commands import Commands
from studio.engine.contract import DestinationSecret
from studio.engine.engine import Engine
from studio.engine.resident import Resident
from studio.engine.settings import load_settings
from studio.engine.show import ProgramShape
from studio.media import ErrorKind, StoaError, StudioClock
from studio.media.mask import MASK
from studio.source import feed
from tests.unit.engine.test_engine import Counted, running
from tests.unit.engine.test_passwords import KEPT, Keychain

RTMP = "rtmp://a.example/app/s3cret"
Test = Callable[[Engine, Commands], Awaitable[None]]


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Test], dict[str, DestinationSecret]]:
    """Runs a coroutine with the studio's engine; returns what a launcher would keep for its next life."""
    KEPT.clear()
    Counted.made = []
    for room in (feed, destinations):
        monkeypatch.setattr(room, "SupervisedChild", Counted)
    monkeypatch.setattr(resident, "Keychain", Keychain)
    kept: dict[str, DestinationSecret] = {}

    def keep(name: str, address: DestinationSecret | None) -> None:
        kept.pop(name, None)
        if address is not None:
            kept[name] = address

    async def live(test: Test) -> None:
        shape = ProgramShape(64, 36, 25, 1, 100, 64, "libx264", "veryfast")
        engine = Engine(tmp_path, shape, clock=StudioClock(), started_ns=0, keep_secret=keep, log_to=None)
        made = Resident(engine, load_settings(tmp_path / "settings.json"))
        made.restore(None, {}, resume=False)
        await made.begin(None, resume=False)
        await test(engine, Commands(engine, lambda: None, None, made, {}))
        await engine.close(keep_journal=False)
        made.close()

    def run(test: Test) -> dict[str, DestinationSecret]:
        asyncio.run(live(test))
        return kept

    return run


async def says(child: Counted, state: DestinationState) -> None:
    """The child tells its state."""
    child.plan.on_message(StateChanged(state, f"It is {state.value}."))
    await asyncio.sleep(0.01)


def test_its_address_changes_and_its_key_stays(
    inside: Callable[[Test], dict[str, DestinationSecret]], tmp_path: Path
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd(RTMP, "Main", save=True))).id
        engine.destinations.get(which).was_live = True  # as the journal of the engine's last life may say
        info = await commands.destination_set(DestinationSet(which, url=f"rtmps://b.example/live/{MASK}"))
        assert not engine.destinations.get(which).was_live, "it never was, there"
        assert (info.id, info.name, info.saved) == (which, "Main", True)
        assert info.url == f"rtmps://b.example/live/{MASK}" and len(engine.destinations.all) == 1

    address = DestinationSecret("rtmps://b.example/live/s3cret")
    assert list(inside(test).values()) == [address]
    assert {"Main": address} == KEPT
    assert load_settings(tmp_path / "settings.json").destinations[0].masked_url == f"rtmps://b.example/live/{MASK}"
    assert b"s3cret" not in (tmp_path / "settings.json").read_bytes()


def test_a_new_key_and_a_new_name_leave_no_old_ones_in_the_keyring(
    inside: Callable[[Test], dict[str, DestinationSecret]],
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd(RTMP, "Main", save=True))).id
        await commands.destination_set(DestinationSet(which, name="Second", url="rtmp://a.example/app/new"))

    inside(test)
    assert {"Second": DestinationSecret("rtmp://a.example/app/new")} == KEPT


def test_it_can_be_saved_and_be_forgotten_by_the_keyring(
    inside: Callable[[Test], dict[str, DestinationSecret]],
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd(RTMP, "Main"))).id
        assert not KEPT
        assert (await commands.destination_set(DestinationSet(which, save=True))).saved
        assert {"Main": DestinationSecret(RTMP)} == KEPT
        assert not (await commands.destination_set(DestinationSet(which, save=False))).saved

    inside(test)
    assert not KEPT


def test_without_a_keyring_it_changes_and_is_no_longer_saved(
    inside: Callable[[Test], dict[str, DestinationSecret]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd(RTMP, "Main", save=True))).id
        monkeypatch.setattr(Keychain, "closed", True)
        info = await commands.destination_set(DestinationSet(which, url="rtmp://a.example/app/new"))
        assert not info.saved and len(engine.notices.all) == 1

    assert list(inside(test).values()) == [DestinationSecret("rtmp://a.example/app/new")]


def test_two_saved_ones_never_share_a_name(inside: Callable[[Test], dict[str, DestinationSecret]]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        await commands.destination_add(DestinationAdd(RTMP, "Main", save=True))
        other = (await commands.destination_add(DestinationAdd(RTMP, "Other", save=True))).id
        with pytest.raises(StoaError) as told:
            await commands.destination_set(DestinationSet(other, name="Main"))
        assert told.value.kind is ErrorKind.CONFLICT and engine.destinations.get(other).name == "Other"

    inside(test)


def test_a_secret_beside_it_is_kept_changed_taken_away_and_never_given_to_another_protocol(
    inside: Callable[[Test], dict[str, DestinationSecret]],
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd("whip+https://a/whip", secret="t0ken"))).id
        address = engine.destinations.get(which)
        assert (await commands.destination_set(DestinationSet(which, url="whip+https://b/whip"))).has_secret
        assert address.address == DestinationSecret("whip+https://b/whip", "t0ken") and address.name == "b"
        await commands.destination_set(DestinationSet(which, secret="new"))
        assert address.address.secret == "new"
        assert not (await commands.destination_set(DestinationSet(which, url="srt://b:9000"))).has_secret
        await commands.destination_set(DestinationSet(which, secret="a long passphrase"))
        assert not (await commands.destination_set(DestinationSet(which, secret=""))).has_secret

    inside(test)


@pytest.mark.parametrize(
    "change",
    [
        {"url": "ftp://a/b"},
        {"url": f"srt://a:1?streamid={MASK}"},
        {"url": "rtmp://a.example"},
        {"url": "srt://a:1", "secret": "short"},
    ],
    ids=str,
)
def test_what_cannot_be_right_changes_nothing(
    inside: Callable[[Test], dict[str, DestinationSecret]], change: dict[str, str]
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd(RTMP, "Main"))).id
        with pytest.raises(StoaError) as told:
            await commands.destination_set(DestinationSet(which, name="New", **change))
        assert told.value.kind is ErrorKind.BAD_ARGUMENT and "s3cret" not in str(told.value)
        assert engine.destinations.get(which).address == DestinationSecret(RTMP)
        assert engine.destinations.get(which).name == "Main"

    inside(test)


def test_while_it_is_live_its_address_stays_and_its_name_does_not(
    inside: Callable[[Test], dict[str, DestinationSecret]],
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd(RTMP, "Main"))).id
        await commands.program_start(Nothing())
        await says(Counted.made[-1], DestinationState.LIVE)
        with pytest.raises(StoaError) as told:
            await commands.destination_set(DestinationSet(which, url=f"rtmp://b.example/app/{MASK}"))
        assert told.value.kind is ErrorKind.CONFLICT and "“Main” is live" in told.value.message and told.value.remedy
        same = f"rtmp://a.example/app/{MASK}"
        assert (await commands.destination_set(DestinationSet(which, name="New", url=same))).name == "New"
        assert running() == ["rtmp"] and len(Counted.made) == 1

    inside(test)


def test_one_that_was_refused_tries_its_new_address_at_once_and_the_show_goes_on(
    inside: Callable[[Test], dict[str, DestinationSecret]],
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd(RTMP, "Main"))).id
        await commands.program_start(Nothing())
        first = Counted.made[-1]
        await says(first, DestinationState.LIVE)
        await says(first, DestinationState.RECONNECTING)
        await commands.destination_set(DestinationSet(which, url="whip+http://b.example/whip", secret="t"))
        second = Counted.made[-1]
        assert engine.show.live and first.ended and running() == ["whip"]
        (opening,) = second.plan.opening()
        assert isinstance(opening, OpenDestination)
        assert (opening.url, opening.secret, opening.was_live) == ("whip+http://b.example/whip", "t", False)
        states = [event.type for event in engine.events.after(0)[0] if event.type.startswith("destination.")]
        assert states[-3:] == [
            EventType.DESTINATION_STOPPED,
            EventType.DESTINATION_CHANGED,
            EventType.DESTINATION_CONNECTING,
        ]

    inside(test)


def test_an_admins_stop_beats_a_new_address(inside: Callable[[Test], dict[str, DestinationSecret]]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd(RTMP, "Main"))).id
        await commands.program_start(Nothing())
        await says(Counted.made[-1], DestinationState.RECONNECTING)
        changing = asyncio.create_task(commands.destination_set(DestinationSet(which, url="rtmp://b.example/app/x")))
        await asyncio.sleep(0)
        engine.show.refused = "An admin stopped this session."
        await engine.off_air()
        await changing
        assert running() == [] and not engine.show.live
        assert engine.destinations.get(which).url.host == "b.example"

    inside(test)


def test_one_that_is_removed_while_it_moves_leaves_nothing(
    inside: Callable[[Test], dict[str, DestinationSecret]],
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd(RTMP, "Main"))).id
        await commands.destination_start(ById(which))
        await says(Counted.made[-1], DestinationState.RECONNECTING)
        changing = asyncio.create_task(commands.destination_set(DestinationSet(which, url="rtmp://b.example/app/x")))
        await asyncio.sleep(0)
        await engine.destinations.remove(which)
        with contextlib.suppress(StoaError):
            await changing
        assert running() == [] and not engine.destinations.all

    assert inside(test) == {}


def test_the_sessions_own_address_is_the_sessions(
    inside: Callable[[Test], dict[str, DestinationSecret]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        which = (await commands.destination_add(DestinationAdd(RTMP, "Session"))).id
        monkeypatch.setattr(commands, "_session_info", lambda: SessionInfo(True, publish_destination=which))
        for change in (DestinationSet(which, url=RTMP), DestinationSet(which, save=True)):
            with pytest.raises(StoaError) as told:
                await commands.destination_set(change)
            assert told.value.kind is ErrorKind.CONFLICT
        assert (await commands.destination_set(DestinationSet(which, name="Mine"))).name == "Mine"

    inside(test)
