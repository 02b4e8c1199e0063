// The form of a plan: what, when in which zone, how often, who. Refusals are said in it, and it stays.

import * as api from "./api.js";
import { button, el, problem, written } from "./dom.js";
import { zone } from "./servertime.js";

const DAYS = [["MO", "Monday"], ["TU", "Tuesday"], ["WE", "Wednesday"], ["TH", "Thursday"], ["FR", "Friday"], ["SA", "Saturday"], ["SU", "Sunday"]];
const REPEATS = [["none", "Once"], ["daily", "Every day"], ["weekly", "Every week"], ["monthly", "Every month, on the same day of it"]];
const UNITS = { daily: "days", weekly: "weeks", monthly: "months" };
const ENDS = [["never", "Without end"], ["until", "On a day"], ["count", "After a number of times"]];

const options = (all, chosen) => all.map(([value, text]) => el("option", { value, text, selected: value === chosen }));

function field(label, control, hint = "") {
  control.id ||= `plan-${label.toLowerCase().replace(/\W+/g, "-")}`;
  const told = hint ? el("span", { class: "hint", id: `${control.id}-hint`, text: hint }) : null;
  if (told) control.setAttribute("aria-describedby", told.id);
  return el("div", { class: "field" }, el("label", { for: control.id, text: label }), control, told);
}

function choices(legend, all, chosen) {
  const boxes = all.map(([value, text]) => el("label", { class: "tick" }, el("input", { type: "checkbox", value, checked: chosen.includes(value) }), written(text)));
  return el("fieldset", { class: "ticks" }, el("legend", { text: legend }), ...boxes);
}

const ticked = (set) => [...set.querySelectorAll("input:checked")].map((box) => box.value);

