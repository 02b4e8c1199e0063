// A removal that is a ban: until when it holds, as far as the server tells.

const REFUSED = /^An admin banned you from this session(?: until (\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC)?\.$/; // studio/server/bans.py

/**
 * What a removal was: {code: "removed" or "banned", words of the server's that say more than the card, until_ms}. until_ms is 0
 * where nothing is said of an end. `words`: the server's reason; `command`: the envelope of the command that put us out, where it came.
 */
export function removal(words, command = null) {
  const told = command?.data;
  if (told?.action === "ban") return { code: "banned", words: told.words, until_ms: told.seconds ? Date.parse(command.at) + told.seconds * 1000 : 0 };
  if (told) return { code: "removed", words: told.words, until_ms: 0 };
  const ban = REFUSED.exec(words);
  if (!ban) return { code: "removed", words, until_ms: 0 };
  return { code: "banned", words: "", until_ms: ban[1] ? Date.parse(`${ban[1]}T${ban[2]}Z`) : 0 };
}
