"""`stoa live`: the launcher of one show. It supervises one engine, keeps its secrets, and tells how the show fares."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

import msgspec

from studio.destination.url import parse_destination
from studio.engine.contract import (
    NOT_BEGUN,
    DestinationReport,
    DestinationSecret,
    EngineReady,
    EngineToLauncher,
    KeepSecret,
    OpenEngine,
    PlannedDestination,
    RecordingReport,
    ShowPlan,
    ShowReport,
)
from studio.launcher.arguments import LiveArguments
from studio.launcher.logs import log_file
from studio.media import StudioClock
from studio.media.command_words import BAD_ARGUMENT
from studio.media.home import stoa_home
from studio.process import ChildPlan, Fault, Loss, SupervisedChild, Watchdog

END_LIMIT_S = 20.0
NO_REPORT = "The engine ended without a report."
SERVED, NOT_SERVED, INTERRUPTED, TERMINATED = 0, 1, 130, 143


class LiveShow:
    """One `stoa live`. `run` blocks on the main thread, which takes the signals."""

    def __init__(self, arguments: LiveArguments, started_ns: int) -> None:
        self._arguments = arguments
        self._started_ns = started_ns
        self._secrets: dict[str, DestinationSecret] = {}
        self._over = threading.Event()
        self._signal = 0
        self._lives = 0
        self._report: ShowReport | None = None
        self._earlier: ShowReport | None = None
        self._told: list[str] = []
        self._changed = threading.Event()
        self._child = SupervisedChild(
            ChildPlan(
                "engine",
                EngineToLauncher,
                opening=self._opening,
                on_message=self._on_message,
                on_lost=self._on_loss,
                end_limit_s=END_LIMIT_S,
            ),
            log_to=log_file("live"),
        )

    def run(self) -> int:
        """From the first process to the last; returns the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        watchdog = Watchdog()
        watchdog.add(self._child)
        watchdog.start()
        self._child.start()
        try:
            self._wait()
        finally:
            watchdog.stop()
            self._child.end()
        self._tell_new_file()
        report = self._total()
        self._clear_line()
        told = concluded(report, [address.url for address in self._arguments.to])
        if self._arguments.as_json:
            sys.stdout.buffer.write(msgspec.json.encode(result_of(told)) + b"\n")
            sys.stdout.flush()
        return self._status(report, told)

    def _wait(self) -> None:
        asked = False
        while not self._over.wait(0.25):
            if self._signal and not asked:
                asked = True
                self._child.end(wait=False)
            if asked and not self._child.alive:
                return
            if self._changed.is_set():
                self._changed.clear()
                self._tell_new_file()
                self._show_progress()

    def _status(self, report: ShowReport | None, told: ShowReport) -> int:
        """Tells on standard error what went wrong: of the destinations the same as the JSON, which has `told` too."""
        if report is not None and report.refused:
            sys.stderr.write(f"stoa live: {report.refused}\n")
            return BAD_ARGUMENT if report.refused_kind in ("bad_argument", "not_found") else NOT_SERVED
        for item in told.destinations:
            if item.state != "ended":
                sys.stderr.write(f"stoa live: {item.url}: {item.words} {item.remedy}".rstrip() + "\n")
        for recording in told.recordings:
            if recording.words:
                sys.stderr.write(f"stoa live: {recording.path}: {recording.words}\n")
        if self._signal:
            return INTERRUPTED if self._signal == signal.SIGINT else TERMINATED
        if report is None or not report.over:
            sys.stderr.write("stoa live: the engine ended without a report; its log tells more.\n")
            return NOT_SERVED
        served = all(item.state == "ended" for item in report.destinations)
        recorded = not any(recording.failed for recording in report.recordings)
        return SERVED if served and recorded else NOT_SERVED

    # -- the engine's thread -----------------------------------------------------------------------------------------

    def _opening(self) -> list[msgspec.Struct]:
        self._lives += 1
        arguments = self._arguments
        done_s = self._earlier.duration_s if self._earlier else 0.0
        plan = ShowPlan(
            video=arguments.video,
            audio=arguments.audio,
            destinations=[
                PlannedDestination(f"d{number}", DestinationSecret(address.url, address.secret), address.ca_file)
                for number, address in enumerate(arguments.to, 1)
            ],
            record_path=arguments.record,
            duration_s=max(0.1, arguments.duration_s - done_s) if arguments.duration_s else 0.0,
            width_px=arguments.width_px,
            height_px=arguments.height_px,
            fps_num=arguments.fps.numerator,
            fps_den=arguments.fps.denominator,
            video_kbps=arguments.video_kbps,
            audio_kbps=arguments.audio_kbps,
            preset=arguments.preset,
            encoder=arguments.encoder,
        )
        return [
            OpenEngine(
                home=str(stoa_home()),
                started_ns=self._started_ns,
                plan=plan,
                resume=self._lives > 1,
                secrets=self._secrets,
            )
        ]

    def _on_message(self, message: EngineToLauncher | Fault) -> None:
        match message:
            case ShowReport():
                self._report = message
                self._changed.set()
                if message.over:
                    self._over.set()
            case KeepSecret(id=identity, address=address):
                if address is None:
                    self._secrets.pop(identity, None)
                else:
                    self._secrets[identity] = address
            case EngineReady() | Fault():
                pass

    def _on_loss(self, loss: Loss) -> None:
        self._earlier = self._total()
        self._report = None
        if not self._over.is_set() and not self._signal:
            self._clear_line()
            sys.stderr.write(f"stoa live: the engine was lost ({loss.words}); it is started again.\n")

    # -- what was sent -----------------------------------------------------------------------------------------------

    def _total(self) -> ShowReport | None:
        return merge(self._earlier, self._report)

    def _tell_new_file(self) -> None:
        """After the engine's death the recording goes on in another file: its name is told once."""
        report = self._total()
        for recording in report.recordings if report else []:
            if recording.path not in self._told:
                self._told.append(recording.path)
                if len(self._told) > 1:
                    self._clear_line()
                    sys.stderr.write(f"stoa live: the recording goes on in {recording.path}.\n")

    def _show_progress(self) -> None:
        report = self._total()
        if report is None or not sys.stderr.isatty():
            return
        lost = report.lagged + report.skipped + sum(item.dropped for item in report.destinations)
        minutes, seconds = divmod(int(report.duration_s), 60)
        parts = [f"{minutes:02d}:{seconds:02d}", f"{report.fps:4.1f} fps"]
        parts += [f"{item.protocol} {item.state} {item.bitrate_kbps:.0f} kb/s" for item in report.destinations]
        parts += [f"recording {item.bytes / 1e6:.1f} MB" for item in report.recordings[-1:]]
        parts.append(f"{lost} lost")
        sys.stderr.write("\r\x1b[K" + "  ".join(parts))
        sys.stderr.flush()

    @staticmethod
    def _clear_line() -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signal = self._signal or number


