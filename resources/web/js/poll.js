// The poll: a card above the chat with bars that grow, and the dialog that opens one.

import { button, changeIcon, el, icon, problem, written } from "./dom.js";

const OPTIONS = 10;

const votes = (count) => (count === 1 ? "1 vote" : `${count} votes`);

export class PollCard {
  #root;
  #can;
  #send;
  #meId;
  #mine = -1;
  #tabs = new BroadcastChannel("stoa.votes"); // who voted for what the server tells nobody, not even our own other tabs
  #elsewhere = {}; // our vote in another tab, for a poll that may not have come to this one yet
  #away = "";
  #folded = "";
  #fold = button({ picture: "fold", label: "Fold the poll", kind: "quiet small", press: () => { this.#folded = this.#folded === this.#last.poll ? "" : this.#last.poll; this.#paint(); } });
  #last = null;
  #face = "";
  #rows = [];
  #note = el("p", { class: "note" });
  #trouble = el("div");

  /** `meId`: who votes here; `send(type, data)` resolves once the server took it. */
  constructor(root, meId, can, send) {
    this.#root = root;
    this.#meId = meId;
    this.#can = can;
    this.#send = send;
    this.#tabs.addEventListener("message", ({ data }) => data.person === meId && this.#votedElsewhere(data));
  }

  begin(poll, mine) {
    if (!poll?.open) return;
    this.#mine = mine;
    this.show(poll);
  }

  /** A poll as it stands now. */
  show(poll) {
    if (poll.poll !== this.#last?.poll) {
      if (this.#elsewhere.poll === poll.poll) this.#mine = this.#elsewhere.option;
      else if (this.#last) this.#mine = -1;
    }
    this.#last = poll;
    this.#paint();
  }

  #votedElsewhere({ poll, option }) {
    this.#elsewhere = { poll, option };
    if (poll !== this.#last?.poll) return;
    this.#mine = option;
    this.#paint();
  }

  /** Changed in place while it is the same poll: a press under way is not lost, the focus stays, and the bars grow. */
  #paint() {
    const poll = this.#last;
    this.#root.hidden = poll.poll === this.#away;
    const face = [poll.poll, poll.open, this.#can("poll")].join(" ");
    if (face !== this.#face) this.#build(poll);
    this.#face = face;
    const folded = poll.open && this.#folded === poll.poll;
    this.#foldTo(folded);
    this.#note.textContent = folded ? `${poll.question} · ${votes(poll.voters)}` : `${votes(poll.voters)} · ${poll.open ? (this.#mine < 0 ? "choose one" : "you can still change yours") : "closed"}`;
    this.#rows.forEach((row, at) => this.#stands(row, poll, at));
  }

  #build(poll) {
    const focused = this.#root.contains(document.activeElement);
    this.#rows = poll.options.map((option, at) => this.#row(poll, option, at));
    // how many voted stands above what is asked, which scrolls where there is little room
    const head = el("div", { class: "head" }, icon("poll"), this.#note);
    if (!poll.open) head.append(button({ picture: "close", label: "Put the poll away", kind: "quiet small", press: () => { this.#away = poll.poll; this.#root.hidden = true; } }));
    else {
      if (this.#can("poll")) head.append(button({ words: "Close poll", kind: "quiet small", press: () => this.#do("poll.close", { poll: poll.poll }) }));
      head.append(this.#fold);
    }
    const options = el("div", { class: "options", role: "group", "aria-label": "Options" }, ...this.#rows.map((row) => row.option));
    this.#root.replaceChildren(head, el("div", { class: "asked" }, el("h3", {}, written(poll.question)), options), this.#trouble);
    this.#trouble.replaceChildren();
    if (focused) head.querySelector("button")?.focus();
  }

  /** An open poll stays, but need not take the room of the chat. */
  #foldTo(folded) {
    const words = folded ? "Show the poll" : "Fold the poll";
    this.#root.querySelector(".asked").hidden = folded;
    this.#fold.setAttribute("aria-expanded", String(!folded));
    this.#fold.setAttribute("aria-label", words);
    this.#fold.title = words;
    changeIcon(this.#fold.querySelector("svg"), folded ? "unfold" : "fold");
  }

  #row(poll, words, at) {
    const bar = el("span", { class: "bar-of-poll", "aria-hidden": "true" });
    const [tick, share, count] = [el("span"), el("span", { class: "share" }), el("span", { class: "unseen" })];
    const option = el("button", { type: "button", class: "option", disabled: !poll.open, on: { click: () => this.#vote(this.#last, at) } },
      bar, el("span", { class: "name" }, tick, written(words)), share, count);
    return { option, bar, tick, share, count };
  }

  #stands({ option, bar, tick, share, count }, poll, at) {
    const percent = poll.voters ? Math.round((100 * poll.votes[at]) / poll.voters) : 0;
    bar.style.inlineSize = `${percent}%`;
    option.setAttribute("aria-pressed", String(this.#mine === at));
    tick.textContent = this.#mine === at ? "✓ " : "";
    share.textContent = `${percent} %`;
    count.textContent = `, ${votes(poll.votes[at])}`;
  }

  async #vote(poll, at) {
    const before = this.#mine;
    this.#mine = at;
    this.#paint();
    if (await this.#do("poll.vote", { poll: poll.poll, option: at })) this.#tabs.postMessage({ person: this.#meId, poll: poll.poll, option: at });
    else {
      this.#mine = before;
      this.#paint();
    }
  }

  async #do(type, data) {
    try {
      await this.#send(type, data);
      this.#trouble.replaceChildren();
      return true;
    } catch (error) {
      this.#trouble.replaceChildren(problem(error));
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
