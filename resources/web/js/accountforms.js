// A form of the account page: its fields, the words of the server where it refuses, and the focus where it is needed.

import { ApiError } from "./api.js";
import { el, problem } from "./dom.js";

const WRONG = { login_bad: "login", login_taken: "login", name_bad: "name", name_taken: "name", password_bad: "password" };

export const LOGIN = { id: "login", words: "Login", autocomplete: "username", maxlength: 64, spellcheck: "false", autocapitalize: "none" };
export const NAME = { id: "name", words: "Your name", autocomplete: "nickname", maxlength: 40, dir: "auto", hint: "The others see it." };
export const PASSWORD = { id: "password", words: "Password", type: "password", autocomplete: "current-password", maxlength: 1024 };
export const NEW_PASSWORD = { ...PASSWORD, words: "New password", autocomplete: "new-password", hint: "At least 10 characters; a few words in a row are good." };

/**
 * `fields`: some of the above. `send(values)` is given what stands in them by their ids. The form stays where it is
 * refused, with the words and the focus at the field that they are about.
 */
export function accountForm({ title, lead, fields, press, send, level = "h1" }) {
  const inputs = new Map(fields.map(({ id, words, hint, ...facts }) => [id, el("input", { class: "input", id, name: id, required: true, "aria-describedby": hint ? `${id}-hint` : null, ...facts })]));
  const go = el("button", { class: "button primary", text: press });
  const trouble = el("div");
  const refuse = (error) => {
    trouble.replaceChildren(problem(error));
    const field = inputs.get(WRONG[error.code]) ?? inputs.get(fields.at(-1).id);
    field.setAttribute("aria-invalid", "true");
    field.focus();
    field.select();
  };
  const submit = async (event) => {
    event.preventDefault();
    trouble.replaceChildren();
    for (const input of inputs.values()) input.removeAttribute("aria-invalid");
    const empty = fields.find(({ id }) => !inputs.get(id).value);
    if (empty) return refuse(Object.assign(new ApiError("empty", `${empty.words} is missing.`, "Fill it in."), { code: Object.keys(WRONG).find((code) => WRONG[code] === empty.id) }));
    go.disabled = true;
    go.textContent = "One moment…";
    try {
      await send(Object.fromEntries([...inputs].map(([id, input]) => [id, input.value])));
    } catch (error) {
      refuse(error);
    } finally {
      go.disabled = false;
      go.textContent = press;
    }
  };
  const rows = fields.map(({ id, words, hint }) => el("div", { class: "field" }, el("label", { for: id, text: words }), inputs.get(id), hint ? el("span", { class: "hint", id: `${id}-hint`, text: hint }) : null));
  return el("form", { novalidate: true, on: { submit } }, el("div", {}, el(level, { text: title }), lead ? el("p", { class: "lead", text: lead }) : null), ...rows, trouble, go);
}
