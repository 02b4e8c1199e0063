// The audit log: who did what to whom, when, and how it ended. The newest stands on top.

import * as api from "./api.js";
import { el, problem, written } from "./dom.js";
import { clock } from "./time.js";

const PAGE = 200;
const SOON_MS = 400;

export class Audit {
  #session;
  #root;
  #body;
  #trouble = el("div");
  #empty = el("div", { class: "empty" }, el("strong", { text: "Nothing yet" }), el("span", { text: "Every command and every change of the session is written here." }));
  #last = 0;
  #timer = 0;
  #reading = false;
  #shown = false;

  constructor(panel, session) {
    this.#session = session;
    this.#body = el("tbody");
    const heads = ["When", "Who", "What", "Whom", "Outcome"].map((text) => el("th", { scope: "col", text }));
    this.#root = el("div", { class: "audit", tabindex: "0", role: "region", "aria-label": "Audit log" }, this.#trouble, this.#empty, el("table", {}, el("thead", {}, el("tr", {}, ...heads)), this.#body));
    panel.append(this.#root);
  }

  show(shown) {
    this.#shown = shown;
    if (shown) this.#read();
  }

  /** Something happened that the log will have. */
  stir() {
    if (!this.#shown) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(), SOON_MS);
  }

  async #read() {
    if (this.#reading) return this.stir();
    this.#reading = true;
    try {
      for (let more = true; more; ) {
        const page = await api.audit(this.#session, this.#last, PAGE);
        for (const entry of page.entries) this.#body.prepend(this.#row(entry));
        this.#last = page.entries.at(-1)?.number ?? this.#last;
        more = page.more && page.entries.length > 0;
      }
      this.#trouble.replaceChildren();
    } catch (error) {
      this.#trouble.replaceChildren(problem(error));
    }
    this.#reading = false;
    this.#empty.hidden = this.#last > 0;
    this.#root.querySelector("table").hidden = this.#last === 0;
  }

  #row({ at, actor_name, action, target_name, outcome, words, number }) {
    const result = el("td", {}, el("span", { class: "outcome", "data-fate": outcome, text: outcome }), words ? el("span", { dir: "auto", text: `${outcome ? ": " : ""}${words}` }) : "");
    const who = el("td", {}, actor_name ? written(actor_name) : "");
    const whom = el("td", {}, target_name ? written(target_name) : "");
    return el("tr", { "data-number": number }, el("td", { text: clock(at, true) }), who, el("td", { text: action.replaceAll("_", " ").replaceAll(".", " ") }), whom, result);
  }
}
