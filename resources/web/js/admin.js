// The admin's page: in by the one-time link, then the people, the commands with their acknowledgements, and the audit log.

import { signOut } from "./accountcalls.js";
import { Accounts } from "./accounts.js";
import * as api from "./api.js";
import { Audit } from "./audit.js";
import { Commands, EVERYONE } from "./commands.js";
import { confirm } from "./confirm.js";
import { Invite, askName, showGone, showTrouble } from "./door.js";
import { deedsOf } from "./deeds.js";
import { button, el } from "./dom.js";
import { Invites } from "./invites.js";
import { Plans } from "./plans.js";
import { Room, signedIn } from "./room.js";
import { sure } from "./sure.js";
import { ROLES, people, watching } from "./words.js";

const PEOPLE_EVERY_MS = 10_000;
const ONE_SESSION = "admin";
const PAGE_ROLES = ["owner", "admin", "director"];

const ACCOUNT = { words: "Sign in with an account", press: () => location.assign("/sign-in") };

const invite = new Invite(ONE_SESSION, true);
const door = document.getElementById("door");
const place = document.getElementById("room");

async function enter() {
  door.hidden = true;
  try {
    let me = await signedIn();
    if (!me || (!PAGE_ROLES.includes(me.person.role) && invite.value)) {
      if (!invite.value) return showGone(door, "admin_link", "", ACCOUNT);
      me = await askName(door, { title: "Sign in as admin", lead: "This link works once, in this browser. Your name stands beside what you do.", press: "Sign in", invite });
    }
    invite.forget();
    if (!PAGE_ROLES.includes(me.person.role)) return showGone(door, "not_admin");
    open(me, await api.status(me.session));
  } catch (error) {
    if (error.code === "time_over") showGone(door, error.code, "", { words: "Come back", press: () => location.reload() });
    else if (error.code === "removed") showGone(door, "removed", error.message);
    else showTrouble(door, error, enter);
  }
}

