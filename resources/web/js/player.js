// Keeps the picture coming for as long as the session is live, by itself.
//
//   idle ──wanted──► connecting ──first media──► playing
//    ▲                   ▲  └─ failed: wait ─┐      │ nothing arrives, or the connection failed
//    └── not wanted      └───────────────────┴──────┘ (then `reconnecting`, once there had been a picture)

import { ApiError, whepUrl } from "./api.js";
import { Alarm, Backoff } from "./backoff.js";
import { WhepConnection } from "./whep.js";

const CONNECT_WITHIN_MS = 10_000;
const SILENT_AFTER_MS = 5_000;
const LOOK_EVERY_MS = 1_000;
const DISCONNECTED_FOR_MS = 3_000;

export class Player {
  #video;
  #url;
  #on;
  #connection = null;
  #wanted = false;
  #silenceIsNormal = false;
  #played = false;
  #state = "idle";
  #backoff = new Backoff([250, 500, 1000, 1500]);
  #retry = new Alarm();
  #limit = new Alarm();
  #look = new Alarm();

  /**
   * `on`: state("idle" | "connecting" | "reconnecting" | "playing", attempts, error, why), blocked() when play needs a press. `error`: what the
   * server or the browser refused; `why`: what was seen here instead, a key of words.js's WHY. Both are told when an attempt has failed.
   */
  constructor(video, session, on) {
    this.#video = video;
    this.#url = whepUrl(session);
    this.#on = on;
  }

  get state() {
    return this.#state;
  }

  /** Is there anything to play now? `muted`: an admin took the picture or the sound away, so that silence is no fault. */
  want(wanted, muted = false) {
    this.#silenceIsNormal = muted;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted) {
      this.#backoff.again();
      this.#open();
    } else {
      this.#drop();
      this.#retry.clear();
      this.#played = false;
      this.#enter("idle");
    }
  }

  /** Try at once. */
  hurry() {
    if (!this.#wanted || this.#state === "playing") return;
    this.#backoff.again();
    if (this.#retry.waiting) this.#retry.ring();
  }

  #enter(state, error = null, why = "") {
    this.#state = state;
    this.#on.state(state, this.#backoff.attempts, error, why);
  }

  async #open() {
    this.#drop();
    if (!this.#wanted) return;
    this.#enter(this.#played ? "reconnecting" : "connecting");
    const connection = (this.#connection = new WhepConnection({
      state: (state) => this.#changed(connection, state),
      track: () => this.#attach(connection),
    }));
    this.#limit.set(() => this.#failed(connection, "late"), CONNECT_WITHIN_MS);
    try {
      await connection.open(this.#url);
    } catch (error) {
      this.#failed(connection, "", error instanceof ApiError ? error : new ApiError("media_refused", "The picture could not be opened in this browser.", "Watch in another browser (Chrome, Edge, Firefox or Safari)."));
    }
  }

  #attach(connection) {
    if (connection !== this.#connection) return;
    // the last picture stays until the new connection has one of its own
    const arrived = () => {
      if (connection !== this.#connection) return;
      this.#video.srcObject = connection.stream;
      this.#video.play().catch((error) => {
        if (error.name === "NotAllowedError") this.#on.blocked();
      });
    };
    if (!this.#played) return arrived();
    const track = connection.stream.getVideoTracks()[0] ?? connection.stream.getAudioTracks()[0];
    if (!track.muted) return arrived();
    track.addEventListener("unmute", arrived, { once: true });
  }

  #changed(connection, state) {
    if (connection !== this.#connection) return;
    if (state === "connected") this.#watch(connection);
    else if (state === "failed" || state === "closed") this.#failed(connection, "broken");
    else if (state === "disconnected" && !this.#limit.waiting) this.#limit.set(() => this.#failed(connection, "broken"), DISCONNECTED_FOR_MS);
  }

  /** Looks every second whether media still arrives: a connection can stay up and carry nothing. */
  #watch(connection) {
    let bytes = 0;
    let since = performance.now();
    this.#limit.clear();
    const look = async () => {
      const now_bytes = await connection.received_bytes();
      if (connection !== this.#connection) return;
      const now = performance.now();
      if (now_bytes > bytes) {
        bytes = now_bytes;
        since = now;
        this.#backoff.again();
        if (this.#state !== "playing") {
          this.#played = true;
          this.#enter("playing");
        }
      } else if (this.#silenceIsNormal) {
        since = now;
      } else if (now - since > SILENT_AFTER_MS) {
        this.#failed(connection, "silent");
        return;
      }
      this.#look.set(look, this.#state === "playing" ? LOOK_EVERY_MS : 100);
    };
    look();
  }

  #failed(connection, why, error = null) {
    if (connection !== this.#connection) return;
    this.#drop();
    if (!this.#wanted) return;
    const delay_ms = this.#backoff.next(error?.retryAfter_ms ?? 0);
    this.#enter(this.#played ? "reconnecting" : "connecting", error, why);
    this.#retry.set(() => this.#open(), delay_ms);
  }

  #drop() {
    this.#limit.clear();
    this.#look.clear();
    this.#connection?.close();
    this.#connection = null;
  }
}
