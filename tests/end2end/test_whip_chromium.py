"""Sound against picture where a viewer sees and hears them: WHIP in, WHEP out, Chromium."""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from playwright.async_api import Browser

from encoders import AudioEncoder, AudioSettings, VideoEncoder, VideoSettings
from studio.destination.contract import DestinationToEngine, KeyframeWanted, OpenDestination
from studio.media import Codec, StudioClock, blank_frame
from tests.fakes.child import DrivenChild
from tests.fakes.feeder import Feeder
from tests.fakes.program import Program
from tests.fixtures.media_router import MediaRouter

pytestmark = pytest.mark.asyncio(loop_scope="session")

FPS, SECONDS = 30, 20

LISTEN = """async () => {
  const video = document.querySelector("video");
  window.flashes = []; window.beeps = [];
  const canvas = new OffscreenCanvas(16, 9), drawing = canvas.getContext("2d", {willReadFrequently: true});
  let bright = false;
  const look = (now, about) => {
    drawing.drawImage(video, 0, 0, 16, 9);
    const lit = drawing.getImageData(8, 4, 1, 1).data[0] > 140;
    if (lit && !bright) window.flashes.push(about.expectedDisplayTime);
    bright = lit;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  const context = window.context = new AudioContext({sampleRate: 48000});
  const code = `registerProcessor("ear", class extends AudioWorkletProcessor {
    constructor() { super(); this.quiet = 1e9; }
    process(inputs) {
      const samples = inputs[0][0];
      if (samples) for (let at = 0; at < samples.length; at++) {
        if (Math.abs(samples[at]) > 0.1) {
          if (this.quiet > 12000) this.port.postMessage(currentTime + at / sampleRate);
          this.quiet = 0;
        } else this.quiet++;
      }
      return true;
    }
  });`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], {type: "text/javascript"})));
  const ear = new AudioWorkletNode(context, "ear");
  ear.port.onmessage = (event) => {
    const now = context.getOutputTimestamp();
    window.beeps.push(now.performanceTime + (event.data - now.contextTime) * 1000);
  };
  context.createMediaStreamSource(video.srcObject).connect(ear);
  ear.connect(context.destination);
}"""


def flashes_and_beeps() -> Program:
    """Dark pictures, a white one at each full second, and a beep that begins with it."""
    encoder = VideoEncoder.open(VideoSettings(Codec.H264, 320, 180, FPS, 1, 600, "ultrafast"))
    sound = AudioEncoder.open(AudioSettings(Codec.OPUS))
    packets = []
    beep = (0.6 * np.sin(2 * np.pi * 1000 * np.arange(9600) / 48_000)).astype(np.float32)
    for number in range(SECONDS * FPS):
        made_ns = number * 1_000_000_000 // FPS
        luma = 220 if number % FPS < 3 else 30
        packets += encoder.encode(blank_frame(320, 180, (luma, 128, 128)), number, number % FPS == 0, made_ns)
        samples = np.zeros((1600, 2), np.float32)
        begin = number % FPS * 1600
        if begin < len(beep):
            samples[:] = beep[begin : begin + 1600, None]
        packets += sound.encode(samples, number * 1600, made_ns)
    return Program(encoder.track, sound.track, tuple(sorted(packets, key=lambda packet: packet.made_ns)))


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(90)
async def test_sound_and_picture_are_together(chromium: Browser, media_router: MediaRouter, tmp_path: Path) -> None:
    root = await asyncio.to_thread(media_router.serve)
    program = flashes_and_beeps()
    sender = DrivenChild("whip", DestinationToEngine, tmp_path / "whip.log")
    sender.send(OpenDestination(f"whip+{root}/whip/studio", "MASKED", program.video, program.audio))
    await asyncio.to_thread(sender.wait_for, KeyframeWanted)
    # the packets are made as they are sent, by the clock that all processes share
    shift_ns = StudioClock().now_ns() - program.packets[0].made_ns
    made_now = [msgspec.structs.replace(packet, made_ns=packet.made_ns + shift_ns) for packet in program.packets]
    feeder = Feeder(sender, replace(program, packets=tuple(made_now)))
    context = await chromium.new_context()
    try:
        page = await context.new_page()
        await page.goto(root)
        await page.evaluate("window.watch().then(window.keep_together)")
        await page.wait_for_function("window.frames_shown > 5")
        await page.mouse.click(5, 5)
        await page.evaluate(LISTEN)
        await page.wait_for_function("window.beeps.length >= 15 && window.flashes.length >= 15", timeout=40_000)
        flashes: list[float] = await page.evaluate("window.flashes")
        beeps: list[float] = await page.evaluate("window.beeps")
        found: dict[str, Any] = await page.evaluate("window.statistics()")
    finally:
        await context.close()
        feeder.stop()
        sender.close()
    # the first seconds belong to the browser, which begins with a guess
    offsets = [min((beep - flash for beep in beeps), key=abs) for flash in flashes[4:]]
    print("sound after picture, ms:", [round(one) for one in offsets], "at", found["video"]["framesPerSecond"], "fps")
    assert abs(statistics.median(offsets)) <= 40, offsets
