// For how long somebody may not write in the chat: the question of who runs it. The window offers the same lengths.

import { openMenu } from "./menu.js";

const TEAM = ["owner", "admin", "director", "broadcaster"]; // who run the session: nobody mutes them in the chat
const LENGTHS = [[60, "For 1 minute"], [600, "For 10 minutes"], [3600, "For 1 hour"], [86400, "For 1 day"]];

/** Whether a mute in the chat may be said of somebody in this role. */
export const mutable = (role) => Boolean(role) && !TEAM.includes(role);

/** `mute(seconds)` does what was chosen, 0 lifts it. */
export function askMute(name, mute) {
  const items = LENGTHS.map(([seconds, words]) => ({ words, picture: "clock", act: () => mute(seconds) }));
  openMenu(`Mute ${name} in the chat`, [...items, { words: "Let them write again", picture: "chat", act: () => mute(0) }]);
}
