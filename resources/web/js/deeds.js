// What may be done with one person: the buttons in their row, and the list behind "More".

import { openMenu } from "./menu.js";
import { askMute, mutable } from "./mutes.js";
import { deed } from "./people.js";
import { ROLES } from "./words.js";

const STAGE = ["owner", "broadcaster"];
const RANKS = ["owner", "admin", "director", "broadcaster", "guest", "viewer"];
const OWNERS = "host."; // begins the id of the person whose machine it is; nobody changes their role

/**
 * The buttons of a row. `act(action, person, more)` gives a command; `write(person)` begins an announcement to them,
 * `mute(person, seconds)` keeps them from writing in the chat.
 */
export function deedsOf(person, me, act, write, mute) {
  const can = (action) => me.rights.includes(action);
  if (person.banned) return can("unban") ? [deed(person, "unban", "readmit", `Lift the ban of ${person.name}`, () => act("unban", person))] : [];
  if (person.removed) return can("readmit") ? [deed(person, "readmit", "readmit", `Let ${person.name} back in`, () => act("readmit", person))] : [];
  const deeds = [];
  if (STAGE.includes(person.role)) {
    const sound = person.muted_audio ? "unmute_audio" : "mute_audio";
    const picture = person.muted_video ? "unmute_video" : "mute_video";
    if (can(sound)) deeds.push(deed(person, "audio", person.muted_audio ? "mic-off" : "mic", `${person.muted_audio ? "Unmute" : "Mute"} the sound of ${person.name}`, () => act(sound, person)));
    if (can(picture)) deeds.push(deed(person, "video", person.muted_video ? "camera-off" : "camera", `Switch the picture of ${person.name} ${person.muted_video ? "on" : "off"}`, () => act(picture, person)));
  }
  const other = person.id !== me.person.id;
  if (person.hand_s && can("lower_hand")) deeds.push(deed(person, "hand", "hand", `Lower the hand of ${person.name}`, () => act("lower_hand", person)));
  if (can("kick") && other) deeds.push(deed(person, "kick", "kick", `Remove ${person.name}`, () => act("kick", person), true));
  const more = other ? furtherDeeds(person, me, act, write, mute) : [];
  if (more.length) deeds.push(deed(person, "more", "more", `More for ${person.name}`, () => openMenu(person.name, more)));
  return deeds;
}

function furtherDeeds(person, me, act, write, mute) {
  const can = (action) => me.rights.includes(action);
  const items = [];
  if (can("announce")) items.push({ words: "Announce something to them…", picture: "announce", act: () => write(person) });
  if (can("record_start") && STAGE.includes(person.role)) {
    items.push({ words: "Start their recording", picture: "record", act: () => act("record_start", person) });
    items.push({ words: "Stop their recording", picture: "stop", act: () => act("record_stop", person) });
  }
  for (const role of rolesFor(person, me)) {
    const up = RANKS.indexOf(role) < RANKS.indexOf(person.role);
    items.push({ words: `Make ${ROLES[role].toLowerCase()}`, picture: up ? "up" : "down", act: () => act(up ? "promote" : "demote", person, { role }) });
  }
  if (can("chat_moderate") && mutable(person.role)) items.push({ words: "Mute in the chat…", picture: "chat", act: () => askMute(person.name, (seconds) => mute(person, seconds)) });
  if (can("grant") && (person.role !== "admin" || me.person.role === "owner")) items.push({ words: "Set their time…", picture: "clock", act: () => act("grant", person) });
  if (can("ban") && !person.id.startsWith(OWNERS)) items.push({ words: "Ban…", picture: "ban", danger: true, act: () => act("ban", person) });
  return items;
}

/** Only the owner makes or unmakes an admin; nobody changes the owner. */
function rolesFor(person, me) {
  const owner = me.person.role === "owner";
  if (person.id.startsWith(OWNERS) || (person.role === "admin" && !owner)) return [];
  return RANKS.filter((role) => role !== "owner" && role !== person.role && (owner || role !== "admin")
    && me.rights.includes(RANKS.indexOf(role) < RANKS.indexOf(person.role) ? "promote" : "demote"));
}
