// The one message that stands above the chat.

import { button, el, icon, written } from "./dom.js";

export class Pinned {
  root = el("div", { class: "pinned", role: "region", "aria-label": "Pinned message", hidden: true });
  seq = 0;
  #on;

  /** `on`: original(seq) resolves with the message or null, may() whether we may unpin it, and unpin(). */
  constructor(on) {
    this.#on = on;
  }

  /** Another message stands there, 0 for none. */
  async is(seq) {
    this.seq = seq;
    const found = seq ? await this.#on.original(seq) : null;
    if (this.seq === seq) this.show(found);
  }

  show(envelope) {
    this.seq = envelope?.seq ?? 0;
    this.root.hidden = !envelope;
    if (!envelope) return this.root.replaceChildren();
    this.root.replaceChildren(icon("pin"), el("span", { class: "words" }, written(envelope.from.name, { class: "who" }), " ", written(envelope.data.text)),
      this.#on.may() ? button({ picture: "close", label: "Unpin", kind: "quiet small", press: () => this.#on.unpin() }) : "");
  }
}
