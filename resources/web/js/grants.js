// How long somebody may take part, and with what: the question of an admin, and the words before the end.

import { button, el, icon, written } from "./dom.js";
import { clock } from "./time.js";

const STAGE = ["owner", "broadcaster"];
const NAMES = { camera: "Camera", microphone: "Microphone", screen: "Shared screen", data: "Chat", join: "Time in the session" };
const SENT = ["camera", "microphone", "screen"];
const LENGTHS = [["", "As it is"], ["300", "5 minutes from now"], ["900", "15 minutes from now"], ["1800", "30 minutes from now"], ["3600", "1 hour from now"], ["7200", "2 hours from now"], ["none", "No end"], ["0", "Ends now"]];

/** What of a person's grants has an end, for a line of facts: "camera until 14:05", "chat over". */
export function endsOf({ ends = {} }) {
  const now_s = Date.now() / 1000;
  return Object.keys(NAMES).filter((grant) => ends[grant]).map((grant) => {
    const name = grant === "join" ? "here" : NAMES[grant].toLowerCase();
    return el("span", { class: "ends", text: ends[grant] <= now_s ? `${name} over` : `${name} until ${clock(ends[grant] * 1000)}` });
  });
}

/** Asks an admin. Resolves with null for no, else with {text, ends}: seconds from now of each grant that changes, null for no end. */
export function askTime(person) {
  return new Promise((resolve) => {
    let answer = null;
    const grants = Object.keys(NAMES).filter((grant) => STAGE.includes(person.role) || !SENT.includes(grant));
    const rows = new Map(grants.map((grant) => [grant, choice(`time-${grant}`)]));
    const all = choice("time-all");
    all.addEventListener("change", () => rows.forEach((row) => (row.value = all.value)));
    for (const row of rows.values()) row.addEventListener("change", () => (all.value = [...rows.values()].every((one) => one.value === row.value) ? row.value : ""));
    const submit = () => {
      const set = [...rows].filter(([, row]) => row.value !== "");
      if (set.length) answer = { text: "", ends: Object.fromEntries(set.map(([grant, row]) => [grant, row.value === "none" ? null : Number(row.value)])) };
    };
    const form = el("form", { method: "dialog", class: "times", on: { submit } },
      el("h2", { id: "time-title" }, "How long may ", written(person.name), " take part?"),
      el("p", { id: "time-words", text: "When one runs out, that alone stops. They and the admins are told a minute and ten seconds before." }),
      el("div", { class: "time all" }, el("label", { for: "time-all", text: "All of it" }), all),
      el("fieldset", {}, el("legend", { text: "Each by itself" }), ...grants.map((grant) => el("div", { class: "time" }, el("label", { for: `time-${grant}` }, el("span", { text: NAMES[grant] }), now(person, grant)), rows.get(grant)))),
      el("div", { class: "row end" }, button({ words: "Cancel", press: () => dialog.close() }), el("button", { class: "button primary", text: "Set" })));
    const dialog = el("dialog", { class: "time-dialog", "aria-labelledby": "time-title", "aria-describedby": "time-words", on: { close: () => { dialog.remove(); resolve(answer); } } }, form);
    document.body.append(dialog);
    dialog.showModal();
    all.focus();
  });
}

const choice = (id) => el("select", { class: "input", id }, ...LENGTHS.map(([value, text]) => el("option", { value, text })));

function now({ ends = {} }, grant) {
  const end_s = ends[grant];
  const words = !end_s ? "no end" : end_s <= Date.now() / 1000 ? "over" : `until ${clock(end_s * 1000)}`;
  return el("span", { class: "facts", text: words });
}

/** What runs out soon or has run out, above everything: one line for each person, which changes as the end comes. */
export class Ending {
  #root;
  #meId;
  #lines = new Map();

  constructor(root, meId) {
    this.#root = root;
    this.#meId = meId;
  }

  /** `grant` of the record. What had passed already when it came (after a lost line) is said by its end only. */
  take({ data }) {
    const { person, left_s, words, about } = data;
    this.#lines.get(person)?.remove();
    const close = button({ picture: "close", label: "Put away", kind: "quiet small", press: () => this.clear(person) });
    const line = el("div", { class: "notice ending", "data-level": left_s > 0 ? "information" : "warning", "data-left": left_s, role: "status" },
      icon("clock"), el("span", { class: "text" }, written(person === this.#meId ? words : about)), close);
    this.#lines.set(person, line);
    this.#root.append(line);
  }

  /** Nothing runs out any more: an admin set another end, or it was put away. */
  clear(person) {
    this.#lines.get(person)?.remove();
    this.#lines.delete(person);
  }
}
