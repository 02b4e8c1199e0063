// Messages that were shown, by their place in the record; what is not among them is fetched.

import * as api from "./api.js";

const KEPT = 1200;

export class KnownMessages {
  #session;
  #messages = new Map(); // seq -> envelope

  constructor(session) {
    this.#session = session;
  }

  add(envelope) {
    this.#messages.set(envelope.seq, envelope);
    if (this.#messages.size > KEPT) this.#messages.delete(this.#messages.keys().next().value);
  }

  get(seq) {
    return this.#messages.get(seq);
  }

  /** Its text is gone. */
  deleted(seq) {
    const known = this.#messages.get(seq);
    if (known) known.data = { ...known.data, text: "", deleted: true };
  }

  /** From here or from the history, null for one that cannot be had. */
  async original(seq) {
    if (this.#messages.has(seq)) return this.#messages.get(seq);
    try {
      const found = (await api.history(this.#session, seq + 1, 1)).messages[0];
      return found?.seq === seq ? found : null;
    } catch {
      return null; // the answer stands for itself
    }
  }
}
