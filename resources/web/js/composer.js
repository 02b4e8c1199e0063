// Where one writes: the field, whom it goes to, what it answers, and the small tools beside it.

import { button, el, icon, written } from "./dom.js";
import { clock } from "./time.js";
import { ROLES } from "./words.js";

export const CHAT_CHARACTERS = 500;
const COUNT_FROM = 400;
const TYPING_EVERY_MS = 3000;
const TEAM = ["owner", "admin", "director", "broadcaster"];
const PEOPLE = 100;

export class Composer {
  root;
  #me;
  #can;
  #on;
  #text;
  #note;
  #to;
  #answering;
  #reply = null;
  #rules = { slow_s: 0, links: true, hold: false };
  #muted = 0;
  #typed_ms = -Infinity;

  /** `on`: submit(text, {channel, to, to_name, reply_to}), typing(channel), people(). `tools`: buttons for the row above. */
  constructor(me, can, on, tools, above) {
    this.#me = me;
    this.#can = can;
    this.#on = on;
    this.#note = el("p", { class: "note", id: "chat-note", "aria-live": "polite", hidden: true });
    this.#text = el("textarea", {
      class: "input", id: "chat-text", rows: "1", placeholder: "Write a message", "aria-label": "Write a message", "aria-describedby": "chat-note", dir: "auto",
      enterkeyhint: "send", on: { input: () => this.#typed(), keydown: (event) => this.#key(event) },
    });
    this.#to = el("select", { class: "to", "aria-label": "Who reads it", on: { change: () => this.#chosen(), pointerdown: () => this.refresh(), focus: () => this.refresh() } });
    this.#answering = el("div", { class: "answering", hidden: true });
    this.root = el("form", { class: "compose", on: { submit: (event) => { event.preventDefault(); this.#submit(); } } },
      above, el("div", { class: "tools" }, this.#to, el("span", { class: "rest" }), ...tools), this.#answering,
      this.#text, this.#sendButton(), this.#note);
    this.refresh();
  }

  focus() {
    this.#text.focus();
  }

  /** Who can be written to has changed. */
  refresh() {
    const kept = this.#to.value || "all";
    const team = this.#can("chat_backstage");
    const people = this.#on.people().filter((one) => one.present && one.id !== this.#me.id && (team || TEAM.includes(one.role)));
    people.sort((a, b) => a.name.localeCompare(b.name));
    const options = [["all", "Everyone"]];
    if (this.#can("chat_backstage")) options.push(["backstage", "Backstage"]);
    for (const one of people.slice(0, PEOPLE)) options.push([`p ${one.id}`, `${one.name} (${ROLES[one.role] ?? one.role}), privately`]);
    if (!options.some(([value]) => value === kept)) options.push([kept, this.#to.selectedOptions[0]?.textContent ?? ""]);
    const now = [...this.#to.options].map((one) => `${one.value} ${one.textContent}`).join("\n");
    if (now === options.map(([value, words]) => `${value} ${words}`).join("\n")) return;
    this.#to.replaceChildren(...options.map(([value, words]) => el("option", { value, text: words })));
    this.#to.value = kept;
    this.#to.hidden = options.length < 2;
  }

  /** Answer a message, where it stands. */
  answer(envelope, place) {
    this.#reply = { seq: envelope.seq, ...place };
    this.address(place);
    this.#answering.replaceChildren(icon("reply"), el("span", {}, "Answer to ", written(envelope.from.name, { class: "who" }), " ", written(envelope.data.text)),
      button({ picture: "close", label: "Do not answer", kind: "quiet small", press: () => this.#noReply() }));
    this.#answering.hidden = false;
    this.focus();
  }

  /** Choose whom it goes to. */
  address({ channel, to, name }) {
    const value = to ? `p ${to}` : channel;
    if (![...this.#to.options].some((one) => one.value === value)) this.#to.append(el("option", { value, text: `${name}, privately` }));
    this.#to.value = value;
    this.#to.hidden = this.#to.options.length < 2;
    this.#chosen(true);
  }

  rules(rules) {
    this.#rules = rules;
    this.#say();
  }

  /** For so long one may not write; 0 lifts it. */
  mute(seconds) {
    clearTimeout(this.#muted);
    this.#muted = 0;
    this.#text.disabled = seconds > 0;
    this.root.querySelector(".primary").disabled = seconds > 0;
    if (seconds > 0) {
      this.#muted = setTimeout(() => this.mute(0), seconds * 1000 + 500);
      this.#tell(`A moderator has muted you until ${clock(Date.now() + seconds * 1000)}.`);
    } else this.#say();
  }

  /** A press on it leaves the focus in the field, and a phone's keyboard up: the next line can be written. */
  #sendButton() {
    const stay = (event) => document.activeElement === this.#text && event.preventDefault();
    return el("button", { class: "button primary square", "aria-label": "Send", title: "Send", on: { mousedown: stay } }, icon("send"));
  }

  #noReply() {
    this.#reply = null;
    this.#answering.hidden = true;
    this.focus();
  }

  #chosen(kept = false) {
    if (!kept && this.#reply) this.#noReply();
    const value = this.#to.value;
    const name = this.#to.selectedOptions[0]?.textContent.replace(/( \([^)]*\))?, privately$/, "") ?? "";
    this.#text.placeholder = value === "all" ? "Write a message" : value === "backstage" ? "Write backstage" : `Write to ${name} alone`;
    this.root.classList.toggle("aside", value !== "all");
  }

  #key(event) {
    if (event.key === "Escape" && this.#reply) return this.#noReply();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #typed() {
    this.#say();
    const value = this.#to.value;
    if (!this.#text.value.trim() || value.startsWith("p ") || performance.now() - this.#typed_ms < TYPING_EVERY_MS) return;
    this.#typed_ms = performance.now();
    this.#on.typing(value || "all");
  }

  #say() {
    if (this.#muted) return;
    const left = CHAT_CHARACTERS - [...this.#text.value.trim()].length;
    this.#note.classList.toggle("over", left < 0);
    if (left < 0) this.#tell(`${-left} characters too many: a message has ${CHAT_CHARACTERS} at most.`);
    else if (left <= CHAT_CHARACTERS - COUNT_FROM) this.#tell(`${left} characters left`);
    else if (this.#can("chat_backstage")) this.#tell("");
    else this.#tell([this.#rules.slow_s ? `One message every ${this.#rules.slow_s} s.` : "", this.#rules.hold ? "A moderator reads messages first." : "", this.#rules.links ? "" : "No links."].filter(Boolean).join(" "));
  }

  #tell(words) {
    if (this.#note.textContent !== words) this.#note.textContent = words;
    this.#note.hidden = !words;
  }

  #submit() {
    const text = this.#text.value.trim();
    if (!text || [...text].length > CHAT_CHARACTERS || this.#muted) return;
    const value = this.#to.value || "all";
    const to = value.startsWith("p ") ? value.slice(2) : "";
    const name = to ? this.#to.selectedOptions[0].textContent.replace(/( \([^)]*\))?, privately$/, "") : "";
    this.#text.value = "";
    this.#typed_ms = -Infinity;
    this.#say();
    const where = { channel: value === "backstage" ? "backstage" : "all", to, to_name: name, reply_to: this.#reply?.seq ?? 0 };
    if (this.#reply) this.#noReply();
    this.#on.submit(text, where);
  }
}
