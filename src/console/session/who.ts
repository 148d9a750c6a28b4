import { CallError } from "../../web-chat/chat/call-error.ts";
import { tick } from "../live/feed.ts";
import { callConsole, refusals, wordsOf } from "../server/call.ts";
import { createStore } from "../server/store.ts";

/** The answer of `/console/session`. */
export interface Me {
  role: "viewer" | "agent" | "operator" | "owner";
  scopes: string[];
  key: { name: string };
  workspace_id: string;
  workspaces: { id: string; slug: string }[];
}

/** The rights that a button may need. */
export type Scope =
  | "sessions:write"
  | "messages:write"
  | "deliveries:write"
  | "handoff:write"
  | "users:write"
  | "trigger:write"
  | "access:read"
  | "access:write"
  | "contacts:read"
  | "admin";

/**
 * `asking`: not known yet. `out`: nobody is signed in. `expired`: the session ended while the page was open, so what
 * was typed is still there.
 */
export type Who =
  | { state: "asking" }
  | { state: "out"; problem: string | null }
  | { state: "in"; me: Me }
  | { state: "expired"; me: Me };

export const who = createStore<Who>({ state: "asking" });

/** Tells if whoever is signed in may do this. The server decides; this only hides what it would refuse. */
export function may(scope: Scope): boolean {
  const now = who.get();
  if (now.state !== "in" && now.state !== "expired") return false;
  return now.me.scopes.includes(scope) || now.me.scopes.includes("admin");
}

/** Tells if the server masks contact data for whoever is signed in. */
export function isMasked(): boolean {
  const now = who.get();
  return (now.state === "in" || now.state === "expired") && now.me.role === "viewer";
}

const PROVIDER_PROBLEMS: Readonly<Record<string, string>> = {
  failed: "The sign-in did not work. Try again; the log of the service has the reason.",
  "no-role": "You have no role here. Ask the people who run the service for one.",
};

/** The host of the OpenID Connect provider; null if there is none. */
export async function providerHost(): Promise<string | null> {
  return (await callConsole<{ provider: string | null }>("GET", "/oidc")).provider;
}

/** Looks if a session began meanwhile, in another tab. */
export async function lookAgain(): Promise<void> {
  const now = who.get();
  if (now.state !== "out" && now.state !== "expired") return;
  try {
    who.set({ state: "in", me: await callConsole<Me>("GET", "/session") });
    tick();
  } catch {
    // Nobody is signed in yet.
  }
}

/** Finds out who is signed in. A one-time code in the address is used first, and removed at once. */
export async function arrive(): Promise<void> {
  const failed = /^#sign-in=([\w-]+)$/.exec(location.hash)?.[1];
  if (failed !== undefined) {
    history.replaceState(null, "", location.pathname + location.search);
    who.set({ state: "out", problem: PROVIDER_PROBLEMS[failed] ?? PROVIDER_PROBLEMS["failed"] ?? null });
    return;
  }
  const code = /^#code=(.+)$/.exec(location.hash)?.[1];
  if (code !== undefined) history.replaceState(null, "", location.pathname + location.search);
  try {
    if (code !== undefined) await callConsole<Me>("POST", "/session", { code: decodeURIComponent(code) });
    const me = await callConsole<Me>("GET", "/session");
    who.set({ state: "in", me });
  } catch (error) {
    const isSignedOut = error instanceof CallError && error.status === 401 && code === undefined;
    who.set({ state: "out", problem: isSignedOut ? null : wordsOf(error) });
  }
}

/** Exchanges an API key for a session. The key itself is kept nowhere. */
export async function signIn(key: string): Promise<void> {
  await callConsole<Me>("POST", "/session", { key });
  // The workspace that this browser chose counts from the next call on.
  const me = await callConsole<Me>("GET", "/session");
  who.set({ state: "in", me });
  tick();
}

export async function signOut(): Promise<void> {
  await callConsole("DELETE", "/session");
  who.set({ state: "out", problem: null });
}

refusals.subscribe(() => {
  const now = who.get();
  if (now.state === "in") who.set({ state: "expired", me: now.me });
});