def merge(earlier: ShowReport | None, now: ShowReport | None) -> ShowReport | None:
    """The report over all lives of the engine."""
    if earlier is None or now is None:
        return now or earlier
    before = {item.id: item for item in earlier.destinations}

    def joined(item: DestinationReport) -> DestinationReport:
        old = before.get(item.id)
        if old is None:
            return item
        return msgspec.structs.replace(
            item,
            frames=item.frames + old.frames,
            bytes=item.bytes + old.bytes,
            dropped=item.dropped + old.dropped,
            reconnects=item.reconnects + old.reconnects,
        )

    recordings: dict[str, RecordingReport] = {item.path: item for item in earlier.recordings}
    recordings |= {item.path: item for item in now.recordings}
    return msgspec.structs.replace(
        now,
        destinations=[joined(item) for item in now.destinations],
        recordings=list(recordings.values()),
        lagged=now.lagged + earlier.lagged,
        lagged_at_ns=earlier.lagged_at_ns + now.lagged_at_ns,
        skipped=now.skipped + earlier.skipped,
        first_packet_ms=earlier.first_packet_ms or now.first_packet_ms,
        duration_s=now.duration_s + earlier.duration_s,
    )


def concluded(report: ShowReport | None, urls: Sequence[str]) -> ShowReport:
    """The last report for its readers: also where there is none, and where the engine's last one was not its end."""
    if report is not None and report.over:
        return report
    if report is None:
        return ShowReport([_without_report(url) for url in urls], [], "", 0, [], 0, 0.0, 0.0, 0.0, over=True)
    return msgspec.structs.replace(
        report,
        destinations=[
            item
            if item.state in ("failed", "reconnecting")
            else msgspec.structs.replace(item, state="failed", words=NO_REPORT, remedy="")
            for item in report.destinations
        ],
    )


def _without_report(text: str) -> DestinationReport:
    url = parse_destination(text)
    return DestinationReport("", url.masked, url.protocol, "failed", 0, 0, 0, 0, NOT_BEGUN)


def result_of(report: ShowReport) -> dict[str, object]:
    """The JSON object of `stoa live`, as CONTRACT.md has it.

    `recordings` has every file: after the engine's death the recording goes on in another one.
    """
    names = ("url", "protocol", "state", "frames", "bytes", "dropped", "reconnects", "words")
    recordings = [{"path": item.path, "frames": item.frames, "bytes": item.bytes} for item in report.recordings]
    return {
        "destinations": [{name: getattr(item, name) for name in names} for item in report.destinations],
        "recording": recordings[0] if recordings else None,
        "recordings": recordings,
        "encoder": report.encoder,
        "lagged": report.lagged,
        "lagged_at_ns": report.lagged_at_ns,
        "skipped": report.skipped,
        "first_packet_ms": round(report.first_packet_ms, 1),
        "duration_s": round(report.duration_s, 3),
    }


def live(arguments: LiveArguments) -> int:
    """Run one show. Returns the exit status."""
    return LiveShow(arguments, StudioClock().now_ns()).run()
