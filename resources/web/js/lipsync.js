// Keeps the picture with the sound. Browsers bring them together slowly and rest once 30 ms are left between them.
//
// Chromium says which instant of the sender's clock each track is playing (estimatedPlayoutTimestamp). Where the picture
// is ahead, it is held back a little more; the sound is never held back. Other browsers do not say and are left alone.

const LOOK_EVERY_MS = 300;
const GOOD_ENOUGH_MS = 8;
const HOLD_AT_MOST_MS = 500;
const STEP = 1 / 3;

export class Lipsync {
  #peer;
  #timer = null;
  #hold_ms = 0;
  #packets = {};

  constructor(peer) {
    this.#peer = peer;
  }

  start() {
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async #look() {
    const receiver = this.#peer.getReceivers().find((one) => one.track.kind === "video");
    if (!receiver || !("jitterBufferTarget" in receiver)) return;
    const playing = {};
    const before = this.#packets;
    this.#packets = {};
    for (const report of (await this.#peer.getStats()).values()) {
      if (report.type !== "inbound-rtp") continue;
      this.#packets[report.kind] = report.packetsReceived;
      // a track from which nothing comes (it is muted) stands still
      if (report.packetsReceived > (before[report.kind] ?? Infinity)) playing[report.kind] = report.estimatedPlayoutTimestamp;
    }
    if (this.#timer === null || !playing.video || !playing.audio) return;
    const ahead_ms = playing.video - playing.audio;
    if (Math.abs(ahead_ms) < GOOD_ENOUGH_MS || Math.abs(ahead_ms) > 2 * HOLD_AT_MOST_MS) return;
    this.#hold_ms = Math.min(HOLD_AT_MOST_MS, Math.max(0, this.#hold_ms + ahead_ms * STEP));
    receiver.jitterBufferTarget = this.#hold_ms;
  }
}
