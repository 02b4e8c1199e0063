"""Sound devices as PortAudio lists them on each platform, from recorded answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.device import find_microphone
from studio.device.alsa import capture_parts
from studio.device.portaudio import SoundCard, list_portaudio
from studio.device.usb import UsbDevice


def device(name: str, api: int = 0, inputs: int = 2, outputs: int = 0, rate: float = 48_000.0) -> dict[str, Any]:
    return {
        "name": name,
        "hostapi": api,
        "max_input_channels": inputs,
        "max_output_channels": outputs,
        "default_samplerate": rate,
    }


def api(name: str, default_input: int = -1, default_output: int = -1) -> dict[str, Any]:
    return {"name": name, "default_input_device": default_input, "default_output_device": default_output}


def test_alsa_cards_are_known_by_what_they_are_and_not_by_their_number() -> None:
    devices = [
        device("HDA Intel PCH: ALC257 (hw:0,0)", outputs=2, rate=44_100.0),
        device("Blue Yeti: USB Audio (hw:1,0)"),
        device("Blue Yeti: USB Audio (hw:2,0)", inputs=1),
        device("default", inputs=32, outputs=32),
        device("sysdefault", inputs=128),
    ]
    cards = {
        0: SoundCard("PCH", None),
        1: SoundCard("Yeti", UsbDevice("b58e", "9e84", "REV8", "1-1", "Blue Yeti")),
        2: SoundCard("Yeti_1", UsbDevice("b58e", "9e84", "", "1-4", "Blue Yeti")),
    }
    microphones, outputs = list_portaudio(devices, [api("ALSA", 3)], platform="linux", cards=cards, parts=[])
    assert [(one.id, one.name, one.identity) for one in microphones] == [
        ("alsa-PCH,0", "HDA Intel PCH: ALC257", "card name PCH"),
        ("usb-b58e:9e84-REV8,0", "Blue Yeti: USB Audio (serial number REV8)", "serial number REV8"),
        ("usb-b58e:9e84@1-4,0", "Blue Yeti: USB Audio (USB port 1-4)", "USB port 1-4"),
    ]
    assert [one.place for one in microphones][1] == "portaudio:Blue Yeti: USB Audio (hw:1,0)"
    assert [(one.channels, one.rate_hz) for one in microphones] == [(2, 44_100), (2, 48_000), (1, 48_000)]
    assert [one.id for one in outputs] == ["alsa-PCH,0"]
    chosen = find_microphone(microphones, "default")
    assert chosen is not None and chosen.id == "alsa-PCH,0", "one is the default even where ALSA's is a plugin"


def test_windows_loopbacks_are_system_sound() -> None:
    devices = [
        device("Microphone (Yeti)", api=1),
        device("Speakers (Realtek)", api=1, inputs=0, outputs=2),
        device("Speakers (Realtek) [Loopback]", api=1),
        device("Microphone (Yeti)", api=0),
    ]
    apis = [api("MME", 3), api("Windows WASAPI", 0, 1)]
    microphones, outputs = list_portaudio(devices, apis, platform="win32")
    assert [(one.id, one.name, one.is_monitor, one.default) for one in microphones] == [
        ("Microphone (Yeti)", "Microphone (Yeti)", False, True),
        ("Speakers (Realtek).monitor", "Sound of Speakers (Realtek)", True, False),
    ]
    assert microphones[1].place == "portaudio:Speakers (Realtek) [Loopback]"
    assert [(one.id, one.default) for one in outputs] == [("Speakers (Realtek)", True)]


def test_macos_lists_core_audio() -> None:
    devices = [device("MacBook Pro Microphone", inputs=1), device("MacBook Pro Speakers", inputs=0, outputs=2)]
    microphones, outputs = list_portaudio(devices, [api("Core Audio", 0, 1)], platform="darwin")
    assert [(one.id, one.default) for one in microphones] == [("MacBook Pro Microphone", True)]
    assert [one.name for one in outputs] == ["MacBook Pro Speakers"]


def test_no_host_interface_is_no_device() -> None:
    assert list_portaudio([], [api("OSS")], platform="linux", cards={}) == ([], [])


def test_a_card_that_is_in_use_stays_in_the_list(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text(
        " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA Intel PCH at 0x1 irq 1\n"
        " 1 [Yeti           ]: USB-Audio - Blue Yeti\n                      Blue Yeti at usb-0000:00:14.0-1\n"
    )
    (tmp_path / "pcm").write_text(
        "00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1\n"
        "00-03: HDMI 0 : HDMI 0 : playback 1\n"
        "01-00: USB Audio : USB Audio : playback 1 : capture 1\n"
    )
    parts = capture_parts(tmp_path)
    assert [(part.hardware, part.name) for part in parts] == [
        ("(hw:0,0)", "HDA Intel PCH: ALC257 Analog"),
        ("(hw:1,0)", "Blue Yeti: USB Audio"),
    ]
    cards = {0: SoundCard("PCH", None), 1: SoundCard("Yeti", None)}
    devices = [
        device("HDA Intel PCH: ALC257 Analog (hw:0,0)", outputs=2),
        device("Blue Yeti: USB Audio (hw:1,0)", inputs=0, outputs=2),
    ]
    microphones, outputs = list_portaudio(devices, [api("ALSA", 0)], platform="linux", cards=cards, parts=parts)
    assert [(one.id, one.name) for one in microphones] == [
        ("alsa-PCH,0", "HDA Intel PCH: ALC257 Analog"),
        ("alsa-Yeti,0", "Blue Yeti: USB Audio"),
    ]
    assert [one.name for one in outputs] == ["HDA Intel PCH: ALC257 Analog", "Blue Yeti: USB Audio"]
