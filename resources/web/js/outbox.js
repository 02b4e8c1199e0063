// Messages of our own on their way: shown at once, sent until they are answered, and settled by the record's copy.

import { button, el, newId, problem } from "./dom.js";
import { timeOf } from "./message.js";

const SLOW_MS = 1000;

export class Outbox {
  #me;
  #log;
  #send;
  #ours = new Map(); // id -> element of a message that the record did not bring yet
  #waiting = new Map(); // held id -> id of a message of ours

  /** `log`: a ChatLog; `send(type, data, id)` resolves with the ack. */
  constructor(me, log, send) {
    this.#me = me;
    this.#log = log;
    this.#send = send;
  }

  /** `where`: {channel, to, to_name, reply_to}. */
  submit(text, where) {
    const id = newId();
    const said = this.#log.ours({ from: this.#me, at: new Date().toISOString(), data: { ...where, text } });
    said.dataset.sending = "";
    this.#ours.set(id, said);
    const data = { text };
    if (where.channel !== "all") data.channel = where.channel;
    if (where.to) data.to = where.to;
    if (where.reply_to) data.reply_to = where.reply_to;
    this.#deliver(id, data, said);
  }

  async #deliver(id, data, said) {
    const fate = el("span", { class: "fate", hidden: true, text: "Sending…" });
    said.append(fate);
    const slow = setTimeout(() => (fate.hidden = false), SLOW_MS);
    try {
      const ack = await this.#send("chat.send", data, id);
      delete said.dataset.sending;
      if (ack.held && this.#ours.has(id)) {
        said.dataset.held = "";
        fate.textContent = "A moderator reads this first.";
        fate.hidden = false;
      } else fate.remove();
    } catch (error) {
      said.classList.add("failed");
      fate.hidden = false;
      const again = button({ words: "Send again", kind: "small", press: () => { said.classList.remove("failed"); fate.remove(); this.#deliver(id, data, said); } });
      fate.replaceChildren(problem(error), error.code === "left" ? "" : again);
    } finally {
      clearTimeout(slow);
    }
  }

  /** Is this the record's copy of a message that we show already? It has the last word about time and text. */
  settle(envelope) {
    const said = this.#ours.get(envelope.id);
    if (!said) return false;
    this.#ours.delete(envelope.id);
    delete said.dataset.sending;
    said.dataset.seq = envelope.seq;
    said.querySelector("time").replaceWith(timeOf(envelope.at));
    said.querySelector(".text").textContent = envelope.data.text;
    said.querySelector(".fate")?.remove();
    this.#log.known.add(envelope);
    if (said.dataset.held !== undefined) {
      delete said.dataset.held;
      this.#log.list.append(said); // it appears at the time of its release
    }
    return true;
  }

  /** A message of ours waits for a moderator. */
  held(heldId, id) {
    this.#waiting.set(heldId, id);
  }

  /** It waits no more. */
  decided({ held, allowed }) {
    const said = this.#ours.get(this.#waiting.get(held));
    if (said && !allowed) said.querySelector(".fate").textContent = "A moderator did not let this through.";
  }
}
