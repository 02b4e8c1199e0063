"""What the engine and a destination's process say to each other.

The state machine (one place changes it: the destination's runner, in the child):

    idle ── open ──► connecting ──► live ──► reconnecting ──► live …
                        │                        │
                        └── permanent refusal ──►└──► failed   (`Retry` leads from failed or reconnecting to a try at
                        once)

Retries after 0.25, 0.5, 1, then 1.5 s ± 20 % for five minutes, then up to 15 s. A refusal is permanent only on a first
connection (`was_live` False): once live, "already publishing" is our own lost connection, still held.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from studio.media import AudioTrack, EncodedPacket, VideoTrack


class DestinationState(StrEnum):
    IDLE = "idle"
    CONNECTING = "connecting"
    LIVE = "live"
    RECONNECTING = "reconnecting"
    FAILED = "failed"


class OpenDestination(msgspec.Struct, frozen=True, tag="open"):
    """The first message. `url` and `secret` (bearer token, passphrase) may not be logged; `words_url` may: it is
    masked.

    `video` and `audio` describe the packets that will follow (each may be missing). `was_live` is True where this
    destination has been live before in this show (a restarted child).
    """

    url: str
    words_url: str
    video: VideoTrack | None
    audio: AudioTrack | None
    secret: str = ""
    options: dict[str, str] = {}
    was_live: bool = False
    ca_file: str = ""


class FreshSecret(msgspec.Struct, frozen=True, tag="fresh_secret"):
    """The secret is another one now. What is open goes on; the next connection is made with it."""

    secret: str


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """Try now, whatever the back-off says."""


EngineToDestination = OpenDestination | EncodedPacket | Retry | FreshSecret


class StateChanged(msgspec.Struct, frozen=True, tag="state"):
    """The destination's state and why, in plain words; `kind`, `remedy`, `permanent` as in StoaError."""

    state: DestinationState
    words: str
    kind: str = ""
    remedy: str = ""
    permanent: bool = False
    retry_in_s: float = 0.0


class KeyframeWanted(msgspec.Struct, frozen=True, tag="keyframe_wanted"):
    """A receiver (or a new connection) can only begin at a keyframe. The engine merges requests: at most one a
    second.
    """

    reason: str


class DestinationStatistics(msgspec.Struct, frozen=True, tag="statistics"):
    """About twice a second. Counts are since the show began, over all connections of this child's life.

    `frames` pictures handed to the network; `dropped` pictures lost for it; `bitrate_kbps` over the last two seconds.
    """

    frames: int
    bytes: int
    dropped: int
    bitrate_kbps: float
    queue_ms: float = 0.0
    rtt_ms: float = 0.0
    loss: float = 0.0
    retransmitted: int = 0
    reconnects: int = 0


DestinationToEngine = StateChanged | KeyframeWanted | DestinationStatistics
