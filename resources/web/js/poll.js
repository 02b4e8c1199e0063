// The poll: a card above the chat with bars that grow, and the dialog that opens one.

import { button, el, problem, written } from "./dom.js";

const OPTIONS = 10;

export class PollCard {
  #root;
  #can;
  #send;
  #mine = -1;
  #away = "";
  #last = null;

  /** `send(type, data)` resolves once the server took it. */
  constructor(root, can, send) {
    this.#root = root;
    this.#can = can;
    this.#send = send;
  }

  begin(poll, mine) {
    this.#mine = mine;
    if (poll?.open) this.show(poll);
  }

  /** A poll as it stands now. */
  show(poll) {
    if (poll.poll !== this.#last?.poll && this.#last) this.#mine = -1;
    this.#last = poll;
    this.#paint();
  }

  #paint() {
    const poll = this.#last;
    this.#root.hidden = poll.poll === this.#away;
    const focused = this.#root.contains(document.activeElement) ? document.activeElement.dataset.at : null;
    const head = el("div", { class: "head" }, el("h3", {}, written(poll.question)));
    if (!poll.open) head.append(button({ picture: "close", label: "Put the poll away", kind: "quiet small", press: () => { this.#away = poll.poll; this.#root.hidden = true; } }));
    else if (this.#can("poll")) head.append(button({ words: "Close poll", kind: "quiet small", press: () => this.#do("poll.close", { poll: poll.poll }) }));
    const votes = poll.voters === 1 ? "1 vote" : `${poll.voters} votes`;
    const said = el("p", { class: "note", text: poll.open ? (this.#mine < 0 ? `${votes} · choose one` : `${votes} · you can still change yours`) : `${votes} · closed` });
    const rows = poll.options.map((option, at) => this.#row(poll, option, at));
    this.#root.replaceChildren(head, el("div", { class: "options", role: "group", "aria-label": "Options" }, ...rows), said);
    if (focused !== null) this.#root.querySelector(`[data-at="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(poll, option, at) {
    const share = poll.voters ? Math.round((100 * poll.votes[at]) / poll.voters) : 0;
    const bar = el("span", { class: "bar-of-poll", "aria-hidden": "true" });
    bar.style.inlineSize = `${share}%`;
    const chosen = this.#mine === at;
    return el("button", { type: "button", class: "option", "data-at": at, "aria-pressed": String(chosen), disabled: !poll.open, on: { click: () => this.#vote(poll, at) } },
      bar, el("span", { class: "name" }, chosen ? "✓ " : "", written(option)), el("span", { class: "share", text: `${share} %` }), el("span", { class: "unseen", text: `, ${poll.votes[at]} votes` }));
  }

  async #vote(poll, at) {
    const before = this.#mine;
    this.#mine = at;
    this.#paint();
    if (!(await this.#do("poll.vote", { poll: poll.poll, option: at }))) {
      this.#mine = before;
      this.#paint();
    }
  }

  async #do(type, data) {
    try {
      await this.#send(type, data);
      return true;
    } catch (error) {
      this.#root.append(problem(error));
      return false;
    }
  }
}

/** Asks for a question and its options, and opens the poll. */
export function askPoll(send) {
  const question = el("input", { class: "input", id: "poll-question", maxlength: "200", dir: "auto", autocomplete: "off" });
  const options = el("textarea", { class: "input", id: "poll-options", rows: "4", dir: "auto", "aria-describedby": "poll-hint" });
  const place = el("div");
  const form = el("form", { on: { submit: (event) => { event.preventDefault(); open(); } } },
    el("h2", { id: "poll-title", text: "Ask everyone" }),
    el("div", { class: "field" }, el("label", { for: "poll-question", text: "Question" }), question),
    el("div", { class: "field" }, el("label", { for: "poll-options", text: "Options" }), options, el("span", { class: "hint", id: "poll-hint", text: `One on each line, 2 to ${OPTIONS}` })),
    place,
    el("div", { class: "row end" }, button({ words: "Cancel", press: () => dialog.close() }), el("button", { class: "button primary", text: "Open poll" })));
  const dialog = el("dialog", { "aria-labelledby": "poll-title", on: { close: () => dialog.remove() } }, form);
  const open = async () => {
    const lines = options.value.split("\n").map((line) => line.trim()).filter(Boolean);
    if (!question.value.trim()) return question.focus();
    if (lines.length < 2 || lines.length > OPTIONS) {
      place.replaceChildren(problem({ message: `A poll has 2 to ${OPTIONS} options, and this one has ${lines.length}.`, remedy: "Write each on a line of its own." }));
      return options.focus();
    }
    try {
      await send("poll.open", { question: question.value.trim(), options: lines });
      dialog.close();
    } catch (error) {
      place.replaceChildren(problem(error));
    }
  };
  document.body.append(dialog);
  dialog.showModal();
  question.focus();
}
