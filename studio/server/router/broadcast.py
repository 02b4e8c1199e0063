"""One session's media: the publisher who is on, the viewers who watch, and what is not forwarded."""

from __future__ import annotations

from typing import Protocol

from studio.media import NS_PER_S
from studio.server.router.ingest import IngestTrack
from studio.server.router.publisher import Publisher
from studio.server.router.rtp import RtpPacket
from studio.server.router.viewer import Viewer

KEYFRAME_EVERY_NS = NS_PER_S
SILENT_NS = 3 * NS_PER_S


class BroadcastOwner(Protocol):
    """Who is told what happens: the router."""

    def on_air(self, broadcast: Broadcast, publisher: Publisher) -> None:
        """Media flow from this publisher from now on."""

    def off_air(self, broadcast: Broadcast, publisher: Publisher, words: str) -> None:
        """Nothing flows any more; the viewers wait."""

    def viewer_came(self, broadcast: Broadcast, viewer: Viewer) -> None:
        """A viewer is connected."""

    def viewer_left(self, broadcast: Broadcast, viewer: Viewer, words: str) -> None:
        """A viewer has gone."""

    def publisher_left(self, broadcast: Broadcast, publisher: Publisher, words: str) -> None:
        """A publisher's connection has ended."""


class Broadcast:
    """Implements PublisherOwner and ViewerOwner.

    A publisher takes over with its first packet, not with its request: one that fails to connect disturbs nobody. The
    viewers keep their connections; each goes on at the newcomer's first keyframe.
    """

    def __init__(self, session: str, owner: BroadcastOwner) -> None:
        self.session = session
        self.publisher: Publisher | None = None
        self.publishers: list[Publisher] = []
        self.viewers: list[Viewer] = []
        self.mutes: dict[str, set[str]] = {}
        self.over: dict[str, set[str]] = {}
        self.muted: set[str] = set()
        self.is_flowing = False
        self.keyframes_asked = 0
        self._owner = owner
        self._asked_ns = -KEYFRAME_EVERY_NS
        self._keyframe_wanted = False

    # --- PublisherOwner ---

    def publisher_connected(self, publisher: Publisher, now_ns: int) -> None:
        """Wait for its first packet."""

    def publisher_packet(self, publisher: Publisher, track: IngestTrack, packet: RtpPacket, now_ns: int) -> None:
        if publisher is not self.publisher:
            if publisher not in self.publishers:
                return
            self._take_over(publisher)
        if not self.is_flowing:
            self.is_flowing = True
            self._owner.on_air(self, publisher)
        if track.format.kind == "video":
            self._forward_picture(publisher, track, packet, now_ns)
        else:
            self._forward_sound(track, packet, now_ns)

    def publisher_clock(self, publisher: Publisher, track: IngestTrack, now_ns: int) -> None:
        for viewer in self.viewers:
            viewer.report_soon()

    def publisher_closed(self, publisher: Publisher, words: str) -> None:
        if publisher in self.publishers:
            self.publishers.remove(publisher)
        self.over.pop(publisher.resource, None)
        if publisher is self.publisher:
            self.publisher = None
            self._pause("video")
            self._pause("audio")
            if self.is_flowing:
                self.is_flowing = False
                self._owner.off_air(self, publisher, words)
        self._owner.publisher_left(self, publisher, words)

    def _take_over(self, publisher: Publisher) -> None:
        before, self.publisher = self.publisher, publisher
        self._pause("video")
        self._pause("audio")
        self.muted = self._silenced(publisher)
        self._asked_ns = -KEYFRAME_EVERY_NS
        for viewer in self.viewers:
            self.choose_formats(viewer)
        if before is not None:
            words = "another connection of the same publisher took over"
            if self.is_flowing:
                self.is_flowing = False
                self._owner.off_air(self, before, words)
            before.peer.close(words)

    def choose_formats(self, viewer: Viewer) -> None:
        """Which of the payload types that were agreed with the viewer fits what the publisher sends."""
        if self.publisher is not None and self.publisher.video is not None:
            viewer.choose_picture_format(self.publisher.video.format.profile_level_id)

    # --- forwarding ---

    def _forward_sound(self, track: IngestTrack, packet: RtpPacket, now_ns: int) -> None:
        if "audio" in self.muted:
            return
        for viewer in self.viewers:
            out = viewer.audio
            if out is not None and viewer.is_connected:
                if not out.is_running:
                    viewer.begin_sound(packet, track, now_ns)
                viewer.forward(out, packet, now_ns)

    def _forward_picture(self, publisher: Publisher, track: IngestTrack, packet: RtpPacket, now_ns: int) -> None:
        gop = publisher.gop
        begins = gop.add(packet)
        if begins:
            self._keyframe_wanted = False
        if "video" in self.muted:
            return
        for viewer in self.viewers:
            out = viewer.video
            if out is None:
                continue
            if out.is_running:
                viewer.forward(out, packet, now_ns)
            elif begins and viewer.is_connected:
                viewer.begin_picture(gop, track, now_ns)

    # --- ViewerOwner ---

    def viewer_connected(self, viewer: Viewer, now_ns: int) -> None:
        self.viewers.append(viewer)
        self.choose_formats(viewer)
        self._owner.viewer_came(self, viewer)
        publisher = self.publisher
        if publisher is None or publisher.video is None or viewer.video is None or "video" in self.muted:
            return
        if not (publisher.gop.is_whole and viewer.replay(publisher.gop, publisher.video, now_ns)):
            self.want_keyframe(now_ns)

    def viewer_wants_keyframe(self, viewer: Viewer, now_ns: int) -> None:
        self.want_keyframe(now_ns)

    def viewer_closed(self, viewer: Viewer, words: str) -> None:
        if viewer in self.viewers:
            self.viewers.remove(viewer)
        self._owner.viewer_left(self, viewer, words)

    # --- keyframes ---

    def want_keyframe(self, now_ns: int) -> None:
        """Ask the publisher for a keyframe: all viewers' wishes together at most once a second."""
        self._keyframe_wanted = True
        self._ask_if_due(now_ns)

    def _ask_if_due(self, now_ns: int) -> None:
        if self._keyframe_wanted and self.publisher is not None and now_ns - self._asked_ns >= KEYFRAME_EVERY_NS:
            self._asked_ns = now_ns
            self.keyframes_asked += 1
            self.publisher.ask_for_keyframe()

    # --- commands ---

    def mute(self, person: str, kind: str, *, muted: bool, now_ns: int) -> bool:
        """Stop, or go on, forwarding `audio` or `video` of a person's, at once and on later connections.

        False where it was so before.
        """
        mutes = self.mutes.setdefault(person, set())
        if (kind in mutes) is muted:
            return False
        if muted:
            mutes.add(kind)
        else:
            mutes.discard(kind)
        self._silence(now_ns)
        return True

    def end_kinds(self, publisher: Publisher, kinds: set[str], now_ns: int) -> None:
        """The time for which this publisher may send these kinds of tracks is over, and for no others: at once."""
        if self.over.get(publisher.resource, set()) != kinds:
            self.over[publisher.resource] = kinds
            self._silence(now_ns)

    def _silenced(self, publisher: Publisher) -> set[str]:
        """What of a publisher is not forwarded: by an admin's word, or because its time is over."""
        return self.mutes.get(publisher.person, set()) | self.over.get(publisher.resource, set())

    def _silence(self, now_ns: int) -> None:
        """Make it so for whoever is on."""
        if self.publisher is None:
            return
        before, self.muted = self.muted, self._silenced(self.publisher)
        for kind in self.muted - before:
            self._pause(kind)
        if "video" in before - self.muted:
            self.want_keyframe(now_ns)

    def _pause(self, kind: str) -> None:
        for viewer in self.viewers:
            viewer.pause(kind)

    def end(self, words: str) -> None:
        """Close every connection."""
        for publisher in list(self.publishers):
            publisher.peer.close(words)
        for viewer in list(self.viewers):
            viewer.hang_up(words)

    def on_timer(self, now_ns: int) -> None:
        """A few times a second: repairs, reports, keyframes that are still wanted, silence."""
        for publisher in list(self.publishers):
            if publisher.on_timer(now_ns) and publisher is self.publisher:
                self.want_keyframe(now_ns)
        self._ask_if_due(now_ns)
        for viewer in list(self.viewers):
            viewer.on_timer(now_ns)
        current = self.publisher
        if current is not None and self.is_flowing and now_ns - current.heard_ns > SILENT_NS:
            self.is_flowing = False
            self._owner.off_air(self, current, "nothing has come from the publisher for 3 s")
