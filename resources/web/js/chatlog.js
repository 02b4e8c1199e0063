// The list of what was said: painted frame by frame, kept short, leafed back on demand, at its end unless somebody reads back.

import * as api from "./api.js";
import { button, el } from "./dom.js";
import { KnownMessages } from "./known.js";
import { announced, message, quote, reaction, remove } from "./message.js";

const KEPT = 400; // in the page at once; older ones are fetched again when asked for
const NEAR_PX = 80;

export class ChatLog {
  root;
  newest; // the button to the end
  list;
  known; // the messages that were shown
  #session;
  #meId;
  #on;
  #older;
  #empty;
  #queue = [];
  #frame = 0;
  #more = false;
  #oldest = 0;
  #unseen = 0;
  #follows = true;
  #at_px = 0; // where it was scrolled to

  /** `on`: react(seq, emoji, on), and fresh() when something came that cannot be seen now. */
  constructor(session, meId, on) {
    this.#session = session;
    this.known = new KnownMessages(session);
    this.#meId = meId;
    this.#on = on;
    this.#older = button({ words: "Show earlier messages", kind: "quiet small older", hidden: true, press: () => this.#showOlder() });
    this.list = el("ol", { on: { keydown: (event) => this.#walk(event) } });
    this.#empty = el("div", { class: "empty" }, el("strong", { text: "No messages yet" }), el("span", { text: "Say hello: everyone here can read it." }));
    this.root = el("div", { class: "log", role: "log", "aria-label": "Chat messages", "aria-live": "polite", tabindex: "0", on: { keydown: (event) => event.target === this.root && this.#walk(event) } }, this.#older, this.#empty, this.list);
    this.newest = button({ words: "New messages", picture: "down", kind: "newest small", hidden: true, press: () => this.scrollToEnd() });
    this.root.addEventListener("scroll", () => this.#scrolled());
    // what opens above or below takes room from the log, and a message grows by its quote or its reactions: the end stays in sight
    const sizes = new ResizeObserver(() => this.#follows && (this.root.scrollTop = this.root.scrollHeight));
    sizes.observe(this.root);
    sizes.observe(this.list);
  }

  /** What was said before we came, oldest first; `more`: there is older. */
  begin(envelopes, more) {
    this.#more = more;
    this.#queue.push(...envelopes);
    this.#paint(false);
  }

  /** A message or a notice: painted with the next frame, many at once. */
  push(envelope) {
    this.#queue.push(envelope);
    this.#frame ||= requestAnimationFrame(() => this.#paint());
    // a page in the background, or on a busy machine, gets no frames: what waits must not grow without end meanwhile
    if (this.#queue.length >= KEPT) this.#paint();
  }

  /** Paint what waits. */
  flush() {
    if (this.#queue.length) this.#paint();
  }

  /** A line that is no message. */
  tell(words, ...more) {
    this.#append([el("li", { class: "event" }, words, ...more)]);
  }

  /** A message of our own that the record did not bring yet: its element, at the end. */
  ours(envelope) {
    const item = this.#said(envelope, this.list.lastElementChild);
    this.#append([item]);
    this.scrollToEnd();
    return item;
  }

  /** How many put which emoji on a message. */
  react({ message: seq, ...rest }) {
    const item = this.#itemOf(seq);
    if (item) reaction(item, rest, (emoji, on) => this.#on.react(seq, emoji, on));
  }

  /** The message's text is gone, here and where it is answered. */
  deleted(seq) {
    this.known.deleted(seq);
    const item = this.#itemOf(seq);
    if (item) remove(item);
    for (const answer of this.list.querySelectorAll(`[data-reply="${Number(seq)}"]`)) this.#quoted(answer, seq);
  }

  scrollToEnd() {
    this.root.scrollTop = this.root.scrollHeight;
    this.#seen();
  }

  /** The arrows go from message to message. */
  #walk(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const items = [...this.list.querySelectorAll(".said")];
    const at = items.indexOf(document.activeElement.closest(".said"));
    const next = at < 0 ? items.at(-1) : items[at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  #paint(news = true) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const waiting = this.#queue.splice(0);
    this.#append(this.#items(waiting, this.list.lastElementChild), waiting, news);
  }

  #items(envelopes, before) {
    return envelopes.map((envelope) => (before = envelope.type === "notice" ? announced(envelope) : this.#said(envelope, before)));
  }

  #append(items, envelopes = [], news = true) {
    const follow = this.#follows || this.#atEnd(); // what came above the log just now has made it shorter: that was no reading back
    this.#empty.hidden ||= items.length > 0;
    this.list.append(...items);
    if (envelopes.length && !this.#oldest) this.#oldest = envelopes[0].seq;
    const spare = this.list.children.length - KEPT;
    if (spare > 0 && follow) {
      for (let i = 0; i < spare; i += 1) this.list.firstElementChild.remove();
      this.#oldest = Number(this.list.querySelector("[data-seq]")?.dataset.seq ?? this.#oldest);
      this.#more = true;
    }
    this.#older.hidden = !this.#more;
    if (follow && this.#inSight()) {
      this.root.scrollTop = this.root.scrollHeight;
    } else if (envelopes.length && news) {
      this.#unseen += envelopes.length;
      this.newest.lastElementChild.textContent = this.#unseen === 1 ? "1 new message" : `${this.#unseen} new messages`;
      this.newest.hidden = !this.#inSight();
      this.#on.fresh();
    }
  }

  #inSight() {
    return this.root.offsetParent !== null;
  }

  #atEnd() {
    return this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < NEAR_PX;
  }

  /** Only who goes up reads back: a log that became shorter under us, or grew, has lost its end by no deed of ours. */
  #scrolled() {
    const at_px = this.root.scrollTop;
    if (this.#atEnd()) {
      this.#follows = true;
      this.#seen();
    } else if (at_px < this.#at_px) this.#follows = false;
    this.#at_px = at_px;
  }

  #seen() {
    this.#unseen = 0;
    this.newest.hidden = true;
  }

  async #showOlder() {
    const before = this.#oldest;
    this.#older.disabled = true;
    try {
      const page = await api.history(this.#session, before);
      if (before === this.#oldest) this.#prepend(page); // else the list was cut meanwhile, and this would leave a gap
    } catch (error) {
      this.tell(`${error.message} ${error.remedy}`);
    }
    this.#older.disabled = false;
    this.#older.hidden = !this.#more;
  }

  #prepend(page) {
    const from = this.root.scrollHeight - this.root.scrollTop;
    this.list.prepend(...this.#items(page.messages, null));
    for (const one of page.reactions ?? []) this.react(one);
    if (page.messages.length) this.#oldest = page.messages[0].seq;
    this.#more = page.more;
    this.root.scrollTop = this.root.scrollHeight - from;
  }

  #said(envelope, before) {
    const item = message(envelope, before, this.#meId);
    if (envelope.seq) this.known.add(envelope);
    if (envelope.data.reply_to) {
      item.dataset.reply = envelope.data.reply_to;
      this.#quoted(item, envelope.data.reply_to);
    }
    return item;
  }

  async #quoted(item, seq) {
    const original = await this.known.original(seq);
    if (original) quote(item, original, () => this.#itemOf(seq)?.focus());
  }

  #itemOf(seq) {
    return this.list.querySelector(`.said[data-seq="${Number(seq)}"]`);
  }
}
