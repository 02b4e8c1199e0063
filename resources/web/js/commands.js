// The admin's commands, and live what became of each: sent, taken by the server, and done, already so, refused or failed.

import { el, icon, newId } from "./dom.js";
import { clock, lasting } from "./time.js";
import { ROLES } from "./words.js";

const KEPT = 50;
const LIMIT_MS = 20_000;

const ACTIONS = {
  mute_audio: { picture: "mic-off", words: (who) => `Mute the sound of ${who}` },
  unmute_audio: { picture: "mic", words: (who) => `Unmute the sound of ${who}` },
  mute_video: { picture: "camera-off", words: (who) => `Switch off the picture of ${who}` },
  unmute_video: { picture: "camera", words: (who) => `Switch on the picture of ${who}` },
  stop: { picture: "stop", words: () => "Stop the show" },
  release: { picture: "release", words: () => "Allow Go live again" },
  kick: { picture: "kick", words: (who) => `Remove ${who}` },
  readmit: { picture: "readmit", words: (who) => `Let ${who} back in` },
  ban: { picture: "ban", words: (who, { seconds }) => `Ban ${who} ${seconds ? `for ${lasting(seconds)}` : "for good"}` },
  unban: { picture: "readmit", words: (who) => `Lift the ban of ${who}` },
  promote: { picture: "up", words: (who, { role }) => `Make ${who} ${ROLES[role]?.toLowerCase() ?? "somebody else"}` },
  demote: { picture: "down", words: (who, { role }) => `Make ${who} ${ROLES[role]?.toLowerCase() ?? "somebody else"}` },
  grant: { picture: "clock", words: (who) => `Set the time of ${who}` },
  lower_hand: { picture: "hand", words: (who) => `Lower the hand of ${who}` },
  record_start: { picture: "record", words: (who) => `Start the recording of ${who}` },
  record_stop: { picture: "stop", words: (who) => `Stop the recording of ${who}` },
  lock: { picture: "lock", words: () => "Lock the session" },
  unlock: { picture: "release", words: () => "Unlock the session" },
  end: { picture: "ended", words: () => "End the session" },
  announce: { picture: "announce", words: (who, { to }) => (to === "person" ? `Announce to ${who}` : to === "hosts" ? "Announce to the hosts" : "Announce") },
};

export const EVERYONE = { id: "all", name: "everyone", publishing: [] };

const FATES = {
  sending: "Sending…",
  taken: "Waiting for the studio…",
  done: "Done",
  already: "Already so",
  refused: "Refused",
  failed: "Failed",
};

export class Commands {
  #list;
  #send;
  #rows = new Map();
  #me;

  /** `send(data, id, limit_ms)` resolves with the ack. */
  constructor(list, me, send) {
    this.#list = list;
    this.#me = me;
    this.#send = send;
    this.#list.append(el("li", { class: "words", text: "What you and the other admins command appears here, with what the server and the studio made of it." }));
  }

  /** Give it. `person` null stands for the host, `more` is role, seconds or to. Resolves with whether the server took it. */
  async give(action, person = null, text = "", more = {}) {
    const id = newId();
    const row = this.#row(id, action, person?.name ?? "", text, more, this.#me.person.name, new Date().toISOString());
    this.#fate(row, "sending");
    try {
      await this.#send({ action, target: person?.id ?? "", text, ...more }, id, LIMIT_MS);
      if (row.fate === "sending") this.#fate(row, "taken");
      return true;
    } catch (error) {
      if (row.fate === "sending") this.#fate(row, error.code === "unreachable" ? "failed" : "refused", [error.message, error.remedy].filter(Boolean).join(" "));
      return false;
    }
  }

  /** `command` and `command.done` of the record, our own and the other admins'. */
  take({ id, type, at, from, data }) {
    if (type === "command") {
      const row = this.#rows.get(id) ?? this.#row(id, data.action, data.target_name, data.text, data, from.name, at);
      if (row.fate === "" || row.fate === "sending") this.#fate(row, "taken");
    } else if (type === "command.done") {
      const row = this.#rows.get(data.id) ?? this.#row(data.id, data.action, "", "", {}, "another admin", at);
      this.#fate(row, data.outcome, data.words, data.by === "server" ? "Server" : "Studio");
    }
  }

  #row(id, action, target, text, more, by, at) {
    if (!this.#rows.size) this.#list.replaceChildren();
    const { picture, words } = ACTIONS[action] ?? { picture: "alert", words: () => action };
    const what = el("span", { class: "what", dir: "auto", text: words(target || "the host", more) });
    const facts = el("span", { class: "facts" }, el("bdi", { text: by }), ` · ${clock(at, true)}`);
    const fate = el("span", { class: "fate" });
    const answer = el("span", { class: "answer", hidden: true });
    const item = el("li", { class: "command", "data-command": id, "data-action": action }, icon(picture), el("span", {}, what, text ? el("span", { class: "answer", dir: "auto", text: `“${text}”` }) : "", facts, answer), fate);
    this.#list.prepend(item);
    const row = { fate: "", item, label: fate, answer };
    this.#rows.set(id, row);
    if (this.#rows.size > KEPT) {
      const [oldest, old] = this.#rows.entries().next().value;
      this.#rows.delete(oldest);
      old.item.remove();
    }
    return row;
  }

  #fate(row, fate, words = "", by = "") {
    row.fate = fate;
    row.item.dataset.fate = fate;
    row.label.dataset.fate = fate;
    row.label.textContent = FATES[fate] ?? fate;
    row.answer.hidden = !words;
    row.answer.replaceChildren(by ? el("strong", { text: `${by}: ` }) : "", el("bdi", { text: words }));
  }
}
