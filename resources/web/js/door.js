// The way in: the invite from the fragment, the name that a person chose, and the card that says why someone is out.

import * as api from "./api.js";
import { removal } from "./ban.js";
import { button, el, icon, problem } from "./dom.js";
import { clock } from "./time.js";
import { GONE } from "./words.js";

export const NAME_CHARACTERS = 40;
const NAME = "stoa.name";
const INVITE = "stoa.invite.";

/** What the page can keep; a browser that keeps nothing is no reason to fail. */
const kept = {
  get(store, key) {
    try {
      return store.getItem(key) ?? "";
    } catch {
      return "";
    }
  },
  set(store, key, value) {
    try {
      if (value) store.setItem(key, value);
      else store.removeItem(key);
    } catch {
      // private windows may refuse: the name is asked for again next time
    }
  },
};

/**
 * The invite of this page. It is taken out of the address, so that it is neither in the history nor on a shared screen, and
 * kept for this tab (`once`: an admin's, good a single time) or for this browser (a viewer's: the bookmark goes on working).
 */
export class Invite {
  #store;
  #key;

  constructor(session, once) {
    this.#store = once ? sessionStorage : localStorage;
    this.#key = INVITE + session;
    const given = new URLSearchParams(location.hash.slice(1)).get("i");
    this.fresh = Boolean(given);
    if (given) {
      kept.set(this.#store, this.#key, given);
      history.replaceState(null, "", location.pathname + location.search);
    }
    this.value = given ?? kept.get(this.#store, this.#key);
  }

  forget() {
    this.value = "";
    kept.set(this.#store, this.#key, "");
  }
}

export const knownName = () => kept.get(localStorage, NAME);
export const rememberName = (name) => kept.set(localStorage, NAME, name);

function brand() {
  return el("p", { class: "brand" }, icon("stoa"), "Stoa");
}

/** Asks for the name and joins. Resolves with the JoinAnswer; refusals are said in the form, which stays. */
export function askName(root, { title, lead, press, invite, session }) {
  return new Promise((resolve) => {
    const name = el("input", { class: "input", id: "name", name: "name", autocomplete: "nickname", maxlength: NAME_CHARACTERS, required: true, dir: "auto", "aria-describedby": "name-hint", value: knownName() });
    const go = el("button", { class: "button primary", text: press });
    const trouble = el("div");
    const submit = async (event) => {
      event.preventDefault();
      const chosen = name.value.trim();
      name.removeAttribute("aria-invalid");
      trouble.replaceChildren();
      if (!chosen) return refuse(new api.ApiError("name_bad", "A name is missing.", "Write the name under which the others see you."));
      go.disabled = true;
      go.textContent = "One moment…";
      try {
        const answer = await api.join(invite.value, chosen, session);
        rememberName(chosen);
        resolve(answer);
      } catch (error) {
        go.disabled = false;
        go.textContent = press;
        refuse(error);
      }
    };
    const refuse = (error) => {
      trouble.replaceChildren(problem(error));
      if (error.code.startsWith("name_")) {
        name.setAttribute("aria-invalid", "true");
        name.focus();
        name.select();
      }
    };
    root.replaceChildren(brand(), el("div", { class: "card" }, el("form", { novalidate: true, on: { submit } },
      el("div", {}, el("h1", { text: title }), el("p", { class: "lead", text: lead })),
      el("div", { class: "field" }, el("label", { for: "name", text: "Your name" }), name, el("span", { class: "hint", id: "name-hint", text: `The others see it. ${NAME_CHARACTERS} characters at most.` })),
      trouble, go)));
    root.hidden = false;
    name.focus();
  });
}

/**
 * The end of the way, in words: what happened and what to do. `again`: a button's words and its deed. `command`: the envelope of the
 * command that put us out, where it came.
 */
export function showGone(root, code, words = "", again = null, command = null) {
  const end = code === "removed" ? removal(words, command) : { code, words, until_ms: 0 };
  const known = GONE[end.code] ?? GONE.not_signed_in;
  const title = el("h1", { text: end.until_ms ? `${known.title} until ${clock(end.until_ms)}` : known.title, tabindex: "-1" });
  const own = end.words && end.words !== known.title ? el("p", { text: end.words, dir: "auto" }) : null;
  const remedy = (end.until_ms && known.later) || known.remedy;
  root.replaceChildren(brand(), el("div", { class: "card message", "data-gone": end.code }, el("div", {}, title, el("p", { class: "lead" }, own ?? "", el("span", { text: remedy }))),
    again ? button({ words: again.words, kind: "primary", press: again.press }) : null));
  root.hidden = false;
  title.focus();
}

/** A failure before anything could be shown, with a button to try again. */
export function showTrouble(root, error, again) {
  root.replaceChildren(brand(), el("div", { class: "card message", "data-gone": "trouble" }, icon("offline"), problem(error), button({ words: "Try again", picture: "refresh", kind: "primary", press: again })));
  root.hidden = false;
}
