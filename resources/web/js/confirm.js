// Asks before what cannot be taken back by the same press. Escape and the first button mean no.

import { el } from "./dom.js";

/** Resolves with false, or with what stands in the field (true where there is none). The words say what will happen. */
export function confirm({ title, words, press, field = "" }) {
  return new Promise((resolve) => {
    const input = field ? el("input", { class: "input", id: "confirm-field", maxlength: "200", dir: "auto", autocomplete: "off" }) : null;
    const no = el("button", { type: "button", class: "button", text: "Cancel", on: { click: () => dialog.close() } });
    let answer = false;
    const form = el("form", { method: "dialog", on: { submit: () => (answer = input ? { text: input.value.trim() } : true) } },
      el("h2", { id: "confirm-title", text: title }), el("p", { id: "confirm-words", text: words }),
      input ? el("div", { class: "field" }, el("label", { for: "confirm-field", text: field }), input) : "",
      el("div", { class: "row end" }, no, el("button", { class: "button danger sure", text: press })));
    const dialog = el("dialog", { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-words", on: { close: () => { dialog.remove(); resolve(answer); } } }, form);
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}
