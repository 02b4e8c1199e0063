// How a connection does: bars, always with their word; for our own the figures too, on pointing, focus or a tap.

import { el } from "./dom.js";

export const QUALITY = { good: "Good", fair: "Fair", poor: "Poor", lost: "Lost" };

const bars = () => el("span", { class: "bars", "aria-hidden": "true" }, el("i"), el("i"), el("i"));

/** The mark of a row in the list of people; hidden where nothing is known. `quality`: a ConnectionQuality or null. */
export function qualityMark(quality) {
  if (!quality) return el("span", { class: "connection", hidden: true });
  const word = QUALITY[quality.word];
  return el("span", { class: "connection quality", "data-word": quality.word, title: quality.words },
    bars(), el("span", { class: "word", "aria-hidden": "true", text: word }), el("span", { class: "unseen", text: quality.words }));
}

/** Our own, in the bar at the top. */
export class OwnQuality {
  #place;
  #button;
  #word;
  #figures;

  constructor(place) {
    this.#place = place;
    this.#word = el("span", { class: "word" });
    this.#figures = el("dl", { id: "quality-figures", class: "figures" });
    this.#button = el("button", { type: "button", class: "quality", "aria-expanded": "false", "aria-controls": "quality-figures", on: { click: () => this.#open(!this.#isOpen()) } },
      bars(), el("span", { class: "unseen", text: "Your connection: " }), this.#word);
    place.append(this.#button, this.#figures);
    place.addEventListener("keydown", (event) => event.key === "Escape" && this.#dismiss());
    for (const end of ["focusout", "pointerleave"]) place.addEventListener(end, () => place.toggleAttribute("data-dismissed", false));
    document.addEventListener("click", (event) => this.#isOpen() && !place.contains(event.target) && this.#open(false));
  }

  /** A ConnectionQuality, or null where nothing is watched or sent, or the server is away. */
  show(quality) {
    this.#place.hidden = !quality;
    if (!quality) return this.#open(false);
    this.#button.dataset.word = quality.word;
    this.#word.textContent = QUALITY[quality.word];
    this.#figures.replaceChildren(el("div", { class: "title", text: "Your connection to this server" }), ...facts(quality));
  }

  #isOpen() {
    return this.#button.getAttribute("aria-expanded") === "true";
  }

  /** Away, though it is still pointed at or focused. */
  #dismiss() {
    this.#open(false);
    this.#place.toggleAttribute("data-dismissed", true);
  }

  #open(open) {
    this.#place.toggleAttribute("data-dismissed", false);
    this.#button.setAttribute("aria-expanded", String(open));
  }
}

function facts({ word, rtt_ms, down, up }) {
  const lines = [["Quality", QUALITY[word]]];
  if (word === "lost") return [...pairs(lines), el("div", { class: "about", text: "Nothing has come through for some seconds. It comes back by itself where it can." })];
  if (rtt_ms !== null) lines.push(["There and back", `${rtt_ms} ms`]);
  for (const [way, stream] of [["Received", down], ["Sent", up]]) {
    if (!stream) continue;
    lines.push([way, rate(stream.bitrate_kbps)]);
    lines.push([down && up ? `${way}, lost` : "Lost on the way", stream.lost_packets ? `${stream.loss_percent} %, ${stream.lost_packets} packets in 5 s` : "nothing"]);
  }
  return pairs(lines);
}

const pairs = (lines) => lines.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value })));
const rate = (kbps) => (kbps >= 1000 ? `${(kbps / 1000).toFixed(1)} Mb/s` : `${kbps} kb/s`);
