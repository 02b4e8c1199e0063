// What those who run the chat see of it: messages that wait, and its rules.

import * as api from "./api.js";
import { button, el, problem, written } from "./dom.js";

const COMMAND = /^!?(\S+)\s+(?:(\d{1,4})\s+)?(.+)$/;
const COOL_DOWN_S = 10;

/** The queue of messages that wait for a moderator. */
export class HeldQueue {
  #root;
  #send;
  #held = new Map();

  constructor(root, send) {
    this.#root = root;
    this.#send = send;
  }

  begin(held) {
    for (const one of held) this.#held.set(one.held, one);
    this.#paint();
  }

  add(held) {
    this.#held.set(held.held, held);
    this.#paint();
  }

  decided(id) {
    this.#held.delete(id);
    this.#paint();
  }

  #paint() {
    const count = this.#held.size;
    this.#root.hidden = count === 0;
    if (!count) return this.#root.replaceChildren();
    const focused = this.#root.contains(document.activeElement) ? document.activeElement.dataset.deed : null;
    const rows = [...this.#held.values()].map((held) =>
      el("li", {}, el("span", { class: "words" }, written(held.name, { class: "who" }), " ", written(held.text)),
        el("span", { class: "deeds" },
          button({ words: "Allow", kind: "small", press: () => this.#decide(held, true), "data-deed": `${held.held} allow` }),
          button({ words: "Refuse", kind: "quiet small", press: () => this.#decide(held, false), "data-deed": `${held.held} refuse` }))));
    this.#root.replaceChildren(el("h3", { text: count === 1 ? "1 message waits for you" : `${count} messages wait for you` }), el("ol", {}, ...rows));
    if (focused) (this.#root.querySelector(`[data-deed="${CSS.escape(focused)}"]`) ?? this.#root.querySelector("button"))?.focus();
  }

  async #decide(held, allow) {
    try {
      await this.#send("chat.decide", { held: held.held, allow });
    } catch (error) {
      if (error.code === "not_found") this.decided(held.held);
      else this.#root.append(problem(error));
    }
  }
}

/** The rules of the chat, all in one dialog. */
export async function askRules(session, send, failed) {
  let rules;
  try {
    rules = await api.chatRules(session);
  } catch (error) {
    return failed(error);
  }
  const slow = el("input", { class: "input", id: "rule-slow", type: "number", min: "0", max: "3600", step: "1", value: rules.slow_s });
  const links = el("input", { type: "checkbox", id: "rule-links", checked: rules.links });
  const hold = el("input", { type: "checkbox", id: "rule-hold", checked: rules.hold });
  const words = el("textarea", { class: "input", id: "rule-words", rows: "3", dir: "auto", "aria-describedby": "rule-words-hint" });
  words.value = rules.words.join("\n");
  const commands = el("textarea", { class: "input", id: "rule-commands", rows: "3", dir: "auto", "aria-describedby": "rule-commands-hint" });
  commands.value = rules.commands.map(({ name, answer, cool_down_s }) => `!${name} ${cool_down_s} ${answer}`).join("\n");
  const place = el("div");
  const field = (id, label, input, hint) => el("div", { class: "field" }, el("label", { for: id, text: label }), input, hint ? el("span", { class: "hint", id: `${id}-hint`, text: hint }) : null);
  const tick = (id, label, input) => el("div", { class: "tick" }, input, el("label", { for: id, text: label }));
  const form = el("form", { class: "rules", on: { submit: (event) => { event.preventDefault(); save(); } } },
    el("h2", { id: "rules-title", text: "Rules of the chat" }),
    el("p", { text: "They hold for the audience, not for those who run the session." }),
    field("rule-slow", "Seconds between two messages of one person", slow),
    tick("rule-links", "Links are allowed", links),
    tick("rule-hold", "Read each message before it appears", hold),
    field("rule-words", "Words that are not wanted", words, "One on each line. With * at its end: all words that begin so."),
    field("rule-commands", "Commands", commands, "One on each line: !name, seconds until it is answered again, the answer"),
    place,
    el("div", { class: "row end" }, button({ words: "Cancel", press: () => dialog.close() }), el("button", { class: "button primary", text: "Save" })));
  const dialog = el("dialog", { "aria-labelledby": "rules-title", on: { close: () => dialog.remove() } }, form);
  const save = async () => {
    const lines = (area) => area.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const own = lines(commands).map((line) => COMMAND.exec(line));
    if (own.includes(null)) {
      place.replaceChildren(problem({ message: "A command needs a name and an answer.", remedy: "Write it as: !rules 30 Be kind to each other." }));
      return commands.focus();
    }
    const made = own.map(([, name, seconds, answer]) => ({ name, answer, cool_down_s: Number(seconds ?? COOL_DOWN_S) }));
    try {
      await send("chat.rules", { slow_s: Number(slow.value) || 0, links: links.checked, hold: hold.checked, words: lines(words), commands: made });
      dialog.close();
    } catch (error) {
      place.replaceChildren(problem(error));
    }
  };
  document.body.append(dialog);
  dialog.showModal();
  slow.focus();
}
