// The viewer's page: in by the invite and a name, then the picture and the chat, until the end is said in words.

import * as api from "./api.js";
import { Invite, askName, knownName, showGone, showTrouble } from "./door.js";
import { fitAboveKeyboard } from "./keyboard.js";
import { Room, signedIn } from "./room.js";

const session = named(location.pathname.split("/")[2]) || "studio";
const invite = new Invite(session, false);
const door = document.getElementById("door");
const place = document.getElementById("room");

/** The session's name in the address; what is no name there (a broken %-sign) stays as it is, and the server knows no such show. */
function named(part = "") {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function enter() {
  door.hidden = true;
  try {
    let me = await signedIn(session);
    if (!me && !invite.value) return showGone(door, "no_invite", "This page opens with an invite link, and this address has none.");
    me ??= await askName(door, { title: "Join the show", lead: "The picture and the chat are on the next page.", press: "Watch", invite, session });
    const status = await api.status(session);
    open(me, status);
  } catch (error) {
    refused(error);
  }
}

function refused(error) {
  if (error.code === "removed") gone("removed", error.message);
  else if (error.code === "invite_revoked") gone("revoked", error.message);
  else if (error.code === "time_over") gone("time_over", "");
  else if (error.code === "not_found") gone("not_found", error.message);
  else showTrouble(door, error, enter);
}

function open(me, status) {
  door.hidden = true;
  door.replaceChildren();
  place.hidden = false;
  const room = new Room(me, status, { gone: (code, words, command) => lost(code, words, command) });
  document.getElementById("leave").addEventListener("click", () => leave(room));
  document.getElementById("stage").focus({ preventScroll: true });
}

/** Signed out while we were away (a new server, an old cookie): the invite and the name are still known, so go in again. */
async function lost(code, words, command) {
  if (code === "not_signed_in" && invite.value && knownName()) {
    try {
      await api.join(invite.value, knownName(), session);
      return location.reload();
    } catch (error) {
      return gone(error.code === "invite_revoked" ? "revoked" : error.code, error.message);
    }
  }
  gone(code, code === "time_over" ? "" : words, command);
}

function gone(code, words, command = null) {
  place.hidden = true;
  document.title = "Stoa";
  if (code === "bad_message") return showGone(door, code, "", { words: "Load again", press: () => location.reload() });
  const again = ["left", "not_signed_in", "time_over"].includes(code) ? { words: "Come back", press: () => location.reload() } : null;
  showGone(door, code, words, invite.value || code === "time_over" ? again : null, command);
}

async function leave(room) {
  room.close();
  try {
    await api.leave();
  } catch {
    // the server is away: our place there ends by itself
  }
  gone("left", "");
}

// another invite pasted into the address; a skip link also changes the fragment
addEventListener("hashchange", () => new URLSearchParams(location.hash.slice(1)).has("i") && location.reload());
fitAboveKeyboard(place);
enter();
