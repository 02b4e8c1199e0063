// The chat: what was said, what stands above it, and what is done to it. Text in, text out.

import { ChatLog } from "./chatlog.js";
import { Composer } from "./composer.js";
import { button, el, newId, written } from "./dom.js";
import { Actions } from "./message.js";
import { HeldQueue, askRules } from "./moderation.js";
import { offersFor } from "./offers.js";
import { Outbox } from "./outbox.js";
import { Pinned } from "./pinned.js";
import { PollCard, askPoll } from "./poll.js";
import { Search } from "./search.js";
import { clock, lasting } from "./time.js";
import { Typists } from "./typists.js";

const RECENT = 50; // what a full SessionStatus brings
const COMPANY = 20; // up to so many people, viewers who come and go are worth a line

export class Chat {
  #me;
  #can;
  #line;
  #log;
  #outbox;
  #pinned;
  #typists = new Typists();
  #composer;
  #held;
  #poll;
  #hand;
  #rights; // the tools that need a right, by it
  #fresh;

  /** `line`: send(type, data, id) resolves with the ack, mention(type, data), people(), can(right), now_ms() by the server. `fresh()`: something came that cannot be seen now. */
  constructor(panel, session, me, line, fresh) {
    this.#me = me;
    this.#can = line.can;
    this.#line = line;
    this.#fresh = fresh;
    const send = (type, data) => line.send(type, data, newId());
    this.#log = new ChatLog(session, me.id, { react: (seq, emoji, on) => this.#act("chat.react", { message: seq, emoji, on }), fresh });
    this.#outbox = new Outbox(me, this.#log, line.send);
    this.#pinned = new Pinned({ original: (seq) => this.#log.known.original(seq), may: () => this.#can("pin"), unpin: () => this.#act("chat.pin", { message: 0 }) });
    const pollPlace = el("section", { class: "poll", "aria-label": "Poll", hidden: true });
    const heldPlace = el("section", { class: "held", "aria-label": "Messages that wait", hidden: true });
    const searchPlace = el("section", { class: "search", "aria-label": "Search", hidden: true });
    this.#poll = new PollCard(pollPlace, me.id, this.#can, send);
    this.#held = new HeldQueue(heldPlace, send);
    const search = new Search(searchPlace, session, me, () => this.focus());
    this.#composer = new Composer(me, this.#can, { submit: (text, where) => this.#outbox.submit(text, where), typing: (channel) => line.mention("chat.typing", { channel }), people: () => line.people() }, this.#tools(session, send, search), this.#log.newest);
    new Actions(this.#log.list, (item) => this.#offers(item));
    panel.append(this.#pinned.root, pollPlace, heldPlace, this.#log.root, searchPlace, this.#typists.root, this.#composer.root);
  }

  /** The first messages and what stands beside them (SessionStatus), oldest first. */
  begin({ recent, chat = {} }) {
    this.#log.begin(recent, recent.length >= RECENT);
    for (const one of chat.reactions ?? []) this.#log.react(one);
    if (chat.rules) this.#composer.rules(chat.rules);
    if (chat.muted_as_neighbour) this.tell(`Somebody who came from your network by this link is muted. You can write at ${clock(Date.now() + chat.muted_s * 1000)}, or when a moderator lets you.`);
    else if (chat.muted_s) this.#composer.mute(chat.muted_s);
    if (chat.pinned) this.#pinned.show(chat.pinned);
    if (chat.poll) this.#poll.begin(chat.poll, chat.my_vote);
    const held = chat.held ?? [];
    if (this.#can("chat_moderate")) this.#held.begin(held);
    else for (const one of held) this.tell(`A moderator reads this first: ${one.text}`);
    this.peopleChanged();
  }

  /** Something that happened. */
  take(envelope) {
    const { type, data } = envelope;
    if (type === "chat.message") {
      if (envelope.from.id === this.#me.id && this.#outbox.settle(envelope)) return;
      this.#typists.stopped(envelope.from.id);
    }
    if (type === "chat.message" || type === "notice") return this.#log.push(envelope);
    if (type === "typing") return this.#typists.types(data);
    if (type === "chat.rules") return this.#composer.rules(data);
    if (type === "chat.pinned") return this.#pinned.is(data.message);
    if (type === "poll") return this.#poll.show(data);
    if (type === "chat.held") return this.#wasHeld(envelope);
    if (type === "chat.decided") return this.#wasDecided(data);
    if (type === "chat.muted") return this.#wasMuted(data);
    if (type === "presence.joined" || type === "presence.left") return this.#came(envelope);
    if (type !== "chat.deleted" && type !== "chat.reaction") return;
    this.#log.flush();
    if (type === "chat.deleted") this.#log.deleted(data.message);
    else this.#log.react({ ...data, mine: data.person === this.#me.id ? data.on : undefined });
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
    this.#log.tell(words, ...more);
  }

  /** Keep somebody from writing here for so many seconds; 0 lifts it. */
  mute(person, seconds) {
    return this.#act("chat.mute", { person, seconds });
  }

  focus() {
    this.#composer.focus();
  }

  scrollToEnd() {
    this.#log.scrollToEnd();
  }

  /** Ask for it; where it is refused, say why. */
  #act(type, data) {
    return this.#line.send(type, data, newId()).catch((error) => {
      this.tell(`${error.message} ${error.remedy}`);
      this.#fresh();
    });
  }

  #tools(session, send, search) {
    const failed = (error) => this.tell(`${error.message} ${error.remedy}`);
    this.#hand = button({ picture: "hand", label: "Raise your hand", kind: "quiet small", "aria-pressed": "false", press: () => this.#act("hand", { up: this.#hand.getAttribute("aria-pressed") !== "true" }) });
    this.#rights = new Map([
      ["poll", button({ picture: "poll", label: "Open a poll", kind: "quiet small", press: () => askPoll(send) })],
      ["chat_moderate", button({ picture: "rules", label: "Rules of the chat", kind: "quiet small", press: () => askRules(session, send, failed) })],
    ]);
    return [this.#hand, button({ picture: "search", label: "Search the chat", kind: "quiet small", press: () => search.show() }), ...this.#rights.values()];
  }

  #offers(item) {
    const envelope = this.#log.known.get(Number(item.dataset.seq));
    if (!envelope) return [];
    const on = {
      can: this.#can,
      act: (type, data) => this.#act(type, data),
      answer: (one, place) => this.#composer.answer(one, place),
      address: (place) => { this.#composer.address(place); this.focus(); },
      mute: (person, seconds) => this.mute(person, seconds),
    };
    return offersFor(envelope, this.#me.id, this.#pinned.seq, on);
  }

  #wasHeld({ id, data }) {
    if (data.person === this.#me.id) this.#outbox.held(data.held, id);
    if (this.#can("chat_moderate") && data.text) {
      this.#held.add(data);
      this.#fresh();
    }
  }

  #wasDecided(data) {
    this.#held.decided(data.held);
    this.#outbox.decided(data);
  }

  #wasMuted({ person, name, seconds, until }) {
    if (person === this.#me.id) {
      const left_s = until ? Math.ceil((Date.parse(until) - this.#line.now_ms()) / 1000) : 0; // it may be of a while ago
      this.#composer.mute(Math.max(0, Math.min(left_s, seconds)));
      return seconds && left_s <= 0 ? null : this.tell(seconds ? "A moderator has muted you in the chat." : "You can write again.");
    }
    const lift = button({ words: "Lift", kind: "quiet small", press: () => this.mute(person, 0) });
    this.tell(written(name), seconds ? ` cannot write for ${lasting(seconds)}. ` : " can write again.", seconds ? lift : "");
    this.#fresh();
  }

  #came({ type, data }) {
    if (data.person.id === this.#me.id || (data.person.role === "viewer" && data.present > COMPANY)) return;
    this.#typists.stopped(data.person.id);
    this.tell(written(data.person.name), type === "presence.joined" ? " is here." : " has left.");
  }
}
