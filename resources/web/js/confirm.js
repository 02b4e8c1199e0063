// Asks before what cannot be taken back by the same press. Escape and the first button mean no.

import { el } from "./dom.js";

/**
 * Resolves with false, or with {text, choice}: what stands in the field and is chosen (true where there is neither). The
 * words say what will happen. `choice`: {label, options: [[value, words]], value}.
 */
export function confirm({ title, words, press, field = "", choice = null }) {
  return new Promise((resolve) => {
    const select = choice ? el("select", { class: "input", id: "confirm-choice" }, ...choice.options.map(([value, text]) => el("option", { value, text, selected: value === choice.value }))) : null;
    const input = field ? el("input", { class: "input", id: "confirm-field", maxlength: "200", dir: "auto", autocomplete: "off" }) : null;
    const no = el("button", { type: "button", class: "button", text: "Cancel", on: { click: () => dialog.close() } });
    let answer = false;
    const form = el("form", { method: "dialog", on: { submit: () => (answer = input || select ? { text: input?.value.trim() ?? "", choice: select?.value ?? "" } : true) } },
      el("h2", { id: "confirm-title", text: title }), el("p", { id: "confirm-words", text: words }),
      select ? el("div", { class: "field" }, el("label", { for: "confirm-choice", text: choice.label }), select) : "",
      input ? el("div", { class: "field" }, el("label", { for: "confirm-field", text: field }), input) : "",
      el("div", { class: "row end" }, no, el("button", { class: "button danger sure", text: press })));
    const dialog = el("dialog", { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-words", on: { close: () => { dialog.remove(); resolve(answer); } } }, form);
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}
