// The page of an account: sign in, sign up by an invite (#a=…), a new password by an admin's link (#r=…), and, for who is
// signed in, the way to the session, another password, and signing out.

import * as accounts from "./accountcalls.js";
import { LOGIN, NAME, NEW_PASSWORD, PASSWORD, accountForm } from "./accountforms.js";
import { confirm } from "./confirm.js";
import { button, el, icon, problem, written } from "./dom.js";
import { ROLES } from "./words.js";

const SESSION = "studio";
const door = document.getElementById("door");

/** What the address brought: taken out of it, so that it is neither in the history nor on a shared screen. */
function brought() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.has("a") || given.has("r")) history.replaceState(null, "", location.pathname + location.search);
  return { invite: given.get("a"), reset: given.get("r") };
}

function show(...content) {
  door.replaceChildren(el("p", { class: "brand" }, icon("stoa"), "Stoa"), el("div", { class: "card" }, ...content));
  door.hidden = false;
  door.querySelector("input:not([readonly])")?.focus();
}

/** Into the session as the person of the account, on the page that belongs to the role. */
async function enter(name = "") {
  const me = await accounts.joinByAccount(SESSION, name);
  location.assign(["admin", "owner"].includes(me.person.role) ? "/admin" : `/watch/${SESSION}`);
}

function askSignIn(words = "") {
  show(accountForm({
    title: "Sign in",
    lead: words || "With the login and the password of your account on this server.",
    fields: [LOGIN, PASSWORD],
    press: "Sign in",
    send: async ({ login, password }) => showAccount((await accounts.signIn(login, password)).account),
  }));
}

function askSignUp(invite) {
  show(accountForm({
    title: "Make your account",
    lead: "This invite is good for one account. You sign in with it from then on, without a link.",
    fields: [LOGIN, NAME, { ...NEW_PASSWORD, words: "Password" }],
    press: "Make the account",
    send: async ({ login, name, password }) => showAccount((await accounts.signUp(invite, login, name, password)).account),
  }));
}

function askReset(reset) {
  show(accountForm({
    title: "Set a new password",
    lead: "Wherever you are signed in, you are signed out then.",
    fields: [NEW_PASSWORD],
    press: "Set the password",
    send: async ({ password }) => {
      await accounts.resetPassword(reset, password);
      askSignIn("Your new password is set. Sign in with it.");
    },
  }));
}

function showAccount(account) {
  const said = el("div", { role: "status" });
  const attempt = async (work) => {
    try {
      await work();
    } catch (error) {
      said.replaceChildren(problem(error));
    }
  };
  const another = el("div");
  const go = button({ words: "Go to the session", kind: "primary", press: () => attempt(async () => {
    try {
      await enter();
    } catch (error) {
      if (error.code !== "name_taken") throw error;
      another.replaceChildren(accountForm({ title: "Another name for this session", lead: error.message, level: "h2", fields: [NAME], press: "Go in", send: ({ name }) => enter(name) }));
      another.querySelector("input").focus();
    }
  }) });
  const change = accountForm({
    title: "Change your password",
    lead: "This signs you out everywhere else.",
    level: "h2",
    fields: [{ ...PASSWORD, id: "old", words: "Current password" }, NEW_PASSWORD],
    press: "Change it",
    send: async ({ old, password }) => {
      await accounts.changePassword(old, password);
      showAccount({ ...account, sign_ins: 1 });
      door.querySelector("[role=status]").textContent = "Your password is changed.";
    },
  });
  const out = button({ words: "Sign out", picture: "leave", press: () => attempt(async () => {
    await accounts.signOut();
    askSignIn("You have signed out.");
  }) });
  const everywhere = button({ words: "Sign out everywhere…", kind: "danger", press: () => attempt(async () => {
    const yes = await confirm({ title: "Sign out everywhere?", words: "Every browser and studio that is signed in with your account is out at once, also where it is on air.", press: "Sign out everywhere" });
    if (!yes) return;
    await accounts.signOutEverywhere();
    askSignIn("You have signed out everywhere.");
  }) });
  const places = account.sign_ins === 1 ? "here only" : `at ${account.sign_ins} places`;
  show(
    el("div", {}, el("h1", {}, written(account.name)), el("p", { class: "lead", text: `${account.login} · ${ROLES[account.role] ?? account.role} · signed in ${places}` })),
    el("div", { class: "row" }, go, out, everywhere), another, said, change);
  go.focus();
}

async function begin() {
  const { invite, reset } = brought();
  if (reset) return askReset(reset);
  if (invite) return askSignUp(invite);
  try {
    const account = await accounts.account();
    if (account) showAccount(account);
    else askSignIn();
  } catch (error) {
    show(problem(error), button({ words: "Try again", picture: "refresh", kind: "primary", press: begin }));
  }
}

addEventListener("hashchange", () => location.reload());
begin();
