// Announcements and what an admin did to us: above everything, until they are put away.

import { button, el, icon, written } from "./dom.js";
import { namesSender } from "./words.js";

const SHOWN = 3;
const PICTURES = { information: "announce", warning: "alert", alarm: "alert" };

export class Notices {
  #root;
  #alarms = []; // nothing pushes one away: it stays until somebody has put it away
  #others = [];

  constructor(root) {
    this.#root = root;
  }

  /** The notice of an envelope: alarms first, then the newest of the others, three lines in all. The chat keeps each of them. */
  take({ from, data }) {
    const by = from.role && !namesSender({ from, data }) ? written(`${from.name}: `) : "";
    const notice = el("div", { class: "notice", "data-level": data.level, role: data.level === "information" ? "status" : "alert" },
      icon(PICTURES[data.level] ?? "announce"),
      el("span", { class: "text" }, by, written(data.text)),
      button({ picture: "close", label: "Put away", kind: "quiet small", press: () => this.#putAway(notice) }));
    if (data.level === "alarm") this.#alarm(notice);
    else this.#other(notice);
    while (this.#others.length > Math.max(1, SHOWN - this.#alarms.length)) this.#others.shift().remove();
  }

  /** Above all that is no alarm. The same words again take the place of the first. */
  #alarm(notice) {
    const same = this.#alarms.find((one) => one.textContent === notice.textContent);
    if (same) this.#forget(same);
    this.#root.insertBefore(notice, this.#root.querySelector('.notice:not([data-level="alarm"])'));
    this.#alarms.push(notice);
    this.#root.scrollTop = 0;
  }

  #other(notice) {
    this.#root.append(notice);
    this.#others.push(notice);
  }

  /** The focus goes on to the next one: whoever reads by keyboard is not thrown to the top of the page. */
  #putAway(notice) {
    const next = notice.nextElementSibling ?? notice.previousElementSibling;
    const focused = notice.contains(document.activeElement);
    this.#forget(notice);
    if (focused) (next?.querySelector("button") ?? document.getElementById("stage"))?.focus();
  }

  #forget(notice) {
    notice.remove();
    this.#alarms = this.#alarms.filter((one) => one !== notice);
    this.#others = this.#others.filter((one) => one !== notice);
  }
}
