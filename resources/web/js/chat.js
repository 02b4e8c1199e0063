// The chat: what was said, what stands above it, and what is done to it. Text in, text out.

import * as api from "./api.js";
import { Composer } from "./composer.js";
import { button, el, icon, newId, problem, written } from "./dom.js";
import { Actions, message, placeOf, quote, reaction, remove, timeOf } from "./message.js";
import { HeldQueue, askRules } from "./moderation.js";
import { PollCard, askPoll } from "./poll.js";
import { Search } from "./search.js";

const KEPT = 400; // in the page at once; older ones are fetched again when asked for
const KNOWN = 1200;
const RECENT = 50; // what a full SessionStatus brings
const NEAR_PX = 80;
const TYPING_MS = 5000;
const MUTE_S = 600;
const COMPANY = 20; // up to so many people, viewers who come and go are worth a line
const EMOJI = ["👍", "❤️", "😂", "👏", "🎉"];
const TEAM = ["owner", "admin", "director", "broadcaster"];

export class Chat {
  #session;
  #me;
  #can;
  #line;
  #log;
  #list;
  #older;
  #empty;
  #newest;
  #pinned;
  #typing;
  #composer;
  #held;
  #poll;
  #search;
  #hand;
  #rights; // the tools that need a right, by it
  #queue = [];
  #frame = 0;
  #mine = new Map(); // id -> element of a message of ours that the record did not bring yet
  #known = new Map(); // seq -> envelope, of what was shown
  #waiting = new Map(); // held id -> id of a message of ours
  #typists = new Map(); // person -> {name, channel, forget}
  #pin = 0;
  #more = false;
  #oldest = 0;
  #unseen = 0;
  #follows = true;
  #fresh = () => {};

