// The questions before a command that takes somebody off the air or out of the session.

import { confirm } from "./confirm.js";
import { askTime } from "./grants.js";

const SPANS = [["600", "10 minutes"], ["3600", "1 hour"], ["86400", "1 day"], ["604800", "7 days"], ["0", "Until an admin lifts it"]];
const STAGE = ["owner", "broadcaster"];
const WHILE_AWAY = "The link they came by is dead then, and a new one takes its place; who came by it too stays.";

const QUESTIONS = {
  stop: () => ({
    title: "Stop the show?",
    words: "Every destination ends, viewers see the end, and the recording is closed and kept. The host can go live again only after an admin allows it.",
    press: "Stop the show",
    field: "Reason for the host (optional)",
  }),
  end: () => ({
    title: "End the session for all?",
    words: "Every destination ends, viewers see the end, and the recording is closed and kept. The host may go live again at any time.",
    press: "End the session",
    field: "Reason for the host (optional)",
  }),
  kick: (person) => ({
    title: `Remove ${person.name}?`,
    words: `${person.name} leaves the session at once and cannot come back until an admin lets them in again. ${WHILE_AWAY}${onAir(person)}`,
    press: "Remove",
    field: "Reason, which they read (optional)",
  }),
  ban: (person) => ({
    title: `Ban ${person.name}?`,
    words: `${person.name} leaves the session at once. Neither they nor anybody with a name that looks like theirs gets in before the ban is over. ${WHILE_AWAY}${onAir(person)}`,
    press: "Ban",
    choice: { label: "For how long", options: SPANS, value: "3600" },
    field: "Reason, which they read (optional)",
  }),
  demote: (person, more) => offAir(person, more),
  promote: (person, more) => offAir(person, more),
};

/** Of the roles only hosts send: an admin or a director does not. */
const offAir = (person, { role }) => (person.publishing?.length && !STAGE.includes(role) ? {
  title: `Take ${person.name} off the air?`,
  words: `In the new role ${person.name} may not send sound or picture: what they have on air ends at once.`,
  press: "Take off the air",
  field: "Reason, which they read (optional)",
} : null);

const onAir = (person) => (person.publishing?.length ? " What they have on air ends." : "");

/** Resolves with null for no, else with {text} and, of a ban, {seconds}, of a grant, {ends}. */
export async function sure(action, person = null, more = {}) {
  if (action === "grant") return askTime(person);
  const question = QUESTIONS[action]?.(person, more);
  if (!question) return { text: "" };
  const answer = await confirm(question);
  if (!answer) return null;
  return action === "ban" ? { text: answer.text, seconds: Number(answer.choice) } : { text: answer.text };
}
