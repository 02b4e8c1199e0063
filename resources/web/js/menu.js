// A list of things to do with somebody, in a dialog of its own: Tab and the arrows move, Escape and a press beside it close.

import { button, el, written } from "./dom.js";

/** `items`: {words, picture, danger, act}. The deed is done once the list is closed, so that it may ask something itself. */
export function openMenu(title, items) {
  let chosen = null;
  const list = el("div", { class: "menu-items" }, ...items.map((item) => button({ words: item.words, picture: item.picture, kind: item.danger ? "quiet danger" : "quiet", press: () => { chosen = item; dialog.close(); } })));
  const close = button({ words: "Close", press: () => dialog.close() });
  const dialog = el("dialog", { class: "menu", "aria-labelledby": "menu-title", on: {
    close: () => { dialog.remove(); chosen?.act(); },
    click: (event) => event.target === dialog && dialog.close(),
    keydown: (event) => step(event, [...list.children, close]),
  } }, el("div", {}, el("h2", { id: "menu-title" }, written(title)), list, el("div", { class: "row end" }, close)));
  document.body.append(dialog);
  dialog.showModal();
  list.firstElementChild?.focus();
}

function step(event, all) {
  const at = all.indexOf(document.activeElement);
  const next = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
  if (next === undefined || at < 0) return;
  event.preventDefault();
  all[next].focus();
}
