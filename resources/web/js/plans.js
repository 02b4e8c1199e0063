// The admin's schedule: what is planned, its coming times, and planning, changing and cancelling it.

import * as api from "./api.js";
import { confirm } from "./confirm.js";
import { button, el, tried, written } from "./dom.js";
import { PlanForm } from "./planform.js";
import { shortly } from "./servertime.js";

const minutes = (s) => `${Math.round(s / 60)} min`;

export class Plans {
  #session;
  #me;
  #say;
  #shown = false;
  #read_plans = { plans: [], choices: [] };
  #trouble = el("div");
  #form = el("div");
  #new;
  #list = el("ul", { class: "invites-list" });

  constructor(panel, session, me, say) {
    this.#session = session;
    this.#me = me;
    this.#say = say;
    this.#new = button({ words: "Plan a show", picture: "clock", kind: "primary", press: () => this.#edit(null) });
    this.#new.hidden = !me.rights.includes("plan");
    panel.append(el("div", { class: "invites" }, el("div", { class: "row" }, this.#new), this.#form, this.#trouble, this.#list));
  }

  async show(shown) {
    this.#shown = shown;
    if (shown) await this.#try(() => this.#read());
  }

  /** The schedule changed, by whomever. */
  stir() {
    if (this.#shown) this.#try(() => this.#read());
  }

  async #read() {
    this.#read_plans = await api.plans(this.#session);
    this.#paint();
  }

  #try(work) {
    return tried(this.#trouble, work);
  }

  #edit(plan) {
    const done = (saved) => {
      this.#form.replaceChildren();
      this.#new.disabled = false;
      if (saved) this.#say(plan ? `${saved.title} is changed.` : `${saved.title} is planned: ${saved.words}.`);
      this.#try(() => this.#read());
      this.#new.focus();
    };
    this.#new.disabled = true;
    const form = new PlanForm(this.#session, plan, this.#read_plans.choices, done);
    this.#form.replaceChildren(form.element);
    form.focus();
  }

  #paint() {
    const focused = document.activeElement?.dataset?.act;
    this.#list.replaceChildren(...this.#read_plans.plans.map((plan) => this.#row(plan)));
    if (!this.#read_plans.plans.length) this.#list.append(el("li", { class: "empty" }, el("strong", { text: "Nothing is planned yet" }), el("span", { text: "Plan a show, and viewers who open their link early see when it begins, in their own time zone." })));
    if (focused) this.#list.querySelector(`[data-act="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(plan) {
    const whose = `plan-${plan.id}`;
    const hosts = plan.hosts.length ? plan.hosts.flatMap((host, at) => [at ? ", " : "", written(host.name)]) : ["everyone who may go live"];
    const state = plan.cancelled ? "Cancelled · " : plan.over ? "Over · " : "";
    const facts = el("span", { class: "facts" }, `${state}${plan.words} · ${minutes(plan.length_s)}`);
    const about = el("span", { class: "facts" }, "Hosts: ", ...hosts, ` · Go live opens ${minutes(plan.go_live_before_s)} before`);
    const row = el("li", { class: "invite", "data-plan": plan.id }, el("strong", { id: whose }, written(plan.title)), facts, about);
    if (plan.over) return row;
    row.append(el("ol", { class: "coming", "aria-label": `Next times of ${plan.title}` }, ...plan.next.map((time) => this.#time(plan, time))));
    const deeds = [
      this.#me.rights.includes("change_plan") && button({ words: "Change", kind: "small", "data-act": `change-${plan.id}`, "aria-describedby": whose, press: () => this.#edit(plan) }),
      this.#me.rights.includes("cancel_plan") && button({ words: "Cancel all…", kind: "small danger", "aria-describedby": whose, press: () => this.#cancel(plan) }),
    ].filter(Boolean);
    if (deeds.length) row.append(el("div", { class: "row" }, ...deeds));
    return row;
  }

  #time(plan, time) {
    const when = el("time", { datetime: time.starts, text: shortly(time.starts) });
    if (time.cancelled) return el("li", {}, el("s", {}, when), el("span", { class: "facts", text: "cancelled" }));
    const one = plan.repeats !== "none" && this.#me.rights.includes("cancel_plan");
    return el("li", {}, when, one ? button({ words: "Cancel", kind: "small quiet", "aria-label": `Cancel ${shortly(time.starts)}`, press: () => this.#cancelOne(plan, time) }) : null);
  }

  async #cancel(plan) {
    const yes = await confirm({ title: `Cancel ${plan.title}?`, words: "Nothing of it is to come any more. What is on air goes on.", press: "Cancel the show" });
    if (!yes) return;
    await this.#try(async () => {
      await api.cancelPlan(this.#session, plan.id);
      this.#say(`${plan.title} is cancelled.`);
      await this.#read();
    });
  }

  async #cancelOne(plan, time) {
    const yes = await confirm({ title: `Cancel ${plan.title} on ${shortly(time.starts)}?`, words: "The other times stay.", press: "Cancel this time" });
    if (!yes) return;
    await this.#try(async () => {
      await api.cancelShow(this.#session, time.show);
      this.#say(`${plan.title} on ${shortly(time.starts)} is cancelled.`);
      await this.#read();
    });
  }
}
