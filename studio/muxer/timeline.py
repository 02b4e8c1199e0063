"""When a packet of the program happens in one container: zero is the keyframe that it begins with."""

from __future__ import annotations

from fractions import Fraction

from studio.media import AudioTrack, EncodedPacket, VideoTrack


class Timeline:
    """The program's timestamps, moved so that this container begins at 0 with picture and sound still together.

    It begins with the first keyframe (without a picture: with the first sound). Sound from before that instant does not
    belong to it.
    """

    def __init__(self, video: VideoTrack | None, audio: AudioTrack | None) -> None:
        self._video = video
        self._audio = audio
        self._start_s: Fraction | None = None
        self._video_start = 0
        self._audio_start = 0

    @property
    def started(self) -> bool:
        return self._start_s is not None

    @property
    def start_s(self) -> Fraction:
        """Program time of this container's 0, in seconds; 0 before it has begun."""
        return self._start_s or Fraction(0)

    def place(self, packet: EncodedPacket) -> int | None:
        """The packet's PTS here, in its track's time base; None where it comes before the beginning."""
        if self._start_s is None and not self._start(packet):
            return None
        pts = packet.pts - (self._video_start if packet.codec.is_video else self._audio_start)
        return pts if pts >= 0 else None

    def seconds(self, packet: EncodedPacket) -> Fraction:
        """The end of a placed packet in seconds from the beginning."""
        track = self._video if packet.codec.is_video else self._audio
        start = self._video_start if packet.codec.is_video else self._audio_start
        return (packet.pts + packet.duration - start) * track.time_base if track else Fraction(0)

    def _start(self, packet: EncodedPacket) -> bool:
        if self._video is not None:
            if not (packet.codec.is_video and packet.keyframe):
                return False
            self._start_s = packet.pts * self._video.time_base
        elif self._audio is not None:
            self._start_s = packet.pts * self._audio.time_base
        else:
            return False
        if self._video is not None:
            self._video_start = packet.pts
        if self._audio is not None:
            self._audio_start = round(self._start_s / self._audio.time_base)
        return True
