"""The control API's methods, each a few lines over the engine's desks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from studio.control.api import (
    Adopted,
    AdoptedSecret,
    ById,
    Created,
    DestinationAdd,
    DestinationInfo,
    DestinationList,
    DestinationSet,
    DeviceList,
    EngineEnd,
    EngineStatus,
    HeadphonesSet,
    Link,
    Meter,
    Meters,
    Nothing,
    NoticeList,
    Placement,
    PlacementSet,
    PreviewInfo,
    PreviewOpen,
    ProgramInfo,
    ProgramSet,
    ProgramStatistics,
    RecordingInfo,
    RecordingStart,
    SceneInfo,
    SceneSet,
    SessionInfo,
    SessionInvite,
    SessionJoin,
    SourceAdd,
    SourceInfo,
    SourceList,
    SourceReplace,
    SourceSet,
    StripInfo,
    StripList,
    StripSet,
)
from studio.engine.contract import DestinationSecret
from studio.engine.engine import Engine
from studio.engine.opening import StoppedMeanwhile
from studio.engine.recordings import OUTLET as RECORDING
from studio.media import ErrorKind, StoaError

if TYPE_CHECKING:
    from studio.engine.attendance import Attendance
    from studio.engine.resident import Resident

Handler = Callable[[Any], Awaitable[msgspec.Struct]]


class Commands:
    """What clients may ask of an engine. Belongs to its event loop."""

    def __init__(
        self,
        engine: Engine,
        end: Callable[[], None],
        attendance: Attendance | None,
        resident: Resident | None,
        secrets: dict[str, DestinationSecret],
    ) -> None:
        """`end` begins the engine's orderly end; `secrets` are what a launcher that adopts this engine must know."""
        self._engine = engine
        self._end = end
        self._attendance = attendance
        self._resident = resident
        self._secrets = secrets
        self._going = engine.going
        self.handlers: dict[str, Handler] = {
            "engine.status": self.engine_status,
            "engine.end": self.engine_end,
            "engine.adopt": self.engine_adopt,
            "device.list": self.device_list,
            "headphones.set": self.headphones_set,
            "session.join": self.session_join,
            "session.leave": self.session_leave,
            "session.invite": self.session_invite,
            "session.status": self.session_status,
            "source.add": self.source_add,
            "source.replace": self.source_replace,
            "source.set": self.source_set,
            "source.remove": self.source_remove,
            "source.list": self.source_list,
            "scene.set": self.scene_set,
            "scene.get": self.scene_get,
            "placement.add": self.placement_add,
            "placement.set": self.placement_set,
            "placement.remove": self.placement_remove,
            "strip.set": self.strip_set,
            "strip.list": self.strip_list,
            "strip.meters": self.strip_meters,
            "destination.add": self.destination_add,
            "destination.set": self.destination_set,
            "destination.start": self.destination_start,
            "destination.stop": self.destination_stop,
            "destination.remove": self.destination_remove,
            "destination.list": self.destination_list,
            "program.set": self.program_set,
            "program.start": self.program_start,
            "program.stop": self.program_stop,
            "program.statistics": self.program_statistics,
            "recording.start": self.recording_start,
            "recording.stop": self.recording_stop,
            "recording.status": self.recording_status,
            "preview.open": self.preview_open,
            "notice.list": self.notice_list,
            "notice.clear": self.notice_clear,
        }

    async def engine_status(self, params: Nothing) -> EngineStatus:
        return self._engine.status(self._session_info())

    async def engine_end(self, params: EngineEnd) -> Nothing:
        if not params.force and (self._engine.show.live or self._engine.recordings.active):
            raise StoaError(
                ErrorKind.CONFLICT, "The show is on air or recording.", remedy="Stop it first, or end by force."
            )
        self._end()
        return Nothing()

    async def engine_adopt(self, params: Nothing) -> Adopted:
        return Adopted({key: AdoptedSecret(item.url, item.secret) for key, item in self._secrets.items()})

    async def device_list(self, params: Nothing) -> DeviceList:
        from studio.engine.inventory import list_devices

        return await asyncio.to_thread(list_devices)

    async def headphones_set(self, params: HeadphonesSet) -> Nothing:
        self._engine.headphones.set(params)
        if self._resident is not None:
            self._resident.set_headphones(params)
        return Nothing()

    # -- sources, scene, strips --------------------------------------------------------------------------------------

    async def source_add(self, params: SourceAdd) -> Created:
        source_id = await self._engine.sources.add(params)
        if params.place:
            self._engine.scene.add(Placement(source_id))
        return Created(source_id)

    async def source_replace(self, params: SourceReplace) -> SourceInfo:
        return await self._engine.sources.replace(params)

    async def source_set(self, params: SourceSet) -> SourceInfo:
        return self._engine.sources.set(params)

    async def source_remove(self, params: ById) -> Nothing:
        self._engine.sources.remove(params.id)
        self._engine.scene.forget_source(params.id)
        return Nothing()

    async def source_list(self, params: Nothing) -> SourceList:
        return SourceList(self._engine.sources.infos())

    async def scene_set(self, params: SceneSet) -> SceneInfo:
        return self._engine.scene.set(params.placements)

    async def scene_get(self, params: Nothing) -> SceneInfo:
        return SceneInfo(self._engine.scene.placements)

    async def placement_add(self, params: Placement) -> Created:
        return Created(self._engine.scene.add(params))

    async def placement_set(self, params: PlacementSet) -> Placement:
        return self._engine.scene.change(params)

    async def placement_remove(self, params: ById) -> Nothing:
        self._engine.scene.remove(params.id)
        return Nothing()

    async def strip_set(self, params: StripSet) -> StripInfo:
        return self._engine.sources.set_strip(params)

    async def strip_list(self, params: Nothing) -> StripList:
        return StripList(self._engine.sources.strips())

    async def strip_meters(self, params: Nothing) -> Meters:
        mixer = self._engine.mixer
        strips = {source_id: Meter(*strip.meter.take()) for source_id, strip in mixer.strips.items()}
        return Meters(strips, Meter(*mixer.master.take()), mixer.limiter.reduction_db)

    # -- destinations and program ------------------------------------------------------------------------------------

    async def destination_add(self, params: DestinationAdd) -> Created:
        if self._resident is not None:
            return Created(await self._resident.add_destination(params))
        if params.save:
            raise _saves_nothing()
        address = DestinationSecret(params.url, params.secret)
        return Created(
            self._engine.destinations.add(address, name=params.name, enabled=params.enabled, ca_file=params.ca_file)
        )

    async def destination_set(self, params: DestinationSet) -> DestinationInfo:
        desk, resident = self._engine.destinations, self._resident
        destination = desk.get(params.id)
        self._refuse_for_the_session(params)
        if resident is not None:
            resident.refuse_taken(params)
        elif params.save:
            raise _saves_nothing()
        name, address = destination.name, destination.address
        async with self._going:
            trying, show = await desk.change(params), self._engine.show
            if trying and show.live and not show.refused:  # an admin's stop does not wait for its turn
                try:
                    await show.drain_unused()  # the new place may need another profile
                    await self._engine.start_destination(params.id)
                except StoppedMeanwhile:
                    pass
                except StoaError as error:
                    desk.refuse(destination, error)
        if resident is not None:  # outside of the lock: a keyring may wait for its person
            await resident.keep_destination(destination, name, address, params.save)
        return desk.info(destination)

    def _refuse_for_the_session(self, params: DestinationSet) -> None:
        changed = params.url is not None or params.secret is not None or params.ca_file is not None or params.save
        if changed and self._session_info().publish_destination == params.id:
            raise StoaError(
                ErrorKind.CONFLICT,
                "This destination is the session's own: its address comes from there.",
                remedy="Leave the session, or add another destination.",
                permanent=True,
            )

    async def destination_start(self, params: ById) -> Nothing:
        async with self._going:
            self._refuse_if_stopped()
            await self._engine.start_destination(params.id)
        return Nothing()

    async def destination_stop(self, params: ById) -> Nothing:
        self._engine.show.give_up(params.id)
        async with self._going:
            engine = self._engine
            others = any(item.running for key, item in engine.destinations.all.items() if key != params.id)
            engine.destinations.get(params.id)
            if others:
                await engine.destinations.stop(params.id)
            else:
                await engine.off_air()
        return Nothing()

    async def destination_remove(self, params: ById) -> Nothing:
        destination = self._engine.destinations.get(params.id)
        await self.destination_stop(params)
        await self._engine.destinations.remove(params.id)
        if destination.saved and self._resident is not None:
            await self._resident.forget_destination(destination.name)
        return Nothing()

    async def destination_list(self, params: Nothing) -> DestinationList:
        return DestinationList(self._engine.destinations.infos())

    async def program_set(self, params: ProgramSet) -> ProgramInfo:
        async with self._going:
            engine = self._engine
            before = engine.show.shape
            shape = engine.show.change(params)
            rebuilt = ("width_px", "height_px", "fps_num", "fps_den")
            if any(getattr(before, name) != getattr(shape, name) for name in rebuilt):
                await engine.reshape(shape)
            engine.changed()
            return engine.show.info()

    async def program_start(self, params: Nothing) -> ProgramInfo:
        async with self._going:
            self._refuse_if_stopped()
            engine = self._engine
            if not any(item.enabled for item in engine.destinations.all.values()):
                raise StoaError(
                    ErrorKind.CONFLICT,
                    "There is no destination to go live to.",
                    remedy="Add one, or share the session.",
                )
            await engine.go_live()
            return engine.show.info()

    async def program_stop(self, params: Nothing) -> ProgramInfo:
        self._engine.give_up_going_live()
        async with self._going:
            await self._engine.off_air()
            return self._engine.show.info()

    async def program_statistics(self, params: Nothing) -> ProgramStatistics:
        engine = self._engine
        show, encoding = engine.show, engine.show.encoding
        counters = engine.clockwork.counters
        shape = show.shape
        on_air_s = (engine.clock.now_ns() - show.live_since_ns) / 1e9 if show.live else 0.0
        return ProgramStatistics(
            ticks=engine.ticks,
            lagged=engine.lagged,
            skipped=show.skipped,
            dropped=sum(item.dropped for item in engine.destinations.all.values()),
            encoded=encoding.encoded if encoding else 0,
            fps=shape.fps_num / shape.fps_den,
            video_kbps=encoding.rate_kbps() if encoding else 0.0,
            compose_ms=counters.compose_ms,
            encode_ms=encoding.encode_ms if encoding else 0.0,
            mixer_lag_ms=engine.mixer.lag_ns / 1e6,
            cpu_percent=engine.cpu_percent,
            first_packet_ms=show.first_packet_ms,
            time_on_air_s=on_air_s,
            repeated=sum(source.repeated for source in engine.sources.infos()),
        )

    def _refuse_if_stopped(self) -> None:
        refused = self._engine.show.refused
        if refused:
            raise StoaError(
                ErrorKind.DENIED, refused, remedy="Ask an admin to release it, or leave the session.", permanent=True
            )

    # -- recording, preview, notices ---------------------------------------------------------------------------------

    async def recording_start(self, params: RecordingStart) -> RecordingInfo:
        async with self._going:
            return await self._engine.recordings.start(params.path)

    async def recording_stop(self, params: Nothing) -> RecordingInfo:
        self._engine.show.give_up(RECORDING)
        async with self._going:
            await self._engine.stop_recording()
            return self._engine.recordings.info()

    async def recording_status(self, params: Nothing) -> RecordingInfo:
        return await self._engine.recordings.status()

    async def preview_open(self, params: PreviewOpen) -> PreviewInfo:
        return self._engine.preview.open(params)

    async def notice_list(self, params: Nothing) -> NoticeList:
        return NoticeList(self._engine.notices.all)

    async def notice_clear(self, params: ById) -> Nothing:
        self._engine.notices.clear(params.id)
        return Nothing()

    # -- the session -------------------------------------------------------------------------------------------------

    def _session_info(self) -> SessionInfo:
        if self._attendance is None:
            return SessionInfo(joined=False, words="stoa live is in no session.")
        return self._attendance.info

    def _attending(self) -> Attendance:
        if self._attendance is None:
            raise StoaError(
                ErrorKind.NOT_SUPPORTED, "stoa live is in no session.", remedy="Start stoa instead.", permanent=True
            )
        return self._attendance

    async def session_join(self, params: SessionJoin) -> SessionInfo:
        return await self._attending().join(params)

    async def session_leave(self, params: Nothing) -> SessionInfo:
        async with self._going:
            return await self._attending().leave()

    async def session_invite(self, params: SessionInvite) -> Link:
        return await self._attending().invite(params)

    async def session_status(self, params: Nothing) -> SessionInfo:
        return self._session_info()


def _saves_nothing() -> StoaError:
    return StoaError(ErrorKind.NOT_SUPPORTED, "stoa live saves no destinations.", remedy="Save it in the studio.")
