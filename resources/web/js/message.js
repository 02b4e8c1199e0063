// One message of the chat as an element. Nothing that a person wrote becomes markup or a link.

import { button, el, icon, written } from "./dom.js";
import { clock } from "./time.js";
import { ROLES, namesSender } from "./words.js";

const TOGETHER_MS = 120_000;
export const DELETED = "This message was deleted.";

/** The room that a message stands in, for those who can reply there: {channel, to, name}. */
export function placeOf({ from, data }, meId) {
  if (!data.to) return { channel: data.channel ?? "all", to: "", name: "" };
  const mine = from.id === meId;
  return { channel: "all", to: mine ? data.to : from.id, name: mine ? data.to_name : from.name };
}

/** Right after another one of the same person in the same room, a message goes without the name. */
export function message({ seq, from, at, data }, before, meId) {
  const mine = from.id === meId;
  const place = placeOf({ from, data }, meId);
  const room = `${place.channel} ${place.to}`;
  const on = before?.dataset.by === from.id && before.dataset.room === room && !data.reply_to && Date.parse(at) - Number(before.dataset.at) < TOGETHER_MS;
  const by = el("span", { class: on ? "unseen" : "by" }, written(from.name, { class: "who" }));
  if (from.role && from.role !== "viewer" && !on) by.append(el("span", { class: "role", text: ROLES[from.role] ?? from.role }));
  if (!on && place.channel === "backstage") by.append(el("span", { class: "role back", text: "Backstage" }));
  if (!on && place.to) by.append(el("span", { class: "role back" }, mine ? "Private to " : "Private", mine ? written(place.name) : ""));
  by.append(timeOf(at));
  const kinds = ["said", mine && "mine", on && "on", (place.to || place.channel === "backstage") && "aside", (data.mentions ?? []).includes(meId) && "called"];
  const item = el("li", { class: kinds.filter(Boolean).join(" "), tabindex: "-1", "data-by": from.id, "data-name": from.name, "data-at": Date.parse(at), "data-seq": seq ?? null, "data-room": room }, by);
  item.append(el("span", { class: "text", dir: "auto", text: data.deleted ? DELETED : data.text }));
  if (data.deleted) item.classList.add("deleted");
  return item;
}

/** A notice, among the messages. */
export function announced({ seq, from, at, data }) {
  const by = !from.role ? ["Stoa · "] : namesSender({ from, data }) ? [] : [written(from.name), " · "];
  return el("li", { class: "event announced", "data-level": data.level, "data-seq": seq },
    el("span", { class: "from" }, ...by, timeOf(at)), el("span", { dir: "auto", text: data.text }));
}

export const timeOf = (at) => el("time", { datetime: at, text: clock(at) });

/** The message's text is gone. */
export function remove(item) {
  item.classList.add("deleted");
  item.querySelector(".text").textContent = DELETED;
  item.querySelector(".reactions")?.remove();
  item.querySelector(".quote")?.remove();
}

/** The line that a reply answers, above it; `press` goes there. */
export function quote(item, original, press) {
  item.querySelector(".quote")?.remove();
  const words = original.data.deleted ? DELETED : original.data.text;
  const line = el("button", { type: "button", class: "quote", on: { click: press } }, icon("reply"), el("span", {}, written(original.from.name, { class: "who" }), " ", written(words)));
  item.querySelector(".text").before(line);
}

/** How many put this emoji here; 0 takes it away. */
export function reaction(item, { emoji, count, mine }, press) {
  let row = item.querySelector(".reactions");
  let chip = row && [...row.children].find((one) => one.dataset.emoji === emoji);
  if (!count) {
    const had = chip?.contains(document.activeElement);
    chip?.remove();
    if (row && !row.children.length) row.remove();
    if (had) item.focus();
    return;
  }
  if (!row) item.append((row = el("span", { class: "reactions" })));
  if (!chip) row.append((chip = el("button", { type: "button", class: "reaction", "data-emoji": emoji, on: { click: () => press(emoji, chip.getAttribute("aria-pressed") !== "true") } })));
  chip.textContent = `${emoji} ${count}`;
  chip.setAttribute("aria-label", `${emoji}: ${count === 1 ? "1 person" : `${count} people`}`);
  if (mine !== undefined) chip.setAttribute("aria-pressed", String(mine));
}

/** The small buttons of the one message that the pointer or the keyboard is on. */
export class Actions {
  #root = el("span", { class: "actions", role: "group", "aria-label": "This message" });
  #offers;
  #item = null;

  /** `offers(item)`: the buttons for a message, as [{picture, label, press, emoji?}]. */
  constructor(list, offers) {
    this.#offers = offers;
    const near = (event) => this.#show(event.target.closest?.(".said"));
    list.addEventListener("pointerover", (event) => event.pointerType === "touch" || near(event)); // a finger that scrolls means no message
    list.addEventListener("focusin", near);
    list.addEventListener("click", (event) => {
      near(event);
      this.#root.scrollIntoView({ block: "nearest" }); // under a finger they stand below the message, which may be the last
    });
    list.addEventListener("pointerleave", () => list.contains(document.activeElement) || this.hide());
  }

  hide() {
    this.#root.remove();
    this.#item = null;
  }

  #show(item) {
    if (!item || item === this.#item) return;
    this.hide();
    const offers = item.dataset.seq && !item.classList.contains("deleted") ? this.#offers(item) : [];
    if (!offers.length) return;
    this.#item = item;
    this.#root.replaceChildren(...offers.map(({ emoji, ...offer }) => (emoji ? el("button", { type: "button", class: "button quiet small square", "aria-label": offer.label, title: offer.label, text: emoji, on: { click: offer.press } }) : button({ kind: "quiet small", ...offer }))));
    item.append(this.#root);
  }
}
