// Which lines of the audit log are wanted: who, what, how it ended, from when to when.

import { el } from "./dom.js";
import { SPANS, startOf } from "./spans.js";

export const OUTCOMES = [["", "Any"], ["done", "Done"], ["effective", "In force"], ["already", "Already so"], ["refused", "Refused"], ["failed", "Failed"]];
const TYPING_MS = 300;
const MINUTE_MS = 60_000;
const OWN = "own"; // dates that were written by hand

export class AuditFilter {
  /** What the lines must have, as the server's query names it. Empty fields are left out. */
  wanted = {};
  #changed;
  #times;
  #tally = el("span", { class: "tally" });
  #fields;
  #timer = 0;
  #actions = el("datalist", { id: "audit-actions" });
  #known = new Set();

  /** `times`: now_ms() is the server's time of day, show() resolves with {since, until} of the show or with null (lastShow). */
  constructor(changed, times) {
    this.#changed = changed;
    this.#times = times;
    const typed = (facts) => el("input", { class: "input", type: "text", maxlength: 100, autocomplete: "off", spellcheck: "false", ...facts });
    const moment = () => el("input", { class: "input", type: "datetime-local", on: { input: () => this.#spanIsOurs() } });
    const span = SPANS.map(([value, text]) => el("option", { value, text }));
    this.#fields = {
      person: typed({ placeholder: "A name, whole or in part" }),
      action: typed({ list: "audit-actions", placeholder: "kick, invite, …" }),
      outcome: el("select", { class: "input" }, ...OUTCOMES.map(([value, text]) => el("option", { value, text }))),
      span: el("select", { class: "input", on: { change: () => this.#spanChosen() } }, ...span, el("option", { value: OWN, hidden: true, text: "Own dates" })),
      since: moment(),
      until: moment(),
    };
    const names = { person: "Who or whom", action: "What", outcome: "Outcome", span: "When", since: "From", until: "To" };
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

  /** The word fills in the two dates, which can be changed then. */
  async #spanChosen() {
    const { span, since, until } = this.#fields;
    const chosen = span.value;
    let [from, to] = [startOf(chosen, this.#times.now_ms()), null];
    if (chosen === "show") {
      const show = await this.#times.show();
      if (span.value !== chosen) return; // another one was chosen meanwhile
      if (!show) return this.#spanIsOurs();
      from = new Date(show.since);
      to = show.until ? new Date(show.until) : null;
    }
    since.value = from ? local(from) : "";
    until.value = to ? local(to) : "";
    this.#take();
  }

  #spanIsOurs() {
    const { span, since, until } = this.#fields;
    span.value = since.value || until.value ? OWN : "";
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

/** As a field for a moment has it: this browser's own time, to the minute. */
function local(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}
