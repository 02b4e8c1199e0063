"""The engine under `stoa`: remembers from one start to the next, and takes up what was on air when it died."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Set
from pathlib import Path

import msgspec

from studio.control.api import DestinationAdd, HeadphonesSet
from studio.engine.contract import DestinationSecret
from studio.engine.document import DocumentWriter
from studio.engine.engine import Engine
from studio.engine.journal import Journal, JournalSource
from studio.engine.keychain import Keychain
from studio.engine.opening import StoppedMeanwhile
from studio.engine.settings import SavedDestination, Settings
from studio.media import ErrorKind, StoaError
from studio.recording.place import free_name


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

    async def begin(self, journal: Journal | None, secrets: dict[str, DestinationSecret], *, resume: bool) -> None:
        """Sources and scene of the journal (the last engine died) or of the settings; with `resume` on air again."""
        engine = self._engine
        remembered = journal or self._as_journal()
        requests = {}
        for source in remembered.sources:
            spec = source.request.spec or await self._secret_spec(source, secrets)
            requests[source.id] = msgspec.structs.replace(source.request, spec=spec)
            if spec and not source.request.spec:
                self._kept_specs[source.id] = spec
        engine.restore(remembered, requests)
        if journal is not None and resume:
            await self._take_up(journal, secrets)
        await self._saved_destinations(skip={item.name for item in engine.destinations.all.values()})
        self._loaded = True
        engine.on_kept = self._keep
        engine.begin_journal()
        if journal is not None and not resume and (journal.live or journal.recording):
            engine.notices.post("Stoa ended unexpectedly while it was on air.", "Go live again when you are ready.")

    async def _take_up(self, journal: Journal, secrets: dict[str, DestinationSecret]) -> None:
        """What was on air goes on: the same destinations, a new file beside the old one."""
        engine = self._engine
        engine.session_name = journal.session
        engine.show.refused = journal.refused
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
        async with engine.going:
            records = bool(journal.recording)
            if journal.live and not journal.refused:
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

    async def _secret_spec(self, source: JournalSource, secrets: dict[str, DestinationSecret]) -> str:
        kept = secrets.get(f"source:{source.id}")
        if kept is not None:
            return kept.url
        with contextlib.suppress(StoaError):
            return (await asyncio.to_thread(self._keychain.find, f"source:{source.id}")).url
        return ""

    async def _saved_destinations(self, skip: set[str]) -> None:
        for saved in self._settings.destinations:
            if saved.name in skip:
                continue
            try:
                address = await asyncio.to_thread(self._keychain.find, saved.name)
                self._engine.destinations.add(
                    address, name=saved.name, enabled=saved.enabled, saved=True, ca_file=saved.ca_file
                )
            except StoaError as error:
                self._locked.append(saved)
                self._engine.notices.post(error.message, error.remedy)

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
        taken = {item.name for item in engine.destinations.all.values() if item.saved}
        if params.save and (not params.name or params.name in taken):
            raise StoaError(
                ErrorKind.CONFLICT,
                f"There is a saved destination called “{params.name}” already." if params.name else "It has no name.",
                remedy="Give it another name.",
                permanent=True,
            )
        destination_id = engine.destinations.add(
            address, name=params.name, enabled=params.enabled, ca_file=params.ca_file
        )
        if params.save:
            try:
                await asyncio.to_thread(self._keychain.keep, params.name, address)
            except StoaError as error:
                engine.notices.post(error.message, error.remedy)
            else:
                engine.destinations.get(destination_id).saved = True
                self._locked = [item for item in self._locked if item.name != params.name]
                engine.changed()
        return destination_id

    async def forget_destination(self, name: str) -> None:
        """Its secrets leave the keyring."""
        try:
            await asyncio.to_thread(self._keychain.forget, name)
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
            SavedDestination(item.name, item.url.masked, item.enabled, item.ca_file)
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
        changed = {identity: spec for identity, spec in now.items() if before.get(identity) != spec}
        gone = before.keys() - now.keys()
        if changed or gone:
            keeping = asyncio.create_task(self._write_passwords(changed, gone))
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)

    async def _write_passwords(self, changed: dict[str, str], gone: Set[str]) -> None:
        try:
            for identity, spec in changed.items():
                await asyncio.to_thread(self._keychain.keep, f"source:{identity}", DestinationSecret(spec))
            for identity in gone:
                await asyncio.to_thread(self._keychain.forget, f"source:{identity}")
        except StoaError as error:
            self._engine.notices.post(error.message, "The camera's password is asked for after the next start.")
