// What both pages do inside a session: the record of events feeds the picture, the chat, the people and the notices.

import * as api from "./api.js";
import { Chat } from "./chat.js";
import { SessionEvents } from "./events.js";
import { Ending } from "./grants.js";
import { LinkState } from "./linkstate.js";
import { Notices } from "./notices.js";
import { People } from "./people.js";
import { OwnQuality } from "./quality.js";
import { keepFresh } from "./renewal.js";
import { Stage } from "./stage.js";
import { tabs } from "./tabs.js";
import { Waiting } from "./waiting.js";
import { SESSION } from "./words.js";

const STAGE = ["owner", "broadcaster"];
const OUT = ["kick", "ban"];
const REFRESH_AFTER_MS = 300;

export class Room {
  #on;
  #refresh = 0;
  #meanwhile = null; // what was told since the list was asked for, while it is
  #commands = new Map(); // what each is about, by id
  #ending;
  #stale; // ends the renewing
  #putOut = null; // the command that removed or banned us
  #chatSeen = !document.getElementById("panel-chat").hidden;

  /**
   * `me`: a Me or JoinAnswer. `status`: the SessionStatus. `on`: gone(code, words, command) when this person's time here is over,
   * signedOut() when the server no longer knows us, and, for the admin's page, envelope(e), state(change), deeds(person), changed(),
   * counted(present, watching), panel(id).
   */
  constructor(me, status, on) {
    this.me = me;
    this.session = status.id;
    this.#on = on;
    this.announcer = document.getElementById("announcer");
    document.getElementById("title").textContent = status.title;
    document.getElementById("me").textContent = me.person.name;
    this.waiting = new Waiting(document.getElementById("stage"), status, (title) => (document.getElementById("title").textContent = title || status.title));
    this.stage = new Stage(document.getElementById("stage"), status.id, (words) => this.say(words));
    this.quality = new OwnQuality(document.getElementById("quality"));
    this.notices = new Notices(document.getElementById("notices"));
    this.#ending = new Ending(document.getElementById("notices"), me.person.id);
    this.people = new People(document.getElementById("panel-people"), me.person.id, (present, watching) => this.#counted(present, watching), on.deeds);
    const line = { send: (type, data, id) => this.events.send(type, data, { id }), mention: (type, data) => this.events.mention(type, data), people: () => this.people.all(), can: (right) => this.me.rights.includes(right), now_ms: () => this.waiting.now_ms() };
    this.chat = new Chat(document.getElementById("panel-chat"), status.id, me.person, line, () => this.#chatCame());
    this.showPanel = tabs(document.querySelector('[role="tablist"]'), (id) => this.#panelShown(id));
    this.#stateChanged(status, true);
    this.people.replace(status);
    this.chat.begin(status);
    this.link = new LinkState(document.getElementById("linkstate"), () => this.#hurry());
    this.events = new SessionEvents(status.id, status.seq, {
      envelope: (envelope) => this.#take(envelope),
      welcome: (envelope) => this.#welcomed(envelope),
      here: () => {
        this.link.here();
        this.stage.serverAway(false);
      },
      away: () => {
        this.link.away();
        this.stage.serverAway(true);
        this.quality.show(null); // what was known of it is old now
      },
      doubt: () => this.#doubt(),
      over: (code, words) => this.#over(code, words),
    });
    this.#stale = keepFresh();
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
    window.addEventListener("pagehide", () => this.stage.close());
    // a page that comes back from the browser's cache has lost its connections: it begins anew
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  say(words) {
    this.announcer.textContent = "";
    requestAnimationFrame(() => (this.announcer.textContent = words));
  }

  close() {
    this.#stale();
    this.events.close();
    this.stage.close();
    this.link.here();
  }

  /** The list anew, soon, once for many reasons. What is told while it is asked for is newer than the answer may be. */
  refreshPeople() {
    clearTimeout(this.#refresh);
    this.#refresh = setTimeout(() => this.#askPeople(), REFRESH_AFTER_MS);
  }

  async #askPeople() {
    if (this.#meanwhile) return this.refreshPeople();
    const meanwhile = (this.#meanwhile = []);
    try {
      this.people.replace(await api.people(this.session));
      for (const envelope of meanwhile) this.#peopleAre(envelope);
    } catch {
      // it comes with the next event; what stands here is only older
    } finally {
      this.#meanwhile = null;
    }
  }

  /** Presence, a role, a hand. */
  #peopleAre(envelope) {
    if (envelope.type === "presence.joined") this.people.joined(envelope);
    else if (envelope.type === "presence.left") this.people.left(envelope);
    else if (envelope.type === "person.changed") this.people.changed(envelope);
    else if (envelope.type === "hand") this.people.hand(envelope);
  }

  /** Admins and directors also get what the hosts and single people are told, worded for them. */
  #forUs({ to, command }) {
    const about = this.#commands.get(command);
    if (to === "hosts") return STAGE.includes(this.me.person.role) || (this.me.person.role === "director" && about?.action === "announce");
    return to !== "person" || (about?.target ?? this.me.person.id) === this.me.person.id;
  }

  /** A person's role is another; where it is ours, so is what we may do. */
  async #personChanged(envelope) {
    if (envelope.data.person.id !== this.me.person.id) return;
    try {
      this.me = await api.me();
    } catch {
      return; // the line says it, if we are out
    }
    document.getElementById("me").textContent = this.me.person.name;
    this.chat.peopleChanged();
    this.refreshPeople(); // whose device and connection we see is another now
    this.#on.changed?.();
  }

  #hurry() {
    this.events.hurry();
    this.stage.hurry();
  }

  #take(envelope) {
    if (envelope.type === "schedule.changed") this.waiting.take(envelope.data.show);
    if (envelope.type === "typing") return this.chat.take(envelope);
    if (envelope.type === "quality") return this.#connectionsAre(envelope);
    this.#peopleAre(envelope);
    this.#meanwhile?.push(envelope);
    if (envelope.type === "person.changed") this.#personChanged(envelope);
    else if (envelope.type === "hand") this.chat.peopleChanged();
    else if (envelope.type === "session.state") {
      this.#stateChanged(envelope.data);
      this.refreshPeople();
    } else if (envelope.type === "grant") {
      this.#ending.take(envelope);
      this.refreshPeople();
    } else if (envelope.type === "command") {
      if (envelope.data.action === "grant") this.#ending.clear(envelope.data.target);
      this.#commands.set(envelope.id, envelope.data);
      if (OUT.includes(envelope.data.action) && envelope.data.target === this.me.person.id) this.#putOut = envelope;
    } else if (envelope.type === "notice" && this.#forUs(envelope.data)) this.notices.take(envelope);
    if (envelope.type !== "notice" || this.#forUs(envelope.data)) this.chat.take(envelope);
    this.#on.envelope?.(envelope);
  }

  #connectionsAre(envelope) {
    this.people.connections(envelope);
    const mine = envelope.data.people.find((one) => one.person === this.me.person.id);
    if (mine) this.quality.show(mine.quality);
  }

  #welcomed({ data }) {
    this.#putOut = null; // it was read in the record: we may be here again
    this.#stateChanged(data.state);
    this.people.count(data.present, data.watching);
    this.refreshPeople();
  }

  #stateChanged(change, first = false) {
    const before = this.state;
    this.state = change;
    const badge = document.getElementById("badge");
    badge.textContent = SESSION[change.state].badge;
    badge.dataset.state = change.state;
    document.getElementById("locked").hidden = !change.locked;
    this.waiting.state(change);
    this.stage.showState(change);
    document.title = `${change.state === "live" ? "● " : ""}${document.getElementById("title").textContent} · Stoa`;
    if (!first && before.state !== change.state) this.say(change.words || SESSION[change.state].title || "The show is live.");
    this.#on.state?.(change);
  }

  #counted(present, watching) {
    document.getElementById("present").textContent = present;
    this.chat?.peopleChanged();
    this.#on.counted?.(present, watching);
  }

  #chatCame() {
    if (!this.#chatSeen) document.querySelector("#tab-chat .fresh").hidden = false;
  }

  #panelShown(id) {
    this.#chatSeen = id === "panel-chat";
    this.#on.panel?.(id);
    if (!this.#chatSeen) return;
    document.querySelector("#tab-chat .fresh").hidden = true;
    this.chat.scrollToEnd();
  }

  /** The WebSocket was refused before it opened, which browsers tell without a reason: ask by HTTP whether we are still in. */
  async #doubt() {
    try {
      await api.me();
    } catch (error) {
      if (error.status === 401 || error.status === 403) this.#over(error.code, error.message);
    }
  }

  #over(code, words) {
    this.close();
    this.#on.gone(code, words, this.#putOut);
  }
}

/** Me and the session's status, or null where the server does not know us. Other failures reject. */
export async function signedIn(session = null) {
  let me;
  try {
    me = await api.me();
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
  if (session && me.session !== session) return null;
  return me;
}
