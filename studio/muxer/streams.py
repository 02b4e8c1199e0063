"""Streams of a container for packets that another process encoded.

PyAV writes the parameter sets of an encoder that it opened itself (`add_stream`), or none (`add_mux_stream`). A stream
made from a template keeps what it is given; the template is a stream that PyAV opens from a few bytes in memory.
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from studio.media import SAMPLE_RATE_HZ, AudioTrack, Codec, ErrorKind, StoaError, VideoTrack

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container.output import OutputContainer
    from av.video.stream import VideoStream

# The first bytes of a keyframe's slice: enough for FFmpeg's parsers to read the parameter sets that stand before it.
_SLICE_HEADS = {
    Codec.H264: b"\x00\x00\x00\x01\x65\x88\x84\x00\x33\xff" + bytes(range(1, 40)),
    Codec.H265: b"\x00\x00\x00\x01\x26\x01\xaf\x0a\x40" + bytes(range(1, 40)),
}
# One silent AAC-LC access unit for two channels, and its ADTS head (ISO/IEC 13818-7, 6.2): LC, 48 kHz, stereo.
_SILENCE = b"\x21\x10\x04\x60\x8c\x1c"
_ADTS_BYTES = 7 + len(_SILENCE)
_ADTS_HEAD = bytes(
    (0xFF, 0xF1, 0x4C, 0x80 | _ADTS_BYTES >> 11, _ADTS_BYTES >> 3 & 0xFF, (_ADTS_BYTES & 7) << 5 | 0x1F, 0xFC)
)


def add_video_stream(container: OutputContainer, track: VideoTrack) -> VideoStream:
    """The stream for `track`'s packets, its time base as in the track. Raises StoaError(BAD_DATA)."""
    if not track.extradata:
        raise StoaError(ErrorKind.BAD_DATA, "The picture's parameter sets are missing.")
    source = io.BytesIO(track.extradata + _SLICE_HEADS[track.codec])
    with av.open(source, "r", format=track.codec.value) as opened:
        template = opened.streams.video[0]
        stream = container.add_stream_from_template(template)
    context = stream.codec_context
    context.width, context.height = track.width_px, track.height_px
    context.pix_fmt = "yuv420p"
    context.extradata = track.extradata
    context.bit_rate = track.bitrate_kbps * 1000
    context.framerate = Fraction(track.fps_num, track.fps_den)
    context.sample_aspect_ratio = Fraction(1, 1)
    context.color_range = ColorRange.MPEG
    context.colorspace = Colorspace.ITU709
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    stream.time_base = track.time_base
    return stream


def add_audio_stream(container: OutputContainer, track: AudioTrack) -> AudioStream:
    """The stream for `track`'s packets (AAC). Raises StoaError(NOT_SUPPORTED) for another codec."""
    if track.codec is not Codec.AAC:
        raise StoaError(ErrorKind.NOT_SUPPORTED, f"Sound in {track.codec.value} does not go into this container.")
    with av.open(io.BytesIO((_ADTS_HEAD + _SILENCE) * 3), "r", format="aac") as opened:
        template = opened.streams.audio[0]
        stream = container.add_stream_from_template(template)
    context = stream.codec_context
    context.sample_rate = SAMPLE_RATE_HZ
    context.layout = "stereo"
    context.extradata = track.extradata
    context.bit_rate = track.bitrate_kbps * 1000
    stream.time_base = track.time_base
    return stream
