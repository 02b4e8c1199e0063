"""The pixels of cameras that can be read: Video4Linux's four letters, and FFmpeg's name for the same bytes."""

RAW_FORMATS = {
    "YUYV": "yuyv422",
    "UYVY": "uyvy422",
    "NV12": "nv12",
    "YU12": "yuv420p",
    "YVYU": "yvyu422",
    "NV21": "nv21",
    "422P": "yuv422p",
    "RGB3": "rgb24",
    "BGR3": "bgr24",
    "GREY": "gray",
}
"""Cheapest first; all of a picture's bytes, plane after plane, without padding."""
JPEG_FORMATS = ("MJPG", "JPEG")
READABLE = (*RAW_FORMATS, *JPEG_FORMATS)
"""In order of preference where size and rate are the same."""
