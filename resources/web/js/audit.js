// The audit log: who did what to whom, when, and how it ended. The newest stands on top.

import * as api from "./api.js";
import { AuditFilter, OUTCOMES } from "./auditfilter.js";
import { button, el, problem, written } from "./dom.js";
import { lastShow } from "./spans.js";
import { clock } from "./time.js";

const PAGE = 200;
const STATES = { action: "session" }; // the lines about the session's state
const STATES_PAGE = 500;
const SOON_MS = 400;
const FATES = Object.fromEntries(OUTCOMES);
const NOTHING = ["Nothing yet", "Every command and every change of the session is written here."];
const NOTHING_SUCH = ["Nothing like this", "No line of the log fits the filter."];

export class Audit {
  #session;
  #say;
  #now_ms;
  #root;
  #body;
  #filter = new AuditFilter(() => this.#again(), { now_ms: () => this.#now_ms(), show: () => this.#show() });
  #export = button({ words: "Export CSV", kind: "small", press: () => this.#save() });
  #trouble = el("div");
  #empty = el("div", { class: "empty" });
  #last = 0;
  #turn = 0;
  #timer = 0;
  #reading = false;
  #shown = false;

  /** `say` tells a person who listens rather than looks; `now_ms()` is the server's time of day. */
  constructor(panel, session, say, now_ms) {
    this.#session = session;
    this.#say = say;
    this.#now_ms = now_ms;
    this.#body = el("tbody");
    const heads = ["When", "Who", "What", "Whom", "Outcome"].map((text) => el("th", { scope: "col", text }));
    const table = el("table", { hidden: true }, el("thead", {}, el("tr", {}, ...heads)), this.#body);
    this.#root = el("div", { class: "audit", tabindex: "0", role: "region", "aria-label": "Audit log" }, this.#trouble, this.#empty, table);
    panel.append(el("div", { class: "audit-tools" }, this.#filter.root, this.#export), this.#root);
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

  /** The filter is another: what is listed goes, and what is on its way is not listed any more. */
  #again() {
    this.#turn += 1;
    this.#last = 0;
    this.#reading = false;
    this.#body.replaceChildren();
    this.#read(true);
  }

  /** When the show is or was, as lastShow; null, with the reason said, where that cannot be told. */
  async #show() {
    try {
      const show = await lastShow((after) => api.audit(this.#session, STATES, after, STATES_PAGE), this.#now_ms());
      if (!show) this.#trouble.replaceChildren(problem({ message: "No show has been on air here yet.", remedy: "Choose another time." }));
      return show;
    } catch (error) {
      this.#trouble.replaceChildren(problem(error));
      return null;
    }
  }

  async #read(tell = false) {
    if (this.#reading) return this.stir();
    this.#reading = true;
    const turn = this.#turn;
    try {
      for (let more = true; more; ) {
        const page = await api.audit(this.#session, this.#filter.wanted, this.#last, PAGE);
        if (turn !== this.#turn) return;
        for (const entry of page.entries) this.#body.prepend(this.#row(entry));
        this.#last = page.entries.at(-1)?.number ?? this.#last;
        more = page.more && page.entries.length > 0;
      }
      this.#trouble.replaceChildren();
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#trouble.replaceChildren(problem(error));
    }
    this.#reading = false;
    this.#paint(tell);
  }

  #paint(tell) {
    const none = this.#last === 0;
    const [title, words] = this.#filter.empty ? NOTHING : NOTHING_SUCH;
    this.#empty.replaceChildren(el("strong", { text: title }), el("span", { text: words }));
    this.#empty.hidden = !none || this.#trouble.hasChildNodes();
    this.#root.querySelector("table").hidden = none;
    const count = this.#body.childElementCount;
    if (tell) this.#say(none ? `${title}. ${words}` : `${count} ${count === 1 ? "line" : "lines"}`);
  }

  /** The lines that the filter lets through, as a file of the person's. */
  async #save() {
    this.#export.disabled = true;
    try {
      const address = URL.createObjectURL(await api.auditCsv(this.#session, this.#filter.wanted));
      el("a", { href: address, download: `audit-${this.#session}.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      this.#trouble.replaceChildren();
      this.#say("The audit log is exported.");
    } catch (error) {
      this.#trouble.replaceChildren(problem(error));
    }
    this.#export.disabled = false;
    this.#export.focus();
  }

  #row({ at, actor_name, action, target_name, outcome, words, number }) {
    this.#filter.offer(action);
    const result = el("td", {}, el("span", { class: "outcome", "data-fate": outcome, text: outcome ? FATES[outcome] ?? outcome : "" }), words ? el("span", { dir: "auto", text: `${outcome ? ": " : ""}${words}` }) : "");
    const who = el("td", {}, actor_name ? written(actor_name) : "");
    const whom = el("td", {}, target_name ? written(target_name) : "");
    return el("tr", { "data-number": number }, el("td", { text: clock(at, true) }), who, el("td", { text: action.replaceAll("_", " ").replaceAll(".", " ") }), whom, result);
  }
}
