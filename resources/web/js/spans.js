// The spans of time that the audit log is asked for by a word instead of by two dates.

const HOUR_MS = 3_600_000;
const BACK_WITHIN_MS = HOUR_MS; // a host who was lost and comes back later than this begins another show
const DAYS = { today: 1, week: 7, month: 30 };

export const SPANS = [["", "Any time"], ["hour", "The last hour"], ["today", "Today"], ["week", "The last 7 days"], ["month", "The last 30 days"], ["show", "This show"]];

/** When a span begins that is counted back from now; null for the others. Days begin at this browser's midnight. */
export function startOf(span, now_ms) {
  if (span === "hour") return new Date(now_ms - HOUR_MS);
  if (!DAYS[span]) return null;
  const today = new Date(now_ms);
  return new Date(today.getFullYear(), today.getMonth(), today.getDate() - DAYS[span] + 1);
}

/**
 * The show that is on air, or was last: {since, until} in ISO 8601, `until` empty while it goes on; null where there was none.
 * `read(after)` resolves with the log's lines about the session's state behind that number (AuditList).
 */
export async function lastShow(read, now_ms) {
  let show = null;
  let after = 0;
  for (let more = true; more; ) {
    const page = await read(after);
    for (const { action, at } of page.entries) {
      endIfGone(show, Date.parse(at));
      if (action === "session.live" && (!show || show.until)) show = { since: at, until: "", gone: "" };
      else if (action === "session.live") show.gone = "";
      else if (show && action === "session.ended") show.until ||= at;
      else if (show && action === "session.waiting") show.gone ||= at;
    }
    after = page.entries.at(-1)?.number ?? after;
    more = page.more && page.entries.length > 0;
  }
  endIfGone(show, now_ms);
  return show;
}

/** A show whose host was lost and did not come back ended then. */
function endIfGone(show, now_ms) {
  if (show?.gone && now_ms - Date.parse(show.gone) > BACK_WITHIN_MS) show.until ||= show.gone;
}
