// The server's accounts: who has one and with which role; invites to an account, disabling, links to a new password.

import { invite } from "./api.js";
import * as accounts from "./accountcalls.js";
import { confirm } from "./confirm.js";
import { button, el, tried, written } from "./dom.js";
import { clock } from "./time.js";
import { ROLES } from "./words.js";

const GIVEN = ["admin", "director", "broadcaster", "guest", "viewer"];
const RIGHT = { admin: "invite_admin", director: "invite_broadcaster", broadcaster: "invite_broadcaster", guest: "invite_broadcaster", viewer: "invite_viewer" };

const choice = (role, chosen) => el("option", { value: role, text: ROLES[role], selected: role === chosen });

export class Accounts {
  #session;
  #given;
  #say;
  #trouble = el("div");
  #link = el("div");
  #list = el("ul", { class: "invites-list" });

  /** Only the owner makes an admin, or changes the account of one. */
  constructor(panel, session, me, say) {
    this.#session = session;
    this.#given = GIVEN.filter((one) => one !== "admin" || me.person.role === "owner");
    this.#say = say;
    const role = el("select", { class: "input", "aria-label": "Role of the new account" }, ...GIVEN.filter((one) => me.rights.includes(RIGHT[one])).map((one) => choice(one, "viewer")));
    const make = button({ words: "New link to an account", picture: "link", press: () => this.#invite(role.value) });
    panel.append(el("div", { class: "invites" }, el("div", { class: "row" }, role, make), this.#link, this.#trouble, this.#list));
  }

  async show(shown) {
    if (shown) await this.#try(() => this.#read());
  }

  async #read() {
    this.#paint((await accounts.all()).accounts);
  }

  #try(work) {
    return tried(this.#trouble, work);
  }

  #invite(role) {
    return this.#try(async () => {
      const made = await invite(this.#session, { role, account: true });
      this.#told(made.link, `For one account: ${ROLES[role]}. The link is shown once, and good once and for a day.`);
    });
  }

  /** A link that the server tells once: selected, ready to be copied. */
  #told(link, words) {
    const field = el("input", { class: "input", readonly: true, value: link, "aria-label": "Link", on: { focus: () => field.select() } });
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(link);
        this.#say("The link is copied.");
      } catch {
        field.select();
        this.#say("This browser does not copy by itself here. The link is selected: copy it by Ctrl+C.");
      }
    };
    this.#link.replaceChildren(el("div", { class: "invite" }, el("span", { class: "facts", text: words }), field, el("div", { class: "row" }, button({ words: "Copy", picture: "link", kind: "small", press: copy }))));
    field.focus();
  }

  #paint(all) {
    this.#list.replaceChildren(...all.map((account) => this.#row(account)));
    if (!all.length) this.#list.append(el("li", { class: "empty" }, el("strong", { text: "No accounts yet" }), el("span", { text: "Make a link and send it to whoever shall sign in with a password." })));
  }

  /** Nobody changes their own account here, nor an admin an admin's: such a row says what it is, and no more. */
  #row(account) {
    const state = account.disabled ? "disabled" : account.sign_ins ? `signed in at ${account.sign_ins} ${account.sign_ins === 1 ? "place" : "places"}` : "signed out";
    const fixed = account.mine || !this.#given.includes(account.role);
    const facts = el("span", { class: "facts" }, fixed ? `${ROLES[account.role]} · ` : null, written(account.login), ` · since ${clock(account.created)} · ${state}`);
    const whose = `account-${account.id}`;
    const name = el("strong", { id: whose }, written(account.name), account.mine ? " (you)" : "");
    const row = el("li", { class: "invite", "data-account": account.id }, name, facts);
    if (fixed) return row;
    const role = el("select", { class: "input", "aria-label": `Role of ${account.name}`, on: { change: () => (set.disabled = role.value === account.role) } }, ...this.#given.map((one) => choice(one, account.role)));
    const set = button({ words: "Set role", kind: "small", disabled: true, "aria-describedby": whose, press: () => this.#change(account, { role: role.value }) });
    const reset = button({ words: "Link to a new password", kind: "small quiet", "aria-describedby": whose, press: () => this.#reset(account) });
    const able = account.disabled
      ? button({ words: "Enable", kind: "small", "data-act": "able", "aria-describedby": whose, press: () => this.#change(account, { disabled: false }) })
      : button({ words: "Disable…", kind: "small danger", "data-act": "able", "aria-describedby": whose, press: () => this.#disable(account) });
    const out = account.sign_ins ? button({ words: "Sign out everywhere…", kind: "small quiet", "aria-describedby": whose, press: () => this.#signOut(account) }) : "";
    row.append(role, el("div", { class: "row" }, set, reset, out, able));
    return row;
  }

  async #change(account, change) {
    await this.#try(async () => {
      try {
        await accounts.change(account.id, change);
        this.#say(change.role ? `${account.name} is ${ROLES[change.role]} now.` : `${account.name} may ${change.disabled ? "not " : ""}sign in now.`);
      } finally {
        await this.#read(); // also where it was refused: the row says what holds
      }
    });
    const row = this.#list.querySelector(`[data-account="${CSS.escape(account.id)}"]`);
    row?.querySelector(change.role ? "select" : "[data-act=able]")?.focus();
  }

  async #disable(account) {
    const yes = await confirm({ title: `Disable the account of ${account.name}?`, words: "They are out everywhere at once, also where they are on air, and cannot sign in until it is enabled again.", press: "Disable" });
    if (yes) await this.#change(account, { disabled: true });
  }

  async #signOut(account) {
    const yes = await confirm({ title: `Sign ${account.name} out everywhere?`, words: "They are out in all places at once, also where they are on air, and may sign in again.", press: "Sign out everywhere" });
    if (!yes) return;
    await this.#try(async () => {
      await accounts.signOutOf(account.id);
      this.#say(`${account.name} is signed out everywhere.`);
      await this.#read();
    });
  }

  #reset(account) {
    return this.#try(async () => {
      const { link } = await accounts.resetLink(account.id);
      this.#told(link, `For ${account.name} to set a new password. The link is shown once, and good once and for a day.`);
    });
  }
}
