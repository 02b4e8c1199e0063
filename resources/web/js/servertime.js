// The server's time of day: the browser's own clock may be wrong, so what begins when is counted from what the server last said.

/** A clock that is set by the server's answers and goes on by the page's monotonic one. */
export class ServerTime {
  #told_ms = Date.now();
  #at_ms = performance.now();

  /** `now`: ISO 8601, as the server said it in the answer that has just come. */
  set(now) {
    const told_ms = Date.parse(now);
    if (Number.isNaN(told_ms)) return;
    this.#told_ms = told_ms;
    this.#at_ms = performance.now();
  }

  now_ms() {
    return this.#told_ms + (performance.now() - this.#at_ms);
  }
}

const two = (number) => String(number).padStart(2, "0");
const some = (count, unit) => `${count} ${unit}${count === 1 ? "" : "s"}`;

/** How long it is still: "3 days, 4 hours", "23:05:09" within a day; empty once it is there. */
export function remaining(until_ms) {
  if (until_ms <= 0) return "";
  const s = Math.ceil(until_ms / 1000);
  const [days, hours, minutes, seconds] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60, s % 60];
  if (days) return [some(days, "day"), hours ? some(hours, "hour") : ""].filter(Boolean).join(", ");
  return `${hours ? `${two(hours)}:` : ""}${two(minutes)}:${two(seconds)}`;
}

/** A moment in this browser's own zone, with the zone's name: "Thursday 26 November 2026 at 13:00 Eastern Standard Time". */
export function here(at) {
  const facts = { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "long" };
  return new Intl.DateTimeFormat(undefined, facts).format(new Date(at));
}

/** A moment in short, in this browser's own zone: "Thu 26 Nov, 13:00". */
export function shortly(at) {
  return new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