  /** `line`: send(type, data, id) resolves with the ack, mention(type, data), people(), can(right). `fresh()`: something came that cannot be seen now. */
  constructor(panel, session, me, line, fresh) {
    this.#session = session;
    this.#me = me;
    this.#can = line.can;
    this.#line = line;
    this.#fresh = fresh;
    this.#older = button({ words: "Show earlier messages", kind: "quiet small older", hidden: true, press: () => this.#showOlder() });
    this.#list = el("ol", { on: { keydown: (event) => this.#walk(event) } });
    this.#empty = el("div", { class: "empty" }, el("strong", { text: "No messages yet" }), el("span", { text: "Say hello: everyone here can read it." }));
    this.#log = el("div", { class: "log", role: "log", "aria-label": "Chat messages", "aria-live": "polite", tabindex: "0", on: { keydown: (event) => event.target === this.#log && this.#walk(event) } }, this.#older, this.#empty, this.#list);
    this.#log.addEventListener("scroll", () => {
      this.#follows = this.#atEnd();
      if (this.#follows) this.#seen();
    });
    // what opens above or below takes room from the log: its end stays in sight
    new ResizeObserver(() => this.#follows && (this.#log.scrollTop = this.#log.scrollHeight)).observe(this.#log);
    this.#pinned = el("div", { class: "pinned", role: "region", "aria-label": "Pinned message", hidden: true });
    const pollPlace = el("section", { class: "poll", "aria-label": "Poll", hidden: true });
    const heldPlace = el("section", { class: "held", "aria-label": "Messages that wait", hidden: true });
    const searchPlace = el("section", { class: "search", "aria-label": "Search", hidden: true });
    this.#typing = el("p", { class: "typing", hidden: true });
    this.#newest = button({ words: "New messages", picture: "down", kind: "newest small", hidden: true, press: () => this.scrollToEnd() });
    const send = (type, data) => this.#line.send(type, data, newId());
    this.#poll = new PollCard(pollPlace, this.#can, send);
    this.#held = new HeldQueue(heldPlace, send);
    this.#search = new Search(searchPlace, session, this.#me, () => this.focus());
    this.#composer = new Composer(this.#me, this.#can, { submit: (text, where) => this.#submit(text, where), typing: (channel) => this.#line.mention("chat.typing", { channel }), people: () => this.#line.people() }, this.#tools(send), this.#newest);
    new Actions(this.#list, (item) => this.#offers(item));
    panel.append(this.#pinned, pollPlace, heldPlace, this.#log, searchPlace, this.#typing, this.#composer.root);
  }

  /** The first messages and what stands beside them (SessionStatus), oldest first. */
  begin({ recent, chat = {} }) {
    this.#more = recent.length >= RECENT;
    this.#queue.push(...recent);
    this.#paint(false);
    for (const one of chat.reactions ?? []) this.#react(one);
    if (chat.rules) this.#composer.rules(chat.rules);
    if (chat.muted_s) this.#composer.mute(chat.muted_s);
    if (chat.pinned) this.#showPinned(chat.pinned);
    if (chat.poll) this.#poll.begin(chat.poll, chat.my_vote);
    const held = chat.held ?? [];
    if (this.#can("chat_moderate")) this.#held.begin(held);
    else for (const one of held) this.tell(`A moderator reads this first: ${one.text}`);
    this.peopleChanged();
  }

  /** Something that happened. Messages are painted with the next frame, many at once. */
  take(envelope) {
    const { type, data } = envelope;
    if (type === "chat.message" || type === "notice") {
      if (type === "chat.message" && envelope.from.id === this.#me.id && this.#settle(envelope)) return;
      if (type === "chat.message") this.#typed(envelope.from.id);
      this.#queue.push(envelope);
      this.#frame ||= requestAnimationFrame(() => this.#paint());
      // a page in the background gets no frames, and its log must not grow without end meanwhile
      if (this.#queue.length > KEPT) this.#queue.splice(0, this.#queue.length - KEPT);
      return;
    }
    if (type === "typing") return this.#types(data);
    if (type === "chat.rules") return this.#composer.rules(data);
    if (type === "chat.pinned") return this.#pinnedIs(data.message);
    if (type === "poll") return this.#poll.show(data);
    if (type === "chat.held") return this.#wasHeld(envelope);
    if (type === "chat.decided") return this.#wasDecided(data);
    if (type === "chat.muted") return this.#wasMuted(data);
    if (type === "presence.joined" || type === "presence.left") return this.#came(envelope);
    if (type !== "chat.deleted" && type !== "chat.reaction") return;
    if (this.#queue.length) this.#paint();
    if (type === "chat.deleted") this.#deleted(data.message);
    else this.#react({ ...data, mine: data.person === this.#me.id ? data.on : undefined });
  }

  /** Who is here, or whose hand is up, is another. */
  peopleChanged() {
    this.#composer.refresh();
    const up = (this.#line.people().find((one) => one.id === this.#me.id)?.hand_s ?? 0) > 0;
    this.#hand.setAttribute("aria-pressed", String(up));
    this.#hand.title = up ? "Lower your hand" : "Raise your hand";
    for (const [right, tool] of this.#rights) tool.hidden = !this.#can(right);
  }

  /** A line of our own, for what happened to us here. */
  tell(words, ...more) {
    this.#append([el("li", { class: "event" }, words, ...more)]);
  }

  focus() {
    this.#composer.focus();
  }

  scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#seen();
  }

  #tools(send) {
    const failed = (error) => this.tell(`${error.message} ${error.remedy}`);
    this.#hand = button({ picture: "hand", label: "Raise your hand", kind: "quiet small", "aria-pressed": "false", press: () => send("hand", { up: this.#hand.getAttribute("aria-pressed") !== "true" }).catch(failed) });
    this.#rights = new Map([
      ["poll", button({ picture: "poll", label: "Open a poll", kind: "quiet small", press: () => askPoll(send) })],
      ["chat_moderate", button({ picture: "rules", label: "Rules of the chat", kind: "quiet small", press: () => askRules(this.#session, send, failed) })],
    ]);
    return [this.#hand, button({ picture: "search", label: "Search the chat", kind: "quiet small", press: () => this.#search.show() }), ...this.#rights.values()];
  }

  #offers(item) {
    const envelope = this.#known.get(Number(item.dataset.seq));
    if (!envelope) return [];
    const { seq, from } = envelope;
    const place = placeOf(envelope, this.#me.id);
    const act = (type, data) => () => this.#line.send(type, data, newId()).catch((error) => this.tell(`${error.message} ${error.remedy}`));
    const audience = from.role && !TEAM.includes(from.role);
    const mine = from.id === this.#me.id;
    const offers = EMOJI.map((emoji) => ({ emoji, label: `React with ${emoji}`, press: act("chat.react", { message: seq, emoji, on: true }) }));
    offers.push({ picture: "reply", label: "Answer", press: () => this.#composer.answer(envelope, place) });
    if (!mine && from.role && (this.#can("chat_backstage") || TEAM.includes(from.role))) offers.push({ picture: "private", label: `Write to ${from.name} alone`, press: () => { this.#composer.address({ channel: "all", to: from.id, name: from.name }); this.focus(); } });
    if (this.#can("pin") && !place.to && place.channel === "all") offers.push({ picture: "pin", label: this.#pin === seq ? "Unpin" : "Pin above the chat", press: act("chat.pin", { message: this.#pin === seq ? 0 : seq }) });
    if (this.#can("chat_moderate") && audience && !mine) offers.push({ picture: "mic-off", label: `Mute ${from.name} in the chat for ${MUTE_S / 60} minutes`, press: act("chat.mute", { person: from.id, seconds: MUTE_S }) });
    if (mine || (this.#can("chat_moderate") && !place.to)) offers.push({ picture: "delete", label: "Delete", press: act("chat.delete", { message: seq }) });
    return offers;
  }

  /** The arrows go from message to message. */
  #walk(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const items = [...this.#list.querySelectorAll(".said")];
    const at = items.indexOf(document.activeElement.closest(".said"));
    const next = at < 0 ? items.at(-1) : items[at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  #submit(text, where) {
    const id = newId();
    const at = new Date().toISOString();
    const said = this.#said({ from: this.#me, at, data: { ...where, text } }, this.#list.lastElementChild);
    said.dataset.sending = "";
    this.#mine.set(id, said);
    this.#append([said]);
    this.scrollToEnd();
    const data = { text };
    if (where.channel !== "all") data.channel = where.channel;
    if (where.to) data.to = where.to;
    if (where.reply_to) data.reply_to = where.reply_to;
    this.#deliver(id, data, said);
  }

  async #deliver(id, data, said) {
    const fate = el("span", { class: "fate", hidden: true, text: "Sending…" });
    said.append(fate);
    const slow = setTimeout(() => (fate.hidden = false), 1000);
    try {
      const ack = await this.#line.send("chat.send", data, id);
      delete said.dataset.sending;
      if (ack.held && this.#mine.has(id)) {
        said.dataset.held = "";
        fate.textContent = "A moderator reads this first.";
        fate.hidden = false;
      } else fate.remove();
    } catch (error) {
      said.classList.add("failed");
      fate.hidden = false;
      const again = button({ words: "Send again", kind: "small", press: () => { said.classList.remove("failed"); fate.remove(); this.#deliver(id, data, said); } });
      fate.replaceChildren(problem(error), error.code === "left" ? "" : again);
    } finally {
      clearTimeout(slow);
    }
  }

  /** Is this the record's copy of a message that we show already? It has the last word about time and text. */
  #settle(envelope) {
    const said = this.#mine.get(envelope.id);
    if (!said) return false;
    this.#mine.delete(envelope.id);
    delete said.dataset.sending;
    said.dataset.seq = envelope.seq;
    said.querySelector("time").replaceWith(timeOf(envelope.at));
    said.querySelector(".text").textContent = envelope.data.text;
    said.querySelector(".fate")?.remove();
    this.#know(envelope);
    if (said.dataset.held !== undefined) {
      delete said.dataset.held;
      this.#list.append(said); // it appears at the time of its release
    }
    return true;
  }

  #know(envelope) {
    this.#known.set(envelope.seq, envelope);
    if (this.#known.size > KNOWN) this.#known.delete(this.#known.keys().next().value);
  }

  #paint(news = true) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const waiting = this.#queue.splice(0);
    this.#append(this.#items(waiting, this.#list.lastElementChild), waiting, news);
  }

  #items(envelopes, before) {
    return envelopes.map((envelope) => (before = envelope.type === "notice" ? this.#announced(envelope) : this.#said(envelope, before)));
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
      this.#list.prepend(...this.#items(page.messages, null));
      for (const one of page.reactions ?? []) this.#react(one);
      if (page.messages.length) this.#oldest = page.messages[0].seq;
      this.#more = page.more;
      this.#log.scrollTop = this.#log.scrollHeight - from;
    } catch (error) {
      this.tell(`${error.message} ${error.remedy}`);
    }
    this.#older.disabled = false;
    this.#older.hidden = !this.#more;
  }

  #said(envelope, before) {
    const item = message(envelope, before, this.#me.id);
    if (envelope.seq) this.#know(envelope);
    if (envelope.data.reply_to) {
      item.dataset.reply = envelope.data.reply_to;
      this.#quoted(item, envelope.data.reply_to);
    }
    return item;
  }

  async #quoted(item, seq) {
    const original = await this.#original(seq);
    if (original) quote(item, original, () => this.#itemOf(seq)?.focus());
  }

  /** A message by its place in the record, from here or from the history. */
  async #original(seq) {
    if (this.#known.has(seq)) return this.#known.get(seq);
    try {
      const found = (await api.history(this.#session, seq + 1, 1)).messages[0];
      return found?.seq === seq ? found : null;
    } catch {
      return null; // the answer stands for itself
    }
  }

  #itemOf(seq) {
    return this.#list.querySelector(`.said[data-seq="${Number(seq)}"]`);
  }

  #announced({ seq, from, at, data }) {
    return el("li", { class: "event announced", "data-level": data.level, "data-seq": seq },
      el("span", { class: "from" }, written(from.role ? from.name : "Stoa"), " · ", timeOf(at)), el("span", { dir: "auto", text: data.text }));
  }

  #react({ message: seq, ...rest }) {
    const item = this.#itemOf(seq);
    if (item) reaction(item, rest, (emoji, on) => this.#line.send("chat.react", { message: seq, emoji, on }, newId()).catch((error) => this.tell(`${error.message} ${error.remedy}`)));
  }

  #deleted(seq) {
    const known = this.#known.get(seq);
    if (known) known.data = { ...known.data, text: "", deleted: true };
    const item = this.#itemOf(seq);
    if (item) remove(item);
    for (const answer of this.#list.querySelectorAll(`[data-reply="${Number(seq)}"]`)) this.#quoted(answer, seq);
  }

  async #pinnedIs(seq) {
    this.#pin = seq;
    const found = seq ? await this.#original(seq) : null;
    if (this.#pin === seq) this.#showPinned(found);
  }

  #showPinned(envelope) {
    this.#pin = envelope?.seq ?? 0;
    this.#pinned.hidden = !envelope;
    if (!envelope) return this.#pinned.replaceChildren();
    const unpin = () => this.#line.send("chat.pin", { message: 0 }, newId()).catch((error) => this.tell(`${error.message} ${error.remedy}`));
    this.#pinned.replaceChildren(icon("pin"), el("span", { class: "words" }, written(envelope.from.name, { class: "who" }), " ", written(envelope.data.text)),
      this.#can("pin") ? button({ picture: "close", label: "Unpin", kind: "quiet small", press: unpin }) : "");
  }

  #wasHeld({ id, data }) {
    if (data.person === this.#me.id) this.#waiting.set(data.held, id);
    if (this.#can("chat_moderate") && data.text) {
      this.#held.add(data);
      this.#fresh();
    }
  }

  #wasDecided({ held, allowed }) {
    this.#held.decided(held);
    const said = this.#mine.get(this.#waiting.get(held));
    if (said && !allowed) said.querySelector(".fate").textContent = "A moderator did not let this through.";
  }

  #wasMuted({ person, name, seconds }) {
    if (person === this.#me.id) {
      this.#composer.mute(seconds);
      return this.tell(seconds ? "A moderator has muted you in the chat." : "You can write again.");
    }
    const lift = () => this.#line.send("chat.mute", { person, seconds: 0 }, newId()).catch((error) => this.tell(`${error.message} ${error.remedy}`));
    this.tell(written(name), seconds ? ` cannot write for ${Math.max(1, Math.round(seconds / 60))} min. ` : " can write again.", seconds ? button({ words: "Lift", kind: "quiet small", press: lift }) : "");
  }

  #came({ type, data }) {
    if (data.person.id === this.#me.id || (data.person.role === "viewer" && data.present > COMPANY)) return;
    this.#typed(data.person.id);
    this.tell(written(data.person.name), type === "presence.joined" ? " is here." : " has left.");
  }

  #types({ person, name, channel }) {
    clearTimeout(this.#typists.get(person)?.forget);
    this.#typists.set(person, { name, channel, forget: setTimeout(() => this.#typed(person), TYPING_MS) });
    this.#showTyping();
  }

  #typed(person) {
    if (!this.#typists.has(person)) return;
    clearTimeout(this.#typists.get(person).forget);
    this.#typists.delete(person);
    this.#showTyping();
  }

  #showTyping() {
    const who = [...this.#typists.values()];
    this.#typing.hidden = who.length === 0;
    const names = who.slice(0, 2).flatMap(({ name }, at) => [at ? " and " : "", written(name)]);
    this.#typing.replaceChildren(...(who.length > 2 ? ["Several people are writing…"] : [...names, who.length === 1 ? " is writing…" : " are writing…"]));
  }
}
