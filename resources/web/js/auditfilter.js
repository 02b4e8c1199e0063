// Which lines of the audit log are wanted: who, what, how it ended, from when to when.

import { el } from "./dom.js";

export const OUTCOMES = [["", "Any"], ["done", "Done"], ["effective", "In force"], ["already", "Already so"], ["refused", "Refused"], ["failed", "Failed"]];
const TYPING_MS = 300;
const MINUTE_MS = 60_000;

export class AuditFilter {
  /** What the lines must have, as the server's query names it. Empty fields are left out. */
  wanted = {};
  #changed;
  #tally = el("span", { class: "tally" });
  #fields;
  #timer = 0;
  #actions = el("datalist", { id: "audit-actions" });
  #known = new Set();

  constructor(changed) {
    this.#changed = changed;
    const typed = (facts) => el("input", { class: "input", type: "text", maxlength: 100, autocomplete: "off", spellcheck: "false", ...facts });
    const moment = () => el("input", { class: "input", type: "datetime-local" });
    this.#fields = {
      person: typed({ placeholder: "A name, whole or in part" }),
      action: typed({ list: "audit-actions", placeholder: "kick, invite, …" }),
      outcome: el("select", { class: "input" }, ...OUTCOMES.map(([value, text]) => el("option", { value, text }))),
      since: moment(),
      until: moment(),
    };
    const names = { person: "Who or whom", action: "What", outcome: "Outcome", since: "From", until: "To" };
    const labels = Object.entries(this.#fields).map(([key, field]) => el("label", {}, el("span", { text: names[key] }), field));
    const clear = el("button", { type: "reset", class: "button small quiet", text: "Clear" });
    const form = el("form", { class: "audit-fields", role: "search", "aria-label": "Filter of the audit log" }, ...labels, clear, this.#actions);
    form.addEventListener("submit", (event) => (event.preventDefault(), this.#take()));
    form.addEventListener("input", () => (clearTimeout(this.#timer), (this.#timer = setTimeout(() => this.#take(), TYPING_MS))));
    form.addEventListener("reset", () => setTimeout(() => this.#take()));
    this.root = el("details", { class: "audit-filter" }, el("summary", { class: "button small" }, el("span", { text: "Filter" }), this.#tally), form);
  }

  /** An action that stands in the log, to be offered. */
  offer(action) {
    if (this.#known.has(action)) return;
    this.#known.add(action);
    this.#actions.append(el("option", { value: action }));
  }

  get empty() {
    return Object.keys(this.wanted).length === 0;
  }

  #take() {
    clearTimeout(this.#timer);
    const { person, action, outcome, since, until } = this.#fields;
    const wanted = {};
    for (const [key, field] of Object.entries({ person, action, outcome })) if (field.value.trim()) wanted[key] = field.value.trim();
    if (since.value) wanted.since = new Date(since.value).toISOString();
    if (until.value) wanted.until = new Date(new Date(until.value).getTime() + MINUTE_MS - 1).toISOString(); // to the end of that minute
    if (JSON.stringify(wanted) === JSON.stringify(this.wanted)) return;
    this.wanted = wanted;
    const count = Object.keys(wanted).length;
    this.#tally.textContent = count ? String(count) : "";
    this.#changed();
  }
}
