// Search in what was said: words, without case and accents, the newest first, page by page.

import * as api from "./api.js";
import { button, el, problem } from "./dom.js";
import { message } from "./message.js";

const AFTER_MS = 300;

export class Search {
  #session;
  #me;
  #input;
  #found;
  #wait = 0;
  #asked = 0;
  #close;

  /** `close()` when the search is over. */
  constructor(root, session, me, close) {
    this.root = root;
    this.#session = session;
    this.#me = me;
    this.#close = close;
    this.#input = el("input", { class: "input", type: "search", "aria-label": "Search the chat", placeholder: "Search the chat", maxlength: "100", dir: "auto",
      on: { input: () => this.#soon(), keydown: (event) => event.key === "Escape" && this.hide() } });
    this.#found = el("div", { class: "found", tabindex: "0", "aria-label": "Found messages", role: "region" });
    root.append(el("div", { class: "searching" }, this.#input, button({ picture: "close", label: "Close the search", kind: "quiet", press: () => this.hide() })), this.#found);
  }

  show() {
    this.root.hidden = false;
    this.#input.value = "";
    this.#found.replaceChildren();
    this.#input.focus();
  }

  hide() {
    this.root.hidden = true;
    this.#close();
  }

  #soon() {
    clearTimeout(this.#wait);
    this.#wait = setTimeout(() => this.#ask(), AFTER_MS);
  }

  async #ask(before = 0) {
    const words = this.#input.value.trim();
    const asked = (this.#asked += 1);
    if (!words) return this.#found.replaceChildren();
    try {
      const page = await api.history(this.#session, before, 30, words);
      if (asked !== this.#asked) return;
      if (!before) this.#found.replaceChildren();
      this.#found.querySelector(".older")?.remove();
      const items = page.messages.reverse().map((envelope) => message(envelope, null, this.#me.id));
      this.#found.append(el("ol", {}, ...items));
      if (!before && !items.length) this.#found.append(el("div", { class: "empty" }, el("strong", { text: "Nothing found" }), el("span", { text: "Words are found by how they begin." })));
      if (page.more) this.#found.append(button({ words: "Show earlier ones", kind: "quiet small older", press: () => this.#ask(page.messages.at(-1).seq) }));
    } catch (error) {
      this.#found.replaceChildren(problem(error));
    }
  }
}
