// Links for viewers and hosts: make one, copy it, show it as a QR code, take it back.

import * as api from "./api.js";
import { button, el, tried } from "./dom.js";
import { confirm } from "./confirm.js";
import { clock } from "./time.js";
import { ROLES } from "./words.js";

const times = (count) => (count === 1 ? "1 time" : `${count} times`);

export class Invites {
  #session;
  #list = el("ul", { class: "invites-list" });
  #trouble = el("div");
  #made = new Map(); // id -> link of an invite whose link the server tells once only
  #say;
  #shown = false;

  constructor(panel, session, rights, say) {
    this.#session = session;
    this.#say = say;
    const makers = el("div", { class: "row" });
    if (rights.includes("invite_viewer")) makers.append(button({ words: "New link for viewers", picture: "link", press: () => this.#make("viewer") }));
    if (rights.includes("invite_broadcaster")) makers.append(button({ words: "New link for a host", picture: "link", kind: "quiet", press: () => this.#make("broadcaster") }));
    panel.append(el("div", { class: "invites" }, makers, this.#trouble, this.#list));
  }

  /** The links may have changed: read them again where they are looked at. */
  async stir() {
    await this.show(this.#shown);
  }

  async show(shown) {
    this.#shown = shown;
    if (shown) await this.#try(async () => this.#paint((await api.invites(this.#session)).invites));
  }

  #try(work) {
    return tried(this.#trouble, work);
  }

  #make(role) {
    return this.#try(async () => {
      const made = await api.invite(this.#session, { role, uses: role === "viewer" ? 0 : 1 });
      this.#made.set(made.id, made.link ?? made.invite);
      this.#paint((await api.invites(this.#session)).invites);
      this.#list.querySelector(`[data-invite="${CSS.escape(made.id)}"] .copy`)?.focus();
    });
  }

  #paint(invites) {
    const shown = invites.filter((invite) => !invite.revoked && invite.role !== "admin" && !(invite.account && invite.used)).reverse();
    this.#list.replaceChildren(...shown.map((invite) => this.#row(invite)));
    if (!shown.length) this.#list.append(el("li", { class: "empty" }, el("strong", { text: "No links yet" }), el("span", { text: "Make one and send it to the people who shall watch." })));
  }

  #row(invite) {
    const link = this.#made.get(invite.id) ?? invite.link;
    const role = invite.account ? `An account: ${ROLES[invite.role]}` : invite.role === "viewer" ? "Viewers" : "Host";
    const uses = invite.uses ? `used ${invite.used} of ${times(invite.uses)}` : invite.used ? `used ${times(invite.used)}` : "not used yet";
    const facts = el("span", { class: "facts", text: `${role}${invite.label ? ` · ${invite.label}` : ""} · made ${clock(invite.created)} · ${uses}` });
    const field = link ? el("input", { class: "input", readonly: true, value: link, "aria-label": "Link", on: { focus: () => field.select() } }) : el("span", { class: "facts", text: "The link was shown once, when it was made." });
    const qr = el("div", { hidden: true });
    const deeds = el("div", { class: "row" });
    if (link) deeds.append(button({ words: "Copy", picture: "link", kind: "small copy", press: (event) => this.#copy(link, field, event.currentTarget) }));
    if (invite.role === "viewer" && !invite.account) deeds.append(button({ words: "QR code", kind: "small quiet", "aria-expanded": "false", press: (event) => this.#qr(invite, qr, event.currentTarget) }));
    deeds.append(button({ words: "Take back", kind: "small danger", press: () => this.#revoke(invite) }));
    return el("li", { class: "invite", "data-invite": invite.id }, facts, field, deeds, qr);
  }

  async #copy(link, field, pressed) {
    try {
      await navigator.clipboard.writeText(link);
      pressed.lastElementChild.textContent = "Copied";
      this.#say("The link is copied.");
    } catch {
      field.select();
      this.#say("This browser does not copy by itself here. The link is selected: copy it by Ctrl+C.");
    }
  }

  #qr(invite, place, pressed) {
    place.hidden = !place.hidden;
    pressed.setAttribute("aria-expanded", String(!place.hidden));
    const path = `/api/v1/sessions/${encodeURIComponent(this.#session)}/invites/${encodeURIComponent(invite.id)}/qr.svg`;
    if (!place.hidden) place.replaceChildren(el("img", { class: "qr", src: path, alt: "QR code of the link" }));
  }

  async #revoke(invite) {
    const words = invite.account ? "No account can be made by it any more." : "It opens nothing any more, and everyone who came by it is out at once.";
    const yes = await confirm({ title: "Take this link back?", words, press: "Take back" });
    if (!yes) return;
    await this.#try(async () => {
      await api.revoke(this.#session, invite.id);
      this.#paint((await api.invites(this.#session)).invites);
    });
  }
}
