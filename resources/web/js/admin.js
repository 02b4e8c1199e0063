// The admin's page: in by the one-time link, then the people, the commands with their acknowledgements, and the audit log.

import * as api from "./api.js";
import { Audit } from "./audit.js";
import { Commands, sure } from "./commands.js";
import { confirm } from "./confirm.js";
import { Invite, askName, showGone, showTrouble } from "./door.js";
import { button } from "./dom.js";
import { Invites } from "./invites.js";
import { deed } from "./people.js";
import { Room, signedIn } from "./room.js";
import { people, watching } from "./words.js";

const PEOPLE_EVERY_MS = 10_000;
const ONE_SESSION = "admin";
const ADMINS = ["admin", "owner"];
const STAGE = ["owner", "broadcaster"];

const invite = new Invite(ONE_SESSION, true);
const door = document.getElementById("door");
const place = document.getElementById("room");

async function enter() {
  door.hidden = true;
  try {
    let me = await signedIn();
    if (!me || (!ADMINS.includes(me.person.role) && invite.value)) {
      if (!invite.value) return showGone(door, "admin_link");
      me = await askName(door, { title: "Sign in as admin", lead: "This link works once, in this browser. Your name stands beside what you do.", press: "Sign in", invite });
    }
    invite.forget();
    if (!ADMINS.includes(me.person.role)) return showGone(door, "not_admin");
    open(me, await api.status(me.session));
  } catch (error) {
    if (error.code === "removed") showGone(door, "removed", error.message);
    else showTrouble(door, error, enter);
  }
}

function open(me, status) {
  door.hidden = true;
  door.replaceChildren();
  place.hidden = false;
  let desk = null;
  const room = new Room(me, status, {
    gone: (code, words) => gone(code, words),
    deeds: (person) => desk?.deedsOf(person) ?? [],
    counted: (present, count) => (document.getElementById("counts").textContent = [people(present), count === null ? "" : watching(count)].filter(Boolean).join(" · ")),
    state: () => desk?.paint(),
    envelope: (envelope) => desk?.take(envelope),
    panel: (id) => desk?.panelShown(id),
  });
  desk = new Desk(room);
  document.getElementById("leave").addEventListener("click", () => leave(room));
  setInterval(() => document.hidden || room.refreshPeople(), PEOPLE_EVERY_MS);
}

/** The commands of the page, and where they are given. */
class Desk {
  #room;
  #commands;
  #audit;
  #invites;

  constructor(room) {
    this.#room = room;
    this.#commands = new Commands(document.getElementById("commands"), room.me, (data, id, limit_ms) => room.events.send("command", data, { id, limit_ms }));
    this.#audit = new Audit(document.getElementById("panel-audit"), room.session);
    this.#invites = new Invites(document.getElementById("panel-invites"), room.session, room.me.rights, (words) => room.say(words));
    const form = document.getElementById("announce");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#announce(document.getElementById("announce-text"));
    });
    this.paint();
    room.people.paint();
  }

  take(envelope) {
    this.#commands.take(envelope);
    if (envelope.type !== "chat.message") this.#audit.stir();
    if (envelope.type.startsWith("command")) this.#room.refreshPeople();
    if (envelope.type === "command.done" && envelope.data.action === "kick") this.#invites.stir(); // the link they came by is another now
  }

  panelShown(id) {
    this.#audit.show(id === "panel-audit");
    this.#invites.show(id === "panel-invites");
  }

  /** The buttons of the show itself: what can be done now, and no others. */
  paint() {
    const { state, words, needs_release, muted_audio, muted_video } = this.#room.state;
    const sound = muted_audio ? "unmute_audio" : "mute_audio";
    const picture = muted_video ? "unmute_video" : "mute_video";
    const can = (action) => this.#room.me.rights.includes(action);
    const buttons = [
      can(sound) && button({ words: muted_audio ? "Unmute sound" : "Mute sound", picture: muted_audio ? "mic" : "mic-off", "data-act": "audio", press: () => this.#act(sound) }),
      can(picture) && button({ words: muted_video ? "Switch picture on" : "Switch picture off", picture: muted_video ? "camera" : "camera-off", "data-act": "video", press: () => this.#act(picture) }),
      can("stop") && !needs_release && button({ words: "Stop the show…", picture: "stop", kind: "danger", "data-act": "stop", press: () => this.#act("stop") }),
      can("release") && needs_release && button({ words: "Allow Go live again", picture: "release", kind: "primary", "data-act": "stop", press: () => this.#act("release") }),
    ].filter(Boolean);
    const place = document.getElementById("deck-buttons");
    const focused = place.contains(document.activeElement) ? document.activeElement.dataset.act : null;
    place.replaceChildren(...buttons);
    if (focused) place.querySelector(`[data-act="${focused}"]`)?.focus();
    const muted = [muted_audio && "The sound is muted.", muted_video && "The picture is switched off."].filter(Boolean).join(" ");
    const own = words || { waiting: "Nothing is on air.", live: "The host is on air.", ended: "The show has ended." }[state];
    document.getElementById("deck-words").textContent = [own, needs_release ? "The host cannot go live until you allow it." : "", muted].filter(Boolean).join(" ");
  }

  deedsOf(person) {
    const { me } = this.#room;
    const can = (action) => me.rights.includes(action);
    if (person.removed) return can("readmit") ? [deed(person, "readmit", "readmit", `Let ${person.name} back in`, () => this.#act("readmit", person))] : [];
    const deeds = [];
    if (STAGE.includes(person.role)) {
      const sound = person.muted_audio ? "unmute_audio" : "mute_audio";
      const picture = person.muted_video ? "unmute_video" : "mute_video";
      if (can(sound)) deeds.push(deed(person, "audio", person.muted_audio ? "mic-off" : "mic", `${person.muted_audio ? "Unmute" : "Mute"} the sound of ${person.name}`, () => this.#act(sound, person)));
      if (can(picture)) deeds.push(deed(person, "video", person.muted_video ? "camera-off" : "camera", `Switch the picture of ${person.name} ${person.muted_video ? "on" : "off"}`, () => this.#act(picture, person)));
    }
    if (can("kick") && person.id !== me.person.id) deeds.push(deed(person, "kick", "kick", `Remove ${person.name}`, () => this.#act("kick", person), true));
    return deeds;
  }

  async #act(action, person = null) {
    const reason = await sure(action, person);
    if (reason !== null) await this.#commands.give(action, person, reason);
  }

  async #announce(field) {
    const text = field.value.trim();
    if (!text) return field.focus();
    field.value = "";
    if (!(await this.#commands.give("announce", null, text)) && !field.value) field.value = text;
  }
}

function gone(code, words) {
  place.hidden = true;
  document.title = "Admin · Stoa";
  showGone(door, code === "not_signed_in" || code === "left" ? "admin_link" : code, words);
}

async function leave(room) {
  const yes = await confirm({ title: "Sign out?", words: "Your link worked once. To come back as admin you need a new one from the owner of the studio.", press: "Sign out" });
  if (!yes) return;
  room.close();
  try {
    await api.leave();
  } catch {
    // the server is away: our place there ends by itself
  }
  gone("left", "You have signed out.");
}

// another invite pasted into the address; a skip link also changes the fragment
addEventListener("hashchange", () => new URLSearchParams(location.hash.slice(1)).has("i") && location.reload());
enter();
