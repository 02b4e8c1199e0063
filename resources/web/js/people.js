// Who is here: hosts first, then admins and guests, then the viewers; raised hands first, the others by name.

import { button, el, written } from "./dom.js";
import { endsOf } from "./grants.js";
import { qualityMark } from "./quality.js";
import { clock } from "./time.js";
import { ROLES } from "./words.js";

const GROUPS = [
  ["On stage", ["owner", "broadcaster", "guest"]],
  ["Team", ["admin", "director"]],
  ["Viewers", ["viewer"]],
];
const STAGE = new Set(["owner", "broadcaster", "guest"]);
const SHOWN = 200; // rows of a group at once

export class People {
  #panel;
  #meId;
  #deeds;
  #changed;
  #people = new Map();
  #present = 0;
  #watching = null;
  #byLink = ""; // of who watches without a name, for who may remove people
  #frame = 0;
  #more = new Set();

  /** `deeds(person)`: the buttons for one person (the admin's page). `changed(present, watching)`: the counts. */
  constructor(panel, meId, changed, deeds = () => []) {
    this.#panel = panel;
    this.#meId = meId;
    this.#deeds = deeds;
    this.#changed = changed;
    panel.append(el("div", { class: "people" }));
  }

  get(id) {
    return this.#people.get(id);
  }

  all() {
    return [...this.#people.values()];
  }

  /** The whole list (PeopleList or SessionStatus). */
  replace({ people, present, watching, by_link_words = "" }) {
    this.#byLink = by_link_words;
    this.#people = new Map(people.map((person) => [person.id, person]));
    this.#count(present, watching);
  }

  /** presence.joined and presence.left, whose data is a Presence. */
  joined({ at, data }) {
    const known = this.#people.get(data.person.id);
    this.#people.set(data.person.id, { publishing: [], muted_audio: false, muted_video: false, since: at, ...known, ...data.person, present: true, removed: false });
    this.#count(data.present);
  }

  left({ data }) {
    const known = this.#people.get(data.person.id);
    if (known) this.#people.set(data.person.id, { ...known, present: false, publishing: [], hand_s: 0, quality: null, removed: data.why === "removed" });
    this.#count(data.present);
  }

  /** person.changed: another role. */
  changed({ data }) {
    this.#put(data.person.id, data.person);
  }

  /** hand: up or down. */
  hand({ data }) {
    this.#put(data.person, { hand_s: data.since_s });
  }

  /** quality: of whom it is another now; null for who has no media any more. Only the marks are painted anew. */
  connections({ data }) {
    for (const { person: id, quality } of data.people) {
      const known = this.#people.get(id);
      if (!known) continue;
      this.#people.set(id, { ...known, quality });
      const row = this.#panel.querySelector(`[data-person="${CSS.escape(id)}"]`);
      row?.querySelector(".connection").replaceWith(qualityMark(quality));
      row?.querySelector(".watches").toggleAttribute("hidden", !quality?.down);
    }
  }

  #put(id, facts) {
    const known = this.#people.get(id);
    if (known) this.#people.set(id, { ...known, ...facts });
    this.paint();
  }

  count(present, watching) {
    this.#count(present, watching);
  }

  paint() {
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  #count(present, watching = this.#watching) {
    this.#present = present;
    this.#watching = watching;
    this.#changed(present, watching);
    this.paint();
  }

  #paint() {
    this.#frame = 0;
    const list = this.#panel.firstElementChild;
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.deed : null;
    const here = this.all().filter((person) => person.present).sort((a, b) => handFirst(a, b) || a.name.localeCompare(b.name));
    const removed = this.all().filter((person) => person.removed && !person.present);
    list.replaceChildren();
    for (const [title, roles] of GROUPS) this.#group(list, title, here.filter((person) => roles.includes(person.role)));
    if (!here.length) list.append(el("div", { class: "empty" }, el("strong", { text: "Nobody is here yet" }), el("span", { text: "People appear as soon as they open their link." })));
    if (this.#byLink) list.append(el("p", { class: "nameless", text: this.#byLink }));
    this.#group(list, "Removed", removed);
    if (focused) list.querySelector(`[data-deed="${CSS.escape(focused)}"]`)?.focus();
  }

  #group(list, title, people) {
    if (!people.length) return;
    const shown = this.#more.has(title) ? people : people.slice(0, SHOWN);
    const rows = el("ul", { "aria-label": title }, ...shown.map((person) => this.#row(person)));
    list.append(el("h3", { text: `${title} · ${people.length}` }), rows);
    if (shown.length < people.length) {
      list.append(button({ words: `Show all ${people.length}`, kind: "quiet small", press: () => { this.#more.add(title); this.paint(); } }));
    }
  }

  #row(person) {
    const facts = el("span", { class: "facts" });
    if (person.publishing?.length) facts.append(el("span", { class: "onair", text: onAir(person.publishing) }));
    facts.append(el("span", { class: "watches", hidden: !person.quality?.down, text: "watching" }));
    if (person.role !== "viewer" || !person.present) facts.append(el("span", { text: ROLES[person.role] ?? person.role }));
    if (person.muted_audio) facts.append(el("span", { text: "sound muted" }));
    if (person.muted_video) facts.append(el("span", { text: "picture muted" }));
    if (person.hand_s) facts.append(el("span", { class: "hand", text: "hand up" }));
    if (person.banned) facts.append(el("span", { text: person.ban_ends ? `banned until ${clock(person.ban_ends)}` : "banned for good" }));
    facts.append(...endsOf(person));
    if (person.present) facts.append(el("span", { text: `since ${clock(person.since)}` }));
    if (person.device) facts.append(el("span", { class: "device", text: person.device }));
    const name = el("span", { class: "name" }, written(person.name), person.id === this.#meId ? " (you)" : "");
    const initial = [...person.name.trim()].find((letter) => /\p{L}|\p{N}/u.test(letter)) ?? "·";
    const deeds = this.#deeds(person);
    return el("li", { class: `person${STAGE.has(person.role) ? " stage-side" : ""}`, "data-person": person.id },
      el("span", { class: "initial", "aria-hidden": "true", text: initial.toUpperCase() }),
      el("span", {}, name, facts),
      qualityMark(person.quality),
      deeds.length ? el("span", { class: "deeds" }, ...deeds) : null);
  }
}

/** What of a person is on air, where that is not all. */
function onAir(kinds) {
  if (kinds.includes("audio") && kinds.includes("video")) return "On air";
  return kinds.includes("audio") ? "On air, sound only" : "On air, picture only";
}

/** Raised hands first, in the order in which they went up. */
function handFirst(a, b) {
  return (a.hand_s || Infinity) - (b.hand_s || Infinity) || 0;
}

/** A small button of a row, which keeps the focus when the list is painted anew. */
export function deed(person, action, picture, label, press, danger = false) {
  const made = button({ picture, label, kind: `small${danger ? " danger" : " quiet"}`, press, "data-deed": `${person.id} ${action}` });
  return made;
}

