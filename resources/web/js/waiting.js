// What stands in place of the picture while a planned show has not begun: what it is, when it begins here, and how long that is.

import * as api from "./api.js";
import { el, icon, written } from "./dom.js";
import { ServerTime, here, remaining, zone } from "./servertime.js";

const TICK_MS = 250;
const JUST_ENDED_MS = 12 * 3600 * 1000;

export class Waiting {
  #root;
  #session;
  #named;
  #time = new ServerTime();
  #show;
  #state = null;
  #clock = el("p", { class: "countdown", role: "timer", "aria-live": "off" });
  #place = el("div", { class: "waiting", hidden: true });
  #ticking = 0;
  #asked = 0;

  /** `root`: the stage. `status`: the SessionStatus. `named(title)`: what the page is about now, empty for the session itself. */
  constructor(root, status, named) {
    this.#root = root;
    this.#session = status.id;
    this.#named = named;
    this.#time.set(status.now);
    this.#show = status.show ?? null;
    root.append(this.#place);
    // a computer that slept has a page whose clock stood still
    document.addEventListener("visibilitychange", () => document.hidden || this.#ask());
    this.#named(this.#title());
  }

  /** The server's time of day. */
  now_ms() {
    return this.#time.now_ms();
  }

  /** The session's state, as Stage.showState. */
  state(change) {
    this.#state = change;
    this.#render();
  }

  /** The schedule is another: `show` is what comes next, or is live. */
  take(show) {
    this.#show = show;
    this.#render();
  }

  async #ask() {
    const asked = ++this.#asked;
    try {
      const { shows, now } = await api.schedule(this.#session);
      if (asked !== this.#asked) return;
      this.#time.set(now);
      this.take(shows[0] ?? null);
    } catch {
      // the line says it, if the server is away; what is counted here is counted on
    }
  }

  #waits() {
    return Boolean(this.#show) && this.#show.state === "scheduled" && this.#state?.state !== "live" && this.#state?.why !== "lost" && !this.#state?.needs_release;
  }

  #title() {
    return this.#show && (this.#show.state === "live" || this.#waits()) && this.#state?.state !== "ended" ? this.#show.title : "";
  }

  #render() {
    const waits = this.#waits();
    this.#named(this.#title());
    clearInterval(this.#ticking);
    this.#place.hidden = !waits;
    this.#root.toggleAttribute("data-waiting", waits);
    if (!waits) return;
    this.#tick();
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
    const ended = this.#state?.state === "ended" && this.#time.now_ms() - Date.parse(this.#state.since) < JUST_ENDED_MS;
    const shown = JSON.stringify([this.#show, ended]);
    if (this.#place.dataset.shown === shown) return; // a press on its link must not be lost to a repaint
    this.#place.dataset.shown = shown;
    this.#place.replaceChildren(...this.#content(ended));
  }

  #content(ended) {
    const { title, description, starts, zone: planned, local, hosts, plan } = this.#show;
    const calendar = el("a", { class: "button", href: api.calendarUrl(this.#session, plan), download: "schedule.ics" }, icon("clock"), el("span", { text: "Add to calendar" }));
    const elsewhere = planned === zone() ? "" : el("p", { class: "facts", text: `${local.slice(11)} in ${planned}, where it is planned` });
    return [
      el("p", { class: "eyebrow", text: ended ? "The show has ended. Next:" : "Coming up" }),
      el("h2", {}, written(title)),
      this.#clock,
      el("p", { class: "begins" }, el("time", { datetime: starts, text: here(starts) })),
      el("p", { class: "facts", text: `Your time zone: ${zone()}` }),
      elsewhere,
      hosts.length ? el("p", { class: "facts" }, "With ", ...hosts.flatMap((name, at) => [at ? ", " : "", written(name)])) : "",
      el("p", { class: "row" }, calendar),
      description ? el("p", { class: "about", dir: "auto", text: description }) : "",
      el("p", { class: "facts", text: "The picture starts here by itself." }),
    ];
  }

  #tick() {
    const left = remaining(Date.parse(this.#show.starts) - this.#time.now_ms());
    const words = left ? `Begins in ${left}` : "It begins any moment now";
    if (this.#clock.textContent !== words) this.#clock.textContent = words;
  }
}
