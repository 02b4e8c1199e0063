"""H.264, H.265, AAC and Opus: registry, hardware probing, presets, rate control. Imports studio.media only."""

from encoders.audio import AudioEncoder
from encoders.findings import EncoderRow, Findings
from encoders.probe import ProbeResult, probe, rehearse
from encoders.settings import PRESETS, AudioSettings, VideoSettings
from encoders.video import VideoEncoder

__all__ = [
    "PRESETS",
    "AudioEncoder",
    "AudioSettings",
    "EncoderRow",
    "Findings",
    "ProbeResult",
    "VideoEncoder",
    "VideoSettings",
    "probe",
    "rehearse",
]
