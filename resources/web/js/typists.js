// Who is writing now, as one line. Whoever says nothing more is forgotten.

import { el, written } from "./dom.js";

const TYPING_MS = 5000;

export class Typists {
  root = el("p", { class: "typing", hidden: true });
  #people = new Map(); // person -> {name, forget}

  types({ person, name }) {
    clearTimeout(this.#people.get(person)?.forget);
    this.#people.set(person, { name, forget: setTimeout(() => this.stopped(person), TYPING_MS) });
    this.#show();
  }

  stopped(person) {
    if (!this.#people.has(person)) return;
    clearTimeout(this.#people.get(person).forget);
    this.#people.delete(person);
    this.#show();
  }

  #show() {
    const who = [...this.#people.values()];
    this.root.hidden = who.length === 0;
    const names = who.slice(0, 2).flatMap(({ name }, at) => [at ? " and " : "", written(name)]);
    this.root.replaceChildren(...(who.length > 2 ? ["Several people are writing…"] : [...names, who.length === 1 ? " is writing…" : " are writing…"]));
  }
}
