"""The engine under `stoa`: remembers from one start to the next, and takes up what was on air when it died."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Set
from functools import partial
from pathlib import Path

import msgspec

from studio.control.api import DestinationAdd, DestinationSet, HeadphonesSet
from studio.destination.url import DestinationUrl
from studio.engine.contract import DestinationSecret
from studio.engine.destinations import Destination
from studio.engine.document import DocumentWriter
from studio.engine.engine import Engine
from studio.engine.journal import Journal
from studio.engine.keychain import Keychain
from studio.engine.opening import StoppedMeanwhile
from studio.engine.settings import SavedDestination, Settings
from studio.media import ErrorKind, StoaError
from studio.media.beside import beside
from studio.process import Fault
from studio.recording.place import free_name
from studio.source.feed import FeedState, FeedStatus

PATIENCE_S = 1.0
"""So long a keyring may take before it is said that something waits for it."""
ASKED = FeedStatus(FeedState.OPENING, "It waits for the keyring to give its password.")


class Resident:
    """Settings and resuming; belongs to the engine's event loop."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._writer = DocumentWriter(engine.home / "settings.json")
        self._keychain = Keychain(engine.home)
        self._settings = settings
        self._locked: list[SavedDestination] = []
        self._loaded = False
        self._kept_specs: dict[str, str] = {}
        """The addresses of cameras with a password, as the keyring has them."""
        self._keeping: set[asyncio.Task[None]] = set()
        self.headphones = settings.headphones

    # -- beginning ---------------------------------------------------------------------------------------------------

    def restore(self, journal: Journal | None, secrets: dict[str, DestinationSecret], *, resume: bool) -> None:
        """Sources, scene and destinations of the journal (the last engine died) or of the settings, before anything
        else may begin. What is in the keyring only has its place already, and waits for `begin`."""
        engine = self._engine
        remembered = journal or self._as_journal()
        requests, expected = {}, {}
        for source in remembered.sources:
            spec = source.request.spec
            if not spec:
                kept = secrets.get(f"source:{source.id}")
                spec = self._kept_specs[source.id] = kept.url if kept is not None else ""
            requests[source.id] = msgspec.structs.replace(source.request, spec=spec)
            expected[source.id] = ASKED
        engine.restore(remembered, requests, expected)
        if journal is not None and resume:
            self._take_over(journal, secrets)
        taken = {item.name for item in engine.destinations.all.values()}
        self._locked = [saved for saved in self._settings.destinations if saved.name not in taken]
        for saved in list(self._locked):
            if not saved.in_keyring:
                self._add_saved(saved, DestinationSecret(saved.masked_url))

    async def begin(self, journal: Journal | None, *, resume: bool) -> None:
        """On air again where `resume` says so; meanwhile what is in the keyring, however long its person takes."""
        engine = self._engine
        async with asyncio.TaskGroup() as group:
            group.create_task(self._unlock())
            if journal is not None and resume:
                await self._take_up(journal)
            self._loaded = True
            engine.on_kept = self._keep
            engine.begin_journal()
            if journal is not None and not resume and (journal.live or journal.recording):
                words = "Stoa ended unexpectedly while it was on air."
                engine.notices.post(words, "Go live again when you are ready.")

    def _take_over(self, journal: Journal, secrets: dict[str, DestinationSecret]) -> None:
        """The same destinations, session and orders of an admin as before the engine's death."""
        engine = self._engine
        engine.session_name = journal.session
        engine.show.refused = journal.refused
        engine.sources.screens.words = journal.screens_held
        engine.show.mute(audio_by=journal.muted_audio_by, video_by=journal.muted_video_by)
        for item in journal.destinations:
            address = secrets.get(item.id)
            if address is None:
                engine.notices.post(f"The address of “{item.name}” was lost with the engine.", "Add it again.")
                continue
            engine.destinations.add(
                address,
                name=item.name,
                destination_id=item.id,
                enabled=item.enabled,
                saved=item.saved,
                ca_file=item.ca_file,
            )
            engine.destinations.get(item.id).was_live = item.was_live

    async def _take_up(self, journal: Journal) -> None:
        """What was on air goes on, with a new file beside the old one."""
        engine = self._engine
        async with engine.going:
            records = bool(journal.recording)
            if journal.live and not engine.show.refused:
                try:
                    await engine.go_live([item.id for item in journal.destinations if item.running])
                except StoppedMeanwhile:  # by the host, who may go on recording, or by an admin
                    records = records and not engine.show.refused
                except StoaError as error:
                    engine.notices.post(f"The show did not go on: {error.message}", error.remedy)
            if records:
                try:
                    await engine.recordings.start(str(free_name(Path(journal.recording))))
                except StoaError as error:
                    engine.notices.post(f"The recording did not go on: {error.message}", error.remedy)
        if journal.live or journal.recording:
            engine.notices.post("The engine was lost and started again; the show went on.", severity="info")

    # -- the keyring -------------------------------------------------------------------------------------------------

    async def _unlock(self) -> None:
        """Ask the keyring for what only it has, one after the other, so that its person is asked once."""
        for saved in list(self._locked):
            try:
                address = await self._ask(saved.name)
            except StoaError as error:
                self._engine.notices.post(error.message, error.remedy)
                continue
            if saved in self._locked:  # else it was added anew meanwhile
                self._add_saved(saved, address)
        for source_id in list(self._engine.sources.expected):
            try:
                address = await self._ask(f"source:{source_id}")
            except StoaError as error:
                self._deny(source_id, error)
                continue
            if source_id in self._engine.sources.expected:  # else it was removed or replaced meanwhile
                self._kept_specs[source_id] = address.url
                await self._open(source_id, address.url)

    async def _ask(self, key: str) -> DestinationSecret:
        """What the keyring has; where that takes its time, a notice says who waits. Raises StoaError."""
        answer = beside(lambda: self._keychain.find(key), "keyring")
        done, _ = await asyncio.wait([answer], timeout=PATIENCE_S)
        if done:
            return await answer
        cameras = map(self._source_name, self._engine.sources.expected)
        names = ", ".join(f"“{name}”" for name in (*(saved.name for saved in self._locked), *cameras))
        words = f"The keyring is not open yet; these wait for it: {names}."
        notice = self._engine.notices.post(words, "Answer what the system asks; all else goes on meanwhile.")
        try:
            return await answer
        finally:
            with contextlib.suppress(StoaError):  # the host may have seen it
                self._engine.notices.clear(notice)

    def _add_saved(self, saved: SavedDestination, address: DestinationSecret) -> None:
        """It leaves the locked ones once it is there."""
        try:
            self._engine.destinations.add(
                address, name=saved.name, enabled=saved.enabled, saved=True, ca_file=saved.ca_file
            )
        except StoaError as error:
            self._engine.notices.post(error.message, error.remedy)
        else:
            self._locked.remove(saved)

    async def _open(self, source_id: str, spec: str) -> None:
        try:
            async with self._engine.going:  # not in the middle of a change of the program's size
                if source_id in self._engine.sources.expected:
                    self._engine.sources.arrive(source_id, spec)
        except StoaError as error:
            self._deny(source_id, error)

    def _deny(self, source_id: str, error: StoaError) -> None:
        """The keyring does not give the address of a camera."""
        sources = self._engine.sources
        if source_id not in sources.expected:
            return
        words, remedy = f"“{self._source_name(source_id)}” needs its password again.", "Replace it by its address."
        sources.keep_waiting(source_id, FeedStatus(FeedState.FAILED, words, Fault(error.kind, words, remedy)))
        self._engine.notices.post(f"{words} {error.message}", remedy)

    def _source_name(self, source_id: str) -> str:
        sources = self._engine.sources
        return sources.info(source_id).name if sources.has(source_id) else source_id

    def _as_journal(self) -> Journal:
        settings = self._settings
        return Journal(
            version=1,
            pid=0,
            shape=settings.program,
            sources=settings.sources,
            placements=settings.placements,
            strips=settings.strips,
            destinations=[],
            live=False,
            live_since_ns=0,
            recording="",
        )

    # -- remembering -------------------------------------------------------------------------------------------------

    async def add_destination(self, params: DestinationAdd) -> str:
        """Add; with `save` its secrets go into the keyring. Raises StoaError(CONFLICT) for a name that is saved."""
        engine = self._engine
        address = DestinationSecret(params.url, params.secret)
        if params.save:
            self._refuse_name(params.name, "")
        destination_id = engine.destinations.add(
            address, name=params.name, enabled=params.enabled, ca_file=params.ca_file
        )
        destination = engine.destinations.get(destination_id)
        await self.keep_destination(destination, params.name, address, params.save)
        return destination_id

    def refuse_taken(self, params: DestinationSet) -> None:
        """Raises StoaError(CONFLICT) where a change gives a saved destination the name of another."""
        destination = self._engine.destinations.get(params.id)
        saved = destination.saved if params.save is None else params.save
        if saved:
            self._refuse_name(params.name or destination.name, params.id)

    def _refuse_name(self, name: str, destination_id: str) -> None:
        all_saved = (item for item in self._engine.destinations.all.values() if item.saved)
        if not name or any(item.name == name and item.id != destination_id for item in all_saved):
            raise StoaError(
                ErrorKind.CONFLICT,
                f"There is a saved destination called “{name}” already." if name else "It has no name.",
                remedy="Give it another name.",
                permanent=True,
            )

    async def keep_destination(
        self, destination: Destination, old_name: str, old_address: DestinationSecret, save: bool | None
    ) -> None:
        """It was `old_name` at `old_address`: the keyring follows what it is now. `save` None: saved if it was.

        Without a keyring it is no longer saved, and a notice says so."""
        engine, was_saved = self._engine, destination.saved
        saved = was_saved if save is None else save
        name, address = destination.name, destination.address
        try:
            if saved and not (was_saved and (name, address) == (old_name, old_address)):
                await beside(lambda: self._keychain.keep(name, address), "keyring")
                self._locked = [item for item in self._locked if item.name != name]
            if was_saved and (not saved or name != old_name):
                await beside(lambda: self._keychain.forget(old_name), "keyring")
        except StoaError as error:
            engine.notices.post(error.message, error.remedy)
            saved = False
        if saved != was_saved:
            destination.saved = saved
            engine.destinations.tell(destination)

    async def forget_destination(self, name: str) -> None:
        """Its secrets leave the keyring."""
        try:
            await beside(lambda: self._keychain.forget(name), "keyring")
        except StoaError as error:
            self._engine.notices.post(error.message, error.remedy)

    def set_headphones(self, headphones: HeadphonesSet) -> None:
        self.headphones = headphones
        self._engine.changed()

    def close(self) -> None:
        """Write what waits."""
        self._writer.close(remove=False)

    def _keep(self, journal: Journal) -> None:
        if not self._loaded:
            return
        self._keep_passwords(journal)
        saved = [
            SavedDestination(
                item.name, item.url.masked, item.enabled, item.ca_file, _has_secret(item.address, item.url)
            )
            for item in self._engine.destinations.all.values()
            if item.saved
        ]
        self._writer.keep(
            Settings(
                program=journal.shape,
                sources=journal.sources,
                placements=journal.placements,
                strips=journal.strips,
                destinations=[*saved, *self._locked],
                headphones=self.headphones,
            )
        )

    def _keep_passwords(self, journal: Journal) -> None:
        """A camera's address with a password goes into the keyring, and leaves it with the camera."""
        sources = self._engine.sources
        now = {source.id: sources.request(source.id).spec for source in journal.sources if not source.request.spec}
        before, self._kept_specs = self._kept_specs, now
        changed = {identity: spec for identity, spec in now.items() if spec and before.get(identity) != spec}
        gone = before.keys() - now.keys()
        if changed or gone:
            keeping = asyncio.create_task(self._write_passwords(changed, gone))
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)

    async def _write_passwords(self, changed: dict[str, str], gone: Set[str]) -> None:
        try:
            for identity, spec in changed.items():
                await beside(partial(self._keychain.keep, f"source:{identity}", DestinationSecret(spec)), "keyring")
            for identity in gone:
                await beside(partial(self._keychain.forget, f"source:{identity}"), "keyring")
        except StoaError as error:
            self._engine.notices.post(error.message, "The camera's password is asked for after the next start.")


def _has_secret(address: DestinationSecret, url: DestinationUrl) -> bool:
    return bool(address.secret) or url.masked != url.text