/** The next time on the hour, tomorrow, by this browser's clock: a beginning to change. */
function tomorrow() {
  const at = new Date(Date.now() + 86400_000);
  const two = (number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T19:00`;
}

export class PlanForm {
  #session;
  #plan;
  #done;
  #title;
  #about;
  #starts;
  #zone;
  #length;
  #repeats;
  #interval;
  #every;
  #days;
  #ends;
  #until;
  #count;
  #hosts;
  #before;
  #trouble = el("div");
  #save;

  /** `plan`: the one to be changed, or null. `hosts`: who can be one. `done(saved)`: over; null where nothing was saved. */
  constructor(session, plan, hosts, done) {
    this.#session = session;
    this.#plan = plan;
    this.#done = done;
    const kept = plan ?? { title: "", description: "", starts: tomorrow(), zone: zone(), length_s: 3600, repeats: "none", interval: 1, days: [], until: "", count: 0, hosts: [], go_live_before_s: 900 };
    const known = new Map([...kept.hosts, ...hosts].map((host) => [host.id, host.name]));
    // what has no number of times goes on from its next one, so that a change holds from there
    const starts = plan && !kept.count && plan.next.length ? plan.next.find((time) => !time.cancelled)?.local ?? kept.starts : kept.starts;
    this.#title = el("input", { class: "input", maxlength: 100, required: true, dir: "auto", value: kept.title });
    this.#about = el("textarea", { class: "input", rows: 3, maxlength: 2000, dir: "auto" });
    this.#about.value = kept.description;
    this.#starts = el("input", { class: "input", type: "datetime-local", required: true, value: starts });
    this.#zone = el("input", { class: "input", list: "plan-zones", required: true, autocomplete: "off", spellcheck: "false", value: kept.zone });
    this.#length = el("input", { class: "input", type: "number", min: 1, max: 1440, required: true, value: Math.round(kept.length_s / 60) });
    this.#repeats = el("select", { class: "input", on: { change: () => this.#fold() } }, ...options(REPEATS, kept.repeats));
    this.#interval = el("input", { class: "input", type: "number", min: 1, max: 52, value: kept.interval });
    this.#every = field("Each how many", this.#interval);
    this.#days = choices("On", DAYS, kept.days);
    this.#ends = el("select", { class: "input", on: { change: () => this.#fold() } }, ...options(ENDS, kept.until ? "until" : kept.count ? "count" : "never"));
    this.#until = field("Last day", el("input", { class: "input", type: "date", value: kept.until }));
    this.#count = field("Number of times", el("input", { class: "input", type: "number", min: 1, max: 500, value: kept.count || 10 }));
    this.#hosts = choices("Hosts", [...known], kept.hosts.map((host) => host.id));
    this.#before = el("input", { class: "input", type: "number", min: 0, max: 1440, required: true, value: Math.round(kept.go_live_before_s / 60) });
    this.#save = el("button", { class: "button primary", text: plan ? "Save" : "Plan it" });
    this.element = this.#build();
    this.#fold();
  }

  focus() {
    this.#title.focus();
  }

  #build() {
    const zones = el("datalist", { id: "plan-zones" }, ...["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])].map((value) => el("option", { value })));
    const submit = (event) => {
      event.preventDefault();
      this.#send();
    };
    return el("form", { class: "plan-form", novalidate: true, "aria-label": this.#plan ? `Change ${this.#plan.title}` : "Plan a show", on: { submit } },
      field("Title", this.#title),
      field("Description", this.#about),
      el("div", { class: "pair" }, field("Starts", this.#starts), field("Time zone", this.#zone)),
      el("div", { class: "pair" }, field("Length in minutes", this.#length), field("Go live opens, minutes before", this.#before)),
      zones,
      el("div", { class: "pair" }, field("Repeats", this.#repeats), this.#every),
      this.#days,
      el("div", { class: "pair", "data-ends": "" }, field("Ends", this.#ends), this.#until, this.#count),
      this.#hosts,
      el("span", { class: "hint", text: "Without hosts everyone who may go live is one." }),
      this.#trouble,
      el("div", { class: "row" }, this.#save, button({ words: "Cancel", press: () => this.#done(null) })));
  }

  /** Only what belongs to the choice is there. */
  #fold() {
    const repeats = this.#repeats.value;
    const ends = this.#ends.value;
    this.#every.hidden = repeats === "none";
    this.#every.querySelector("label").textContent = `Each how many ${UNITS[repeats] ?? ""}`;
    this.#days.hidden = repeats !== "weekly";
    this.element.querySelector("[data-ends]").hidden = repeats === "none";
    this.#until.hidden = ends !== "until";
    this.#count.hidden = ends !== "count";
  }

  #told() {
    const repeats = this.#repeats.value;
    const often = repeats !== "none";
    const number = (input) => Number(input.value) || 0;
    return {
      title: this.#title.value,
      description: this.#about.value,
      starts: this.#starts.value.slice(0, 16),
      zone: this.#zone.value.trim(),
      length_s: Math.round(number(this.#length) * 60),
      go_live_before_s: Math.round(number(this.#before) * 60),
      repeats,
      interval: often ? number(this.#interval) : 1,
      days: repeats === "weekly" ? ticked(this.#days) : [],
      ...this.#end(often ? this.#ends.value : "never"),
      hosts: ticked(this.#hosts),
    };
  }

  /** Of an end that was chosen and left empty a show without end must not be made. */
  #end(kind) {
    const until = kind === "until" ? this.#until.querySelector("input").value : "";
    const count = kind === "count" ? Number(this.#count.querySelector("input").value) || 0 : 0;
    if (kind === "until" && !until) throw new api.ApiError("plan_bad", "The last day is missing.", "Choose it, or let the show repeat without end.");
    if (kind === "count" && !count) throw new api.ApiError("plan_bad", "The number of times is missing.", "Write it, or let the show repeat without end.");
    return { until, count };
  }

  async #send() {
    this.#trouble.replaceChildren();
    this.#save.disabled = true;
    try {
      const told = this.#told();
      const saved = this.#plan ? await api.changePlan(this.#session, this.#plan.id, { ...told, sequence: this.#plan.sequence }) : await api.makePlan(this.#session, told);
      this.#done(saved);
    } catch (error) {
      this.#save.disabled = false;
      this.#trouble.replaceChildren(problem(error));
    }
  }
}
