// Times and lengths for people. Everything that arrives is ISO 8601 in UTC.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** "14:05" for today, with the date for any other day. */
export function clock(at, seconds = false) {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return "";
  if (time.toDateString() !== new Date().toDateString()) return DAY.format(time);
  return (seconds ? SECONDS : CLOCK).format(time);
}

const UNITS = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];

/** "10 minutes", "1 day": in the largest unit of which it is a whole number. */
export function lasting(seconds) {
  const [unit, name] = UNITS.find(([unit]) => seconds % unit === 0);
  return `${seconds / unit} ${name}${seconds === unit ? "" : "s"}`;
}
