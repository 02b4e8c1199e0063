"""What a User-Agent becomes: two words of ours, whatever somebody wrote into it."""

from __future__ import annotations

import re
import time

import pytest

from studio.server.device_words import device_of
from studio.server.devices import REMEMBERED, Devices

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS, MAC = "(Windows NT 10.0; Win64; x64)", "(Macintosh; Intel Mac OS X 10_15_7)"
KIT, GECKO = "AppleWebKit/537.36 (KHTML, like Gecko)", "Gecko/20100101"
IPHONE = f"{MOZILLA} (iPhone; CPU iPhone OS 18_5 like Mac OS X) {WEBKIT}"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (f"{MOZILLA} {WINDOWS} {KIT} Chrome/141.0.0.0 Safari/537.36", "Chrome 141 on Windows"),
        (f"{MOZILLA} {WINDOWS} {KIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "Edge 141 on Windows"),
        (f"{MOZILLA} {WINDOWS} {KIT} Chrome/120.0.0.0 Safari/537.36 OPR/106.0.0.0", "Opera 106 on Windows"),
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64; rv:143.0) {GECKO} Firefox/143.0", "Firefox 143 on Windows"),
        (f"{MOZILLA} (X11; Linux x86_64; rv:143.0) {GECKO} Firefox/143.0", "Firefox 143 on Linux"),
        (
            f"{MOZILLA} {MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            "Safari 18 on macOS",
        ),
        (f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1", "Safari 18 on iPhone"),
        (f"{IPHONE} CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1", "Chrome 141 on iPhone"),
        (f"{MOZILLA} (Linux; Android 10; K) {KIT} Chrome/141.0.0.0 Mobile Safari/537.36", "Chrome 141 on Android"),
        (
            f"{MOZILLA} (Linux; Android 10; K) {KIT} SamsungBrowser/28.0 Chrome/130.0.0.0",
            "Samsung Internet 28 on Android",
        ),
        (f"{MOZILLA} (X11; Linux x86_64) {KIT} HeadlessChrome/141.0.0.0 Safari/537.36", "Chrome 141 on Linux"),
        (f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/141.0.0.0 Safari/537.36", "Chrome 141 on ChromeOS"),
        (f"{MOZILLA} (OBS-Studio/30.2.0; Linux x86_64; en-US)", "OBS Studio 30 on Linux"),
        ("StoaStudio/0.1.0 (Linux)", "Stoa Studio 0.1 on Linux"),
        ("StoaStudio/12.34.56 (Windows)", "Stoa Studio 12.34 on Windows"),
        ("StoaStudio/0.1.0 (macOS)", "Stoa Studio 0.1 on macOS"),
        ("Something/1.0 (Windows NT 10.0)", "A program on Windows"),
        ("curl/8.14.1", ""),
        ("", ""),
    ],
)
def test_the_browser_and_its_system_are_named(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


@pytest.mark.parametrize(
    "user_agent",
    [
        "<script>alert(1)</script> Firefox/143 Windows",
        "Firefox/1433333333 on <b>Windows</b>",
        "Chrome/١٢٣ Windows",
        "StoaStudio/99999.1 Linux; DROP TABLE people",
        "Version/18 " + "Safari " * 60 + "\x00\x1b[2J",
        "Firefox/000143 Windows",
        "x" * 600 + " Firefox/143 Windows",
        "Firefox/143 on Windows\r\nSet-Cookie: a=b",
        "\ud800 Chrome/141 Linux",
    ],
)
def test_nothing_that_somebody_wrote_is_passed_on(user_agent: str) -> None:
    assert re.fullmatch(r"(?:[A-Za-z ]+(?: [0-9]{1,3}(?:\.[0-9]{1,3})?)?(?: on [A-Za-z]+)?)?", device_of(user_agent))


def test_only_the_beginning_is_looked_at() -> None:
    assert device_of("x" * 490 + " Firefox/143") == "Firefox 143"
    assert device_of("x" * 510 + " Firefox/143") == ""


@pytest.mark.parametrize("part", ["Version/18 ", "Version/1", "Safari", "Windows Firefox/", "Mozilla/5.0 (", "/", "1"])
def test_no_header_takes_long(part: str) -> None:
    begun = time.process_time()
    device_of(part * 20_000)
    assert time.process_time() - begun < 0.5


def test_the_last_device_of_each_person_is_known_and_no_more_than_fits() -> None:
    devices = Devices()
    devices.seen("s", "p", "Firefox/143.0 (Windows)")
    devices.seen("s", "p", "OBS-Studio/30.2.0; Linux", first_only=True)
    assert devices.of("s", "p") == "Firefox 143 on Windows"
    devices.seen("s", "p", "curl/8")
    assert devices.of("s", "p") == "Firefox 143 on Windows", "what says nothing takes nothing away"
    devices.seen("s", "p", "OBS-Studio/30.2.0; Linux")
    assert devices.of("s", "p") == "OBS Studio 30 on Linux"
    assert devices.of("another", "p") == devices.of("s", "q") == ""
    for number in range(REMEMBERED):
        devices.seen("s", f"p{number}", "Firefox/143.0 (Windows)")
    assert devices.of("s", "p") == "" and len(devices._known) == REMEMBERED
