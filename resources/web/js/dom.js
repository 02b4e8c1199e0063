// Elements without markup in strings: whatever a person wrote goes in as text and stays text.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = "/static/icons.svg";

/** The pictures are brought into the page once: the one for "the server is away" cannot be asked of the server then. */
function bringIcons() {
  const request = new XMLHttpRequest();
  request.responseType = "document"; // parsed by the browser: the page's policy forbids that scripts make markup
  request.addEventListener("load", () => {
    const icons = request.responseXML?.documentElement;
    if (!icons) return; // no picture is the only name of a control, so the page works without them
    for (const symbol of icons.querySelectorAll("symbol")) symbol.id = place(symbol.id);
    icons.setAttribute("hidden", "");
    document.body.append(icons);
  });
  request.open("GET", ICONS);
  request.send();
}

const place = (name) => `icon-${name}`;
bringIcons();

/** An element. `facts`: class, text, dir, and any attribute by its name; `on`: listeners by event. False leaves an attribute out. */
export function el(tag, facts = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name === "text") element.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A picture from icons.svg. It is never the only name of a control. */
export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${place(name)}`);
  svg.append(use);
  return svg;
}

/** Another picture in an icon that is there. */
export function changeIcon(svg, name) {
  svg.querySelector("use").setAttribute("href", `#${place(name)}`);
}

/** A button with words, with a picture, or with both; `label` names a button that shows a picture only. */
export function button({ words = "", picture = "", label = "", kind = "", press, ...facts }) {
  const look = `button ${kind}${words ? "" : " square"}`;
  return el(
    "button",
    { type: "button", class: look, "aria-label": label || null, title: words ? null : label || null, ...facts, on: press ? { click: press } : {} },
    picture ? icon(picture) : null,
    words ? el("span", { text: words }) : null,
  );
}

/** What went wrong and what to do, as a block that a screen reader says at once. */
export function problem(error) {
  const block = el("div", { class: "problem", role: "alert" }, el("strong", { text: error.message }));
  if (error.remedy) block.append(el("span", { text: error.remedy }));
  return block;
}

/** Does `work`; `place` shows what went wrong with it, or nothing. */
export async function tried(place, work) {
  try {
    await work();
    place.replaceChildren();
  } catch (error) {
    place.replaceChildren(problem(error));
  }
}

/** Something that a person wrote, kept in its own direction. */
export function written(text, facts = {}) {
  return el("bdi", { dir: "auto", text, ...facts });
}

/** An id for a message of ours: 22 characters of A-Z a-z 0-9 _ -, never used twice. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
