// One line for the connection to the server: nothing while all is well, and nothing for a blink of it.

import { button, el, icon } from "./dom.js";
import { AWAY, AWAY_LONG } from "./words.js";

const SHOWN_AFTER_MS = 700;
const LONG_AFTER_MS = 15_000;

export class LinkState {
  #root;
  #hurry;
  #timers = [];
  #away = false;

  constructor(root, hurry) {
    this.#root = root;
    this.#hurry = hurry;
    root.classList.add("linkstate");
  }

  away() {
    if (this.#away) return;
    this.#away = true;
    this.#timers = [setTimeout(() => this.#say(AWAY), SHOWN_AFTER_MS), setTimeout(() => this.#say(AWAY_LONG), LONG_AFTER_MS)];
  }

  here() {
    this.#away = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#root.hidden = true;
    this.#root.replaceChildren();
  }

  #say(words) {
    this.#root.hidden = false;
    this.#root.replaceChildren(icon("offline"), el("span", { text: words }), button({ words: "Try now", kind: "small", press: this.#hurry }));
  }
}
