"""What is plugged in: enumerate, identify, notice changes. Every look is made by a fresh process."""

from studio.device.enumeration import DeviceWatch, enumerate_all
from studio.device.inventory import (
    Camera,
    CameraMode,
    DeviceKind,
    Devices,
    Headphones,
    Microphone,
    Obstacle,
    Screen,
    Window,
    devices_schema,
    find,
    find_camera,
    find_microphone,
)

__all__ = [
    "Camera",
    "CameraMode",
    "DeviceKind",
    "DeviceWatch",
    "Devices",
    "Headphones",
    "Microphone",
    "Obstacle",
    "Screen",
    "Window",
    "devices_schema",
    "enumerate_all",
    "find",
    "find_camera",
    "find_microphone",
]
