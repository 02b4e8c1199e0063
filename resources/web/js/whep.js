// One WHEP connection (draft-ietf-wish-whep): offer by POST, answer, media, DELETE. Its supervisor is player.js.

import { ApiError, reach } from "./api.js";
import { Lipsync } from "./lipsync.js";

const ANSWER_WITHIN_MS = 8000;

export class WhepConnection {
  #peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  #lipsync = new Lipsync(this.#peer);
  #resource = null;
  #closed = false;
  stream = new MediaStream();

  /** `on`: state(connectionState), track(kind). Neither is called after close(). */
  constructor(on) {
    this.#peer.addEventListener("connectionstatechange", () => this.#closed || on.state(this.#peer.connectionState));
    this.#peer.addEventListener("track", (event) => {
      if (this.#closed) return;
      // a live show is watched now, not smoothly a moment later
      if ("jitterBufferTarget" in event.receiver) event.receiver.jitterBufferTarget = 0;
      this.stream.addTrack(event.track);
      this.#lipsync.start();
      on.track(event.track.kind);
    });
  }

  /** Negotiates. Rejects with ApiError: the server's words, or that the browser cannot play what it offers. */
  async open(url) {
    this.#peer.addTransceiver("video", { direction: "recvonly" });
    this.#peer.addTransceiver("audio", { direction: "recvonly" });
    const offer = await this.#peer.createOffer();
    // both channels of the sound; without this Chromium asks for one
    offer.sdp = offer.sdp.replace(/a=fmtp:(\d+) ((?:.*;)?minptime=\d+[^\r\n]*)/g, (line, type, rest) => (rest.includes("stereo=1") ? line : `a=fmtp:${type} ${rest};stereo=1`));
    await this.#peer.setLocalDescription(offer);
    // The server is ICE-lite and learns our addresses from our checks: nothing is gathered beforehand, nothing trickles.
    const response = await reach(url, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: this.#peer.localDescription.sdp }, ANSWER_WITHIN_MS);
    const place = response.headers.get("Location");
    this.#resource = place ? new URL(place, response.url).href : null;
    const sdp = await response.text();
    if (this.#closed) return this.#delete();
    try {
      await this.#peer.setRemoteDescription({ type: "answer", sdp });
    } catch {
      throw new ApiError("media_refused", "This browser cannot play the picture of this show.", "Bring the browser up to date, or watch in another one (Chrome, Edge, Firefox or Safari).");
    }
  }

  /** Bytes of media received so far: whether anything still arrives. */
  async received_bytes() {
    let bytes = 0;
    for (const report of (await this.#peer.getStats()).values()) {
      if (report.type === "inbound-rtp") bytes += report.bytesReceived ?? 0;
    }
    return bytes;
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#lipsync.stop();
    this.#peer.close();
    this.#delete();
  }

  #delete() {
    if (!this.#resource) return;
    const resource = this.#resource;
    this.#resource = null;
    // a page that is being closed still says so; a server that is away has forgotten us anyway
    fetch(resource, { method: "DELETE", credentials: "same-origin", keepalive: true }).catch(() => {});
  }
}
