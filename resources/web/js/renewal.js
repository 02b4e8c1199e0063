// Keeps the page signed in. Its token is good for minutes; a fresh one comes before the old one is over, and nothing that is
// open notices. Both are cookies that no script reads; how long the token lasts, the server says.

const PATH = "/api/v1/renew";
const FIRST_MS = 20_000; // of a page that was loaded again nobody knows how old its token is
const AGAIN_MS = 10_000;
const LEAST_MS = 1_000;

let running = null;
let lasts_ms = 0;

/** A fresh token. Resolves with true, with false where there is none to be had, and with null where the server is away. */
export function renew() {
  running ??= ask().finally(() => (running = null));
  return running;
}

async function ask() {
  try {
    const response = await fetch(PATH, { method: "POST", credentials: "same-origin", cache: "no-store", redirect: "error", headers: { "Content-Type": "application/json" }, body: "{}", signal: AbortSignal.timeout(15_000) });
    if (!response.ok) return response.status >= 500 || response.status === 429 ? null : false;
    lasts_ms = ((await response.json()).lasts_s ?? 0) * 1000;
    return true;
  } catch {
    return null;
  }
}

/** From now on in time, by itself; returns what ends that. */
export function keepFresh() {
  let timer = setTimeout(next, FIRST_MS);
  async function next() {
    const fresh = await renew();
    if (fresh === false || timer === null) return; // whoever is out is told so by the line
    const half_ms = fresh ? lasts_ms * (0.4 + 0.2 * Math.random()) : AGAIN_MS;
    timer = setTimeout(next, Math.max(LEAST_MS, half_ms));
  }
  return () => {
    clearTimeout(timer);
    timer = null;
  };
}
