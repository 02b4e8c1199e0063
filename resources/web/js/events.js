// The session's one WebSocket (studio/server/messages.py), kept open for as long as we are in the session.
//
//   connecting ──open──► replaying ──welcome──► here
//        ▲                                       │ closed, or silent
//        └──── wait (back-off) ◄── away ◄────────┘          over: closed for good, with the server's reason
//
// Every message of the record reaches `envelope` once and in order, however often the line breaks: `after` says what we have.
// Every message of ours reaches the server once: it is sent again under the same id until it is answered.

import { ApiError, eventsUrl } from "./api.js";
import { Alarm, Backoff } from "./backoff.js";
import { newId } from "./dom.js";
import { renew } from "./renewal.js";

const PING_EVERY_MS = 15_000;
const SILENT_AFTER_MS = 10_000;
const OPEN_WITHIN_MS = 10_000;
const RESTART = 1012;
const FINAL = new Map([[4401, "not_signed_in"], [4403, "removed"], [4404, "not_found"], [4410, "revoked"], [4411, "time_over"]]);
const NOT_SIGNED_IN = 4401;
const BAD_MESSAGE = 4400;
const BAD_AT_MOST = 3; // so often in a row, then it is this page that the server cannot read

export class SessionEvents {
  #session;
  #on;
  #socket = null;
  #seq;
  #here = false;
  #over = false;
  #renewed = false;
  #bad = 0;
  #waiting = new Map(); // id -> {message, resolve, reject, forget}
  #backoff = new Backoff([250, 250, 500, 500, 500, 500, 1000, 2000, 4000, 8000]);
  #retry = new Alarm();
  #ping = new Alarm();
  #silence = new Alarm();

  /** `on`: envelope(e), welcome(e), here(), away(attempts), over(code, words), doubt() when a connection was refused. */
  constructor(session, seq, on) {
    this.#session = session;
    this.#seq = seq;
    this.#on = on;
    this.#open();
  }

  get seq() {
    return this.#seq;
  }

  /** Try at once: the network is back, or the person asked. */
  hurry() {
    this.#backoff.again();
    if (this.#retry.waiting) this.#retry.ring();
    else if (this.#here) this.#sendPing();
  }

  close() {
    this.#end(new ApiError("left", "You have left the session."));
    this.#socket?.close();
  }

  /**
   * Sends once and for certain. Resolves with the server's `ack`, rejects with its refusal. What could not be delivered
   * within `limit_ms` is given up, so that nothing takes effect long after a person meant it.
   */
  send(type, data, { id = newId(), limit_ms = 60_000 } = {}) {
    if (this.#over) return Promise.reject(new ApiError("left", "You are no longer in this session.", "Open your invite link again."));
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(id);
        reject(new ApiError("unreachable", "The server did not answer, so this may not have arrived.", "Try again once you are connected."));
      };
      const message = { type, id, data };
      this.#waiting.set(id, { message, resolve, reject, forget: setTimeout(giveUp, limit_ms) });
      if (this.#here) this.#socket.send(JSON.stringify(message));
    });
  }

  /** Says what matters only now: where the line is away it is lost, and nobody waits for the answer. */
  mention(type, data) {
    if (this.#here) this.#socket.send(JSON.stringify({ type, id: newId(), data }));
  }

  #open() {
    if (this.#over) return;
    const socket = (this.#socket = new WebSocket(eventsUrl(this.#session, this.#seq)));
    let opened = false;
    this.#silence.set(() => this.#lost(socket), OPEN_WITHIN_MS);
    socket.addEventListener("open", () => (opened = true));
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.#received(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#closed(event, opened);
    });
  }

  #received(envelope) {
    this.#silence.clear();
    if (envelope.seq > 0) {
      if (envelope.seq <= this.#seq) return;
      this.#seq = envelope.seq;
      this.#on.envelope(envelope);
    } else if (envelope.type === "typing" || envelope.type === "quality") {
      this.#on.envelope(envelope);
    } else if (envelope.type === "welcome") {
      this.#here = true;
      this.#renewed = false;
      this.#backoff.again();
      this.#on.welcome(envelope);
      this.#on.here();
      for (const { message } of this.#waiting.values()) this.#socket.send(JSON.stringify(message));
      this.#ping.set(() => this.#sendPing(), PING_EVERY_MS);
    } else if (envelope.type === "ack") {
      this.#answered(envelope.id)?.resolve(envelope.data);
    } else if (envelope.type === "error") {
      const { code, message, remedy } = envelope.data;
      this.#answered(envelope.id)?.reject(new ApiError(code, message, remedy));
    } else if (envelope.type === "pong") {
      this.#bad = 0;
      this.#ping.set(() => this.#sendPing(), PING_EVERY_MS);
    }
  }

  #answered(id) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return null;
    clearTimeout(waiting.forget);
    this.#waiting.delete(id);
    return waiting;
  }

  #sendPing() {
    this.#ping.clear();
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ type: "ping", id: newId(), data: {} }));
    this.#silence.set(() => this.#lost(socket), SILENT_AFTER_MS);
  }

  /** The line is open and nothing comes: a closing handshake would take as long again, so we do not wait for one. */
  #lost(socket) {
    if (socket !== this.#socket) return;
    socket.close();
    this.#closed({ code: 1006, reason: "" }, true);
  }

  #closed({ code, reason }, opened) {
    this.#socket = null;
    this.#here = false;
    this.#ping.clear();
    this.#silence.clear();
    if (this.#over) return;
    if (code === NOT_SIGNED_IN && !this.#renewed) return this.#renew(reason);
    this.#bad = code === BAD_MESSAGE ? this.#bad + 1 : 0;
    const final = this.#bad >= BAD_AT_MOST ? "bad_message" : FINAL.get(code);
    if (final) {
      this.#end(new ApiError(final, reason || "You are no longer in this session."));
      this.#on.over(final, reason);
      return;
    }
    this.#on.away(this.#backoff.attempts);
    if (!opened) this.#on.doubt?.();
    const least_ms = code === 4429 ? 5000 : 0;
    this.#retry.set(() => this.#open(), code === RESTART ? Math.min(500, this.#backoff.next()) : this.#backoff.next(least_ms));
  }

  /** The token ran out while nobody looked: on with a fresh one, where there is one. */
  async #renew(reason) {
    this.#renewed = true; // once, until a welcome shows that it was good
    const fresh = await renew();
    if (this.#over) return;
    if (fresh === false) this.#closed({ code: NOT_SIGNED_IN, reason }, true);
    else this.#retry.set(() => this.#open(), fresh ? 0 : this.#backoff.next());
  }

  #end(error) {
    this.#over = true;
    this.#retry.clear();
    for (const id of [...this.#waiting.keys()]) this.#answered(id).reject(error);
  }
}
