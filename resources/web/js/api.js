// The server's HTTP paths (studio/server/api.py). The cookie that signs us in is the browser's; scripts never see it.

import { renew } from "./renewal.js";

/** A call that failed. `code` is for decisions, `message` and `remedy` are for the person. `status` 0: nobody answered. */
export class ApiError extends Error {
  constructor(code, message, remedy = "", status = 0, retryAfter_ms = 0) {
    super(message);
    this.code = code;
    this.remedy = remedy;
    this.status = status;
    this.retryAfter_ms = retryAfter_ms;
  }
}

export const UNREACHABLE = "unreachable";

function unreachable() {
  return new ApiError(
    UNREACHABLE,
    "The server does not answer.",
    "Check your connection. If it works, the host's computer may be off: ask the host, then try again.",
  );
}

/** What a refusal says, in the server's own words where it gave them. */
export async function refusal(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // something between us and the server answered in its own way
  }
  const retry_s = Number(response.headers.get("Retry-After")) || 0;
  const message = typeof body.message === "string" ? body.message : `The server refused this (HTTP ${response.status}).`;
  const remedy = typeof body.remedy === "string" ? body.remedy : "";
  return new ApiError(body.code ?? "internal", message, remedy || (body.message ? "" : "Load this page again; if that does not help, tell the host."), response.status, retry_s * 1000);
}

/** fetch with a limit; rejects with ApiError only. */
export async function reach(path, options = {}, limit_ms = 15000) {
  const attempt = () => fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(limit_ms), ...options });
  let response;
  try {
    response = await attempt();
    // the token ran out while nobody looked (a computer that slept): with a fresh one it is asked again
    if (response.status === 401 && (await renew())) response = await attempt();
  } catch {
    throw unreachable();
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** One JSON call: the answer's body. */
export async function call(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await reach(path, options);
  try {
    return await response.json();
  } catch {
    throw unreachable();
  }
}

const v1 = "/api/v1";
const of = (session) => `${v1}/sessions/${encodeURIComponent(session)}`;

export const join = (invite, name, session) => call("POST", `${v1}/join`, { invite, name, ...(session ? { session } : {}) });
export const leave = () => call("POST", `${v1}/leave`);
export const me = () => call("GET", `${v1}/me`);
export const status = (session) => call("GET", of(session));
export const people = (session) => call("GET", `${of(session)}/people`);
export const history = (session, before, limit = 50, search = "") => call("GET", `${of(session)}/chat?before=${before}&limit=${limit}${search ? `&search=${encodeURIComponent(search)}` : ""}`);
export const chatRules = (session) => call("GET", `${of(session)}/chat/rules`);
/** `wanted`: what the lines must have (person, action, outcome, since, until), each where it is asked for. */
export const audit = (session, wanted, after, limit = 200) => call("GET", `${of(session)}/audit?${new URLSearchParams({ ...wanted, after, limit })}`);
export const auditCsv = async (session, wanted) => (await reach(`${of(session)}/audit.csv?${new URLSearchParams(wanted)}`, {}, 120000)).blob();
export const invites = (session) => call("GET", `${of(session)}/invites`);
export const invite = (session, request) => call("POST", `${of(session)}/invites`, request);
export const revoke = (session, id) => call("DELETE", `${of(session)}/invites/${encodeURIComponent(id)}`);
export const eventsUrl = (session, after) => {
  const url = new URL(`${of(session)}/events`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("after", String(after));
  return url.href;
};
export const schedule = (session) => call("GET", `${of(session)}/schedule`);
export const calendarUrl = (session, plan = "") => `${of(session)}/schedule.ics${plan ? `?plan=${encodeURIComponent(plan)}` : ""}`;
export const plans = (session) => call("GET", `${of(session)}/plans`);
export const makePlan = (session, plan) => call("POST", `${of(session)}/plans`, plan);
export const changePlan = (session, id, plan) => call("PUT", `${of(session)}/plans/${encodeURIComponent(id)}`, plan);
export const cancelPlan = (session, id) => call("DELETE", `${of(session)}/plans/${encodeURIComponent(id)}`);
export const cancelShow = (session, id) => call("DELETE", `${of(session)}/shows/${encodeURIComponent(id)}`);
export const whepUrl = (session) => `/whep/${encodeURIComponent(session)}`;