function open(me, status) {
  door.hidden = true;
  door.replaceChildren();
  place.hidden = false;
  rights(me);
  let desk = null;
  const room = new Room(me, status, {
    gone: (code, words, command) => gone(code, words, command),
    deeds: (person) => desk?.deedsOf(person) ?? [],
    counted: (present, count) => (document.getElementById("counts").textContent = [people(present), count === null ? "" : watching(count)].filter(Boolean).join(" · ")),
    state: () => desk?.paint(),
    changed: () => desk?.changed(),
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
  #accounts;
  #plans;

  constructor(room) {
    this.#room = room;
    this.#commands = new Commands(document.getElementById("commands"), room.me, (data, id, limit_ms) => room.events.send("command", data, { id, limit_ms }));
    this.#audit = new Audit(document.getElementById("panel-audit"), room.session, (words) => room.say(words), () => room.waiting.now_ms());
    this.#invites = new Invites(document.getElementById("panel-invites"), room.session, room.me.rights, (words) => room.say(words));
    this.#accounts = new Accounts(document.getElementById("panel-accounts"), room.session, room.me, (words) => room.say(words));
    this.#plans = new Plans(document.getElementById("panel-schedule"), room.session, room.me, (words) => room.say(words));
    const form = document.getElementById("announce");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#announce(document.getElementById("announce-text"));
    });
    document.getElementById("announce-to").addEventListener("change", () => this.#addressed());
    this.paint();
    room.people.paint();
  }

  take(envelope) {
    this.#commands.take(envelope);
    if (envelope.type === "schedule.changed") this.#plans.stir();
    if (envelope.type !== "chat.message") this.#audit.stir();
    if (envelope.type.startsWith("command")) this.#room.refreshPeople();
    if (envelope.type === "command.done" && ["kick", "ban"].includes(envelope.data.action)) this.#invites.stir(); // the link they came by is another now
  }

  panelShown(id) {
    this.#audit.show(id === "panel-audit");
    this.#invites.show(id === "panel-invites");
    this.#accounts.show(id === "panel-accounts");
    this.#plans.show(id === "panel-schedule");
  }

  /** The buttons of the show and of the session: what can be done now, and no others. */
  paint() {
    const { state, why, words, needs_release, muted_audio, muted_video, locked } = this.#room.state;
    const sound = muted_audio ? "unmute_audio" : "mute_audio";
    const picture = muted_video ? "unmute_video" : "mute_video";
    this.#buttons("deck-buttons", [
      [sound, muted_audio ? "Unmute sound" : "Mute sound", muted_audio ? "mic" : "mic-off", "audio"],
      [picture, muted_video ? "Switch picture on" : "Switch picture off", muted_video ? "camera" : "camera-off", "video"],
      ["record_start", "Start recording", "record", "record"],
      ["record_stop", "Stop recording", "stop", "record-stop"],
      needs_release ? ["release", "Allow Go live again", "release", "stop", "primary"] : ["stop", "Stop the show…", "stop", "stop", "danger"],
    ]);
    this.#buttons("session-buttons", [
      ["mute_audio", "Mute everyone", "mic-off", "all-audio", "", EVERYONE],
      ["unmute_audio", "Unmute everyone", "mic", "all-audio-on", "", EVERYONE],
      ["mute_video", "All pictures off", "camera-off", "all-video", "", EVERYONE],
      ["unmute_video", "All pictures on", "camera", "all-video-on", "", EVERYONE],
      locked ? ["unlock", "Unlock the session", "release", "lock", "primary"] : ["lock", "Lock the session", "lock", "lock"],
      ["end", "End for all…", "ended", "end", "danger"],
      ...(why === "ended" && !needs_release ? [["release", "Allow Go live again", "release", "reopen"]] : []), // for tools that know WHIP only
    ], "small");
    const muted = [muted_audio && "The sound is muted.", muted_video && "The picture is switched off."].filter(Boolean).join(" ");
    const own = words || { waiting: "Nothing is on air.", live: "The host is on air.", ended: "The show has ended." }[state];
    document.getElementById("deck-words").textContent = [own, needs_release ? "The host cannot go live until you allow it." : "", muted].filter(Boolean).join(" ");
    document.getElementById("session-words").textContent = locked ? "Locked: nobody new can come in, who was here may return." : "Open: whoever has a good link can come in.";
  }

  #buttons(id, all, size = "") {
    const place = document.getElementById(id);
    const focused = place.contains(document.activeElement) ? document.activeElement.dataset.act : null;
    const made = all.filter(([action]) => this.#room.me.rights.includes(action));
    place.replaceChildren(...made.map(([action, words, picture, key, kind = "", person = null]) => button({ words, picture, kind: `${kind} ${size}`.trim(), "data-act": key, press: () => this.#act(action, person) })));
    if (focused) place.querySelector(`[data-act="${focused}"]`)?.focus();
  }

  deedsOf(person) {
    return deedsOf(person, this.#room.me, (action, whom, more) => this.#act(action, whom, more), (whom) => this.#write(whom), (whom, seconds) => this.#room.chat.mute(whom.id, seconds));
  }

  /** We are somebody else now, or may do something else. */
  changed() {
    if (!PAGE_ROLES.includes(this.#room.me.person.role)) return this.#room.close(), gone("not_admin", "");
    rights(this.#room.me);
    this.paint();
    this.#room.people.paint();
  }

  async #act(action, person = null, more = {}) {
    const answer = await sure(action, person, more);
    if (answer === null) return;
    const { text, ...rest } = answer;
    await this.#commands.give(action, person, text, { ...more, ...rest });
  }

  /** The announcement is for this person now. */
  #write(person) {
    const to = document.getElementById("announce-to");
    to.querySelector("[data-person]")?.remove();
    to.append(el("option", { value: "person", text: person.name, "data-person": person.id, selected: true }));
    this.#addressed();
    document.getElementById("announce-text").focus();
  }

  #addressed() {
    const to = document.getElementById("announce-to");
    const whom = { all: "everyone", hosts: "the hosts" }[to.value] ?? to.selectedOptions[0].text;
    document.getElementById("announce-title").textContent = `Announce to ${whom}`;
    document.getElementById("announce-text").placeholder = to.value === "all" ? "Everyone in the session sees it at once" : "Only they see it, at once";
  }

  async #announce(field) {
    const text = field.value.trim();
    if (!text) return field.focus();
    const to = document.getElementById("announce-to");
    const id = to.value === "person" ? to.selectedOptions[0].dataset.person : null;
    const person = id ? (this.#room.people.get(id) ?? { id, name: to.selectedOptions[0].text }) : null;
    field.value = "";
    const more = to.value === "all" ? {} : { to: to.value };
    if (!(await this.#commands.give("announce", person, text, more)) && !field.value) field.value = text;
  }
}

/** Shows what this role has a use for. */
function rights({ person, rights }) {
  document.getElementById("role").textContent = ROLES[person.role] ?? person.role;
  document.getElementById("announce-block").hidden = !rights.includes("announce");
  document.getElementById("tab-audit").hidden = !rights.includes("read_audit");
  document.getElementById("tab-invites").hidden = !rights.includes("invite_viewer");
  document.getElementById("tab-schedule").hidden = !rights.includes("see_plans");
  document.getElementById("tab-accounts").hidden = !rights.includes("manage_accounts");
}

function gone(code, words, command = null) {
  place.hidden = true;
  document.title = "Admin · Stoa";
  if (code === "time_over") return showGone(door, code, "", { words: "Come back", press: () => location.reload() });
  if (code === "bad_message") return showGone(door, code, "", { words: "Load again", press: () => location.reload() });
  const out = code === "not_signed_in" || code === "left";
  showGone(door, out ? "admin_link" : code, words, out ? ACCOUNT : null, command);
}

async function leave(room) {
  const yes = await confirm({ title: "Sign out?", words: "To come back you sign in with your account. Without one you need a new link from the owner of the studio.", press: "Sign out" });
  if (!yes) return;
  room.close();
  place.hidden = true;
  await end();
}

/** The place in the session ends, and the sign-in with an account, where there is one. */
async function end() {
  try {
    await api.leave();
  } catch {
    // whoever is out already has nothing to leave; whether the server is away is seen next
  }
  try {
    await signOut();
  } catch (error) {
    if (error.status !== 401) return showTrouble(door, error, end); // 401: nobody is signed in with an account
  }
  gone("left", "You have signed out.");
}

// another invite pasted into the address; a skip link also changes the fragment
addEventListener("hashchange", () => new URLSearchParams(location.hash.slice(1)).has("i") && location.reload());
enter();
