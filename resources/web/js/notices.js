// Announcements and what an admin did to us: above everything, until they are put away.

import { button, el, icon, written } from "./dom.js";

const SHOWN = 3;
const PICTURES = { information: "announce", warning: "alert", alarm: "alert" };

export class Notices {
  #root;

  constructor(root) {
    this.#root = root;
  }

  /** The notice of an envelope. The newest three stand here, all of them in the chat. */
  take({ from, data }) {
    const notice = el("div", { class: "notice", "data-level": data.level, role: data.level === "information" ? "status" : "alert" },
      icon(PICTURES[data.level] ?? "announce"),
      el("span", { class: "text" }, from.role ? written(`${from.name}: `) : "", written(data.text)),
      button({ picture: "close", label: "Put away", kind: "quiet small", press: () => notice.remove() }));
    this.#root.append(notice);
    while (this.#root.children.length > SHOWN) this.#root.firstElementChild.remove();
  }

  clear() {
    this.#root.replaceChildren();
  }
}
