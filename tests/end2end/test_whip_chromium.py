"""Sound against picture where a viewer sees and hears them: the test card over WHIP in, WHEP out, Chromium."""

from __future__ import annotations

import asyncio
import statistics
from typing import Any

import pytest
from playwright.async_api import Browser

from studio.source.card import flash_box
from tests.fixtures.live_show import CARD, SMALL, StartShow
from tests.fixtures.media_router import MediaRouter

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTEN = """async () => {
  const video = document.querySelector("video");
  window.flashes = []; window.beeps = [];
  const canvas = new OffscreenCanvas(16, 9), drawing = canvas.getContext("2d", {willReadFrequently: true});
  let bright = false;
  const look = (now, about) => {
    drawing.drawImage(video, PATCH, 0, 0, 16, 9);
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


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(90)
async def test_sound_and_picture_are_together(
    chromium: Browser, media_router: MediaRouter, start_show: StartShow
) -> None:
    root = await asyncio.to_thread(media_router.serve)
    show = start_show(*CARD, *SMALL, "--to", f"whip+{root}/whip/studio")
    await asyncio.to_thread(show.wait_live)
    patch = flash_box(320, 180)
    listen = LISTEN.replace(
        "PATCH", f"{patch.left}, {patch.top}, {patch.right - patch.left}, {patch.bottom - patch.top}"
    )
    context = await chromium.new_context()
    try:
        page = await context.new_page()
        await page.goto(root)
        await page.evaluate("window.watch().then(window.keep_together)")
        await page.wait_for_function("window.frames_shown > 5")
        await page.mouse.click(5, 5)
        await page.evaluate(listen)
        await page.wait_for_function("window.beeps.length >= 15 && window.flashes.length >= 15", timeout=40_000)
        flashes: list[float] = await page.evaluate("window.flashes")
        beeps: list[float] = await page.evaluate("window.beeps")
        found: dict[str, Any] = await page.evaluate("window.statistics()")
    finally:
        await context.close()
        show.interrupt()
    # the first seconds belong to the browser, which begins with a guess
    offsets = [min((beep - flash for beep in beeps), key=abs) for flash in flashes[4:]]
    print("sound after picture, ms:", [round(one) for one in offsets], "at", found["video"]["framesPerSecond"], "fps")
    assert abs(statistics.median(offsets)) <= 40, offsets
