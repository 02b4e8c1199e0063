// What can be done to a message by this person: the small buttons beside it.

import { placeOf } from "./message.js";
import { askMute, mutable } from "./mutes.js";

const EMOJI = ["👍", "❤️", "😂", "👏", "🎉"];
const TEAM = ["owner", "admin", "director", "broadcaster"];

/** As [{picture, label, press, emoji?}]. `on`: can(right), act(type, data), answer(envelope, place), address(place), mute(person, seconds); `pin`: the seq that is pinned. */
export function offersFor(envelope, meId, pin, on) {
  const { seq, from } = envelope;
  const place = placeOf(envelope, meId);
  const act = (type, data) => () => on.act(type, data);
  const mine = from.id === meId;
  const offers = EMOJI.map((emoji) => ({ emoji, label: `React with ${emoji}`, press: act("chat.react", { message: seq, emoji, on: true }) }));
  offers.push({ picture: "reply", label: "Answer", press: () => on.answer(envelope, place) });
  if (!mine && from.role && (on.can("chat_backstage") || TEAM.includes(from.role))) offers.push({ picture: "private", label: `Write to ${from.name} alone`, press: () => on.address({ channel: "all", to: from.id, name: from.name }) });
  if (on.can("pin") && !place.to && place.channel === "all") offers.push({ picture: "pin", label: pin === seq ? "Unpin" : "Pin above the chat", press: act("chat.pin", { message: pin === seq ? 0 : seq }) });
  if (on.can("chat_moderate") && mutable(from.role) && !mine) offers.push({ picture: "mic-off", label: `Mute ${from.name} in the chat…`, press: () => askMute(from.name, (seconds) => on.mute(from.id, seconds)) });
  if (mine || (on.can("chat_moderate") && !place.to)) offers.push({ picture: "delete", label: "Delete", press: act("chat.delete", { message: seq }) });
  return offers;
}
