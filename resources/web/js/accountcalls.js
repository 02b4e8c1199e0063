// The server's paths about accounts (studio/server/account_api.py). The cookie is the browser's; scripts never see it.

import { call } from "./api.js";

const v1 = "/api/v1";

export const signUp = (invite, login, name, password) => call("POST", `${v1}/accounts`, { invite, login, name, password });
export const signIn = (login, password) => call("POST", `${v1}/sign-in`, { login, password });
export const signOut = () => call("POST", `${v1}/sign-out`);
export const signOutEverywhere = () => call("POST", `${v1}/sign-out-everywhere`);
export const changePassword = (old, fresh) => call("POST", `${v1}/password`, { old, new: fresh });
export const resetPassword = (reset, fresh) => call("POST", `${v1}/reset`, { reset, new: fresh });
export const joinByAccount = (session, name = "") => call("POST", `${v1}/join`, { session, name });

/** Who is signed in, or null for nobody. */
export async function account() {
  try {
    return await call("GET", `${v1}/account`);
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
}

// for who manages accounts
export const all = () => call("GET", `${v1}/accounts`);
export const change = (id, asked) => call("PATCH", `${v1}/accounts/${encodeURIComponent(id)}`, asked);
export const signOutOf = (id) => call("POST", `${v1}/accounts/${encodeURIComponent(id)}/sign-out`);
export const resetLink = (id) => call("POST", `${v1}/accounts/${encodeURIComponent(id)}/reset`);
