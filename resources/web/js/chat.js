// The chat: text in, text out. Nothing that a person wrote becomes markup or a link.

import * as api from "./api.js";
import { button, el, icon, newId, problem, written } from "./dom.js";
import { clock } from "./time.js";
import { ROLES } from "./words.js";

export const CHAT_CHARACTERS = 500;
const COUNT_FROM = 400;
const KEPT = 400; // in the page at once; older ones are fetched again when asked for
const RECENT = 50; // what a full SessionStatus brings
const NEAR_PX = 80;
const TOGETHER_MS = 120_000;

export class Chat {
  #session;
  #me;
  #send;
  #log;
  #list;
  #older;
  #empty;
  #newest;
  #text;
  #note;
  #queue = [];
  #frame = 0;
  #mine = new Map(); // id -> element of a message of ours that the record does not have yet
  #sent = new Set(); // seqs of ours that are already shown
  #more = false;
  #oldest = 0;
  #unseen = 0;
  #pinned = true; // the newest is in sight, and stays so when the log gets another height
  #fresh = () => {};

  /** `send(data, id)` resolves with the ack. `fresh()` is called when something came that cannot be seen now. */
  constructor(panel, session, me, send, fresh) {
    this.#session = session;
    this.#me = me;
    this.#send = send;
    this.#fresh = fresh;
    this.#older = button({ words: "Show earlier messages", kind: "quiet small older", hidden: true, press: () => this.#showOlder() });
    this.#list = el("ol");
    this.#empty = el("div", { class: "empty" }, el("strong", { text: "No messages yet" }), el("span", { text: "Say hello: everyone here can read it." }));
    this.#log = el("div", { class: "log", role: "log", "aria-label": "Chat messages", "aria-live": "polite", tabindex: "0" }, this.#older, this.#empty, this.#list);
    this.#log.addEventListener("scroll", () => {
      this.#pinned = this.#atEnd();
      if (this.#pinned) this.#seen();
    });
    new ResizeObserver(() => this.#pinned && !this.#hidden() && this.scrollToEnd()).observe(this.#log);
    panel.append(this.#log, this.#composer());
  }

  /** The first messages (SessionStatus.recent), oldest first. */
  begin(recent) {
    this.#more = recent.length >= RECENT;
    this.#queue.push(...recent);
    this.#paint(false);
  }

  /** A chat message, a notice or a word about somebody's coming and going. Painted with the next frame, many at once. */
  take(envelope) {
    if (!["chat.message", "notice"].includes(envelope.type)) return;
    if (envelope.type === "chat.message" && envelope.from.id === this.#me.id && this.#settle(envelope)) return;
    this.#queue.push(envelope);
    this.#frame ||= requestAnimationFrame(() => this.#paint());
    // a page in the background gets no frames, and its log must not grow without end meanwhile
    if (this.#queue.length > KEPT) this.#queue.splice(0, this.#queue.length - KEPT);
  }

  /** A line of our own, for what happened to us here. */
  tell(words) {
    this.#append([el("li", { class: "event", text: words })]);
  }

  focus() {
    this.#text.focus();
  }

  scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#seen();
  }

  #composer() {
    this.#note = el("p", { class: "note", id: "chat-note", "aria-live": "polite", hidden: true });
    this.#text = el("textarea", {
      class: "input", id: "chat-text", rows: "1", placeholder: "Write a message", "aria-label": "Write a message", "aria-describedby": "chat-note", dir: "auto",
      enterkeyhint: "send", on: { input: () => this.#typed(), keydown: (event) => this.#key(event) },
    });
    this.#newest = button({ words: "New messages", picture: "down", kind: "newest small", hidden: true, press: () => this.scrollToEnd() });
    const form = el("form", { class: "compose", on: { submit: (event) => { event.preventDefault(); this.#submit(); } } },
      this.#newest, this.#text, el("button", { class: "button primary square", "aria-label": "Send", title: "Send" }, icon("send")), this.#note);
    return form;
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #typed() {
    const length = [...this.#text.value.trim()].length;
    const left = CHAT_CHARACTERS - length;
    this.#note.hidden = length < COUNT_FROM;
    this.#note.classList.toggle("over", left < 0);
    this.#note.textContent = left < 0 ? `${-left} characters too many: a message has ${CHAT_CHARACTERS} at most.` : `${left} characters left`;
  }

  #submit() {
    const text = this.#text.value.trim();
    if (!text || [...text].length > CHAT_CHARACTERS) return;
    this.#text.value = "";
    this.#typed();
    const id = newId();
    const said = this.#said({ from: this.#me, at: new Date().toISOString(), data: { text } }, null);
    said.dataset.sending = "";
    this.#mine.set(id, said);
    this.#append([said]);
    this.scrollToEnd();
    this.#deliver(id, text, said);
  }

  async #deliver(id, text, said) {
    const fate = el("span", { class: "fate", hidden: true, text: "Sending…" });
    said.append(fate);
    const slow = setTimeout(() => (fate.hidden = false), 1000);
    try {
      const ack = await this.#send({ text }, id);
      this.#sent.add(ack.record);
      this.#mine.delete(id);
      delete said.dataset.sending;
      fate.remove();
    } catch (error) {
      said.classList.add("failed");
      fate.hidden = false;
      const again = button({ words: "Send again", kind: "small", press: () => { said.classList.remove("failed"); fate.remove(); this.#deliver(id, text, said); } });
      fate.replaceChildren(problem(error), error.code === "left" ? "" : again);
    } finally {
      clearTimeout(slow);
    }
  }

  /** Is this the record's copy of a message that we show already? */
  #settle(envelope) {
    const said = this.#mine.get(envelope.id);
    if (said) {
      this.#sent.add(envelope.seq);
      delete said.dataset.sending;
      said.querySelector("time").replaceWith(this.#time(envelope.at));
    }
    return this.#sent.delete(envelope.seq);
  }

  #paint(news = true) {
    this.#frame = 0;
    const waiting = this.#queue.splice(0);
    let before = this.#list.lastElementChild;
    const items = waiting.map((envelope) => (before = envelope.type === "notice" ? this.#announced(envelope) : this.#said(envelope, before)));
    this.#append(items, waiting, news);
  }

  #append(items, envelopes = [], news = true) {
    const follow = this.#atEnd();
    this.#empty.hidden ||= items.length > 0;
    this.#list.append(...items);
    if (envelopes.length && !this.#oldest) this.#oldest = envelopes[0].seq;
    const spare = this.#list.children.length - KEPT;
    if (spare > 0 && follow) {
      for (let i = 0; i < spare; i += 1) this.#list.firstElementChild.remove();
      this.#oldest = Number(this.#list.querySelector("[data-seq]")?.dataset.seq ?? this.#oldest);
      this.#more = true;
    }
    this.#older.hidden = !this.#more;
    if (follow && !this.#hidden()) {
      this.#log.scrollTop = this.#log.scrollHeight;
    } else if (envelopes.length && news) {
      this.#unseen += envelopes.length;
      this.#newest.lastElementChild.textContent = this.#unseen === 1 ? "1 new message" : `${this.#unseen} new messages`;
      this.#newest.hidden = this.#hidden();
      this.#fresh();
    }
  }

  #hidden() {
    return this.#log.offsetParent === null;
  }

  #atEnd() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < NEAR_PX;
  }

  #seen() {
    this.#unseen = 0;
    this.#newest.hidden = true;
  }

  async #showOlder() {
    this.#older.disabled = true;
    try {
      const page = await api.history(this.#session, this.#oldest);
      const from = this.#log.scrollHeight - this.#log.scrollTop;
      let before = null;
      const items = page.messages.map((envelope) => (before = envelope.type === "notice" ? this.#announced(envelope) : this.#said(envelope, before)));
      this.#list.prepend(...items);
      if (page.messages.length) this.#oldest = page.messages[0].seq;
      this.#more = page.more;
      this.#log.scrollTop = this.#log.scrollHeight - from;
    } catch (error) {
      this.tell(`${error.message} ${error.remedy}`);
    }
    this.#older.disabled = false;
    this.#older.hidden = !this.#more;
  }

  #time(at) {
    return el("time", { datetime: at, text: clock(at) });
  }

  /** One message; right after another one of the same person it goes without the name. */
  #said({ seq, from, at, data }, before) {
    const mine = from.id === this.#me.id;
    const on = before?.dataset.by === from.id && Date.parse(at) - Number(before.dataset.at) < TOGETHER_MS;
    const by = el("span", { class: on ? "unseen" : "by" }, written(from.name, { class: "who" }));
    if (from.role && from.role !== "viewer" && !on) by.append(el("span", { class: "role", text: ROLES[from.role] ?? from.role }));
    by.append(this.#time(at));
    return el("li", { class: `said${mine ? " mine" : ""}${on ? " on" : ""}`, "data-by": from.id, "data-at": Date.parse(at), "data-seq": seq ?? null },
      by, el("span", { class: "text", dir: "auto", text: data.text }));
  }

  #announced({ seq, from, at, data }) {
    return el("li", { class: "event announced", "data-level": data.level, "data-seq": seq },
      el("span", { class: "from" }, written(from.role ? from.name : "Stoa"), " · ", this.#time(at)), el("span", { dir: "auto", text: data.text }));
  }
}
