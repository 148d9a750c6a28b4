/**
 * The role of a key's holder in the console. A `viewer` reads, with contact data masked. An `agent` also answers
 * handoffs, an `operator` also changes things, and an `owner` may do everything.
 */
export const ROLES = ["viewer", "agent", "operator", "owner"] as const;
export type Role = (typeof ROLES)[number];

/** Scopes that change something other than a handoff. */
const OPERATING = /^(?!handoff:).+:write$/;

const READ = ["sessions:read", "users:read", "handoff:read", "access:read"];
/** From `agent` on people see contact data, because they work with it. */
const ANSWER = [...READ, "handoff:write", "contacts:read"];
const CHANGED = ["sessions", "messages", "users", "trigger", "deliveries", "access"];

/** The scopes of a person with a role and without a key. */
export const ROLE_SCOPES: Readonly<Record<Role, readonly string[]>> = {
  viewer: READ,
  agent: ANSWER,
  operator: [...ANSWER, ...CHANGED.map((thing) => `${thing}:write`)],
  owner: ["admin"],
};

/**
 * The role that matches scopes: the highest one to which any of the scopes belongs. It only decides which screens and
 * buttons are shown. The scopes decide about each call.
 */
export function roleOf(scopes: readonly string[]): Role {
  if (scopes.includes("admin")) return "owner";
  if (scopes.some((scope) => OPERATING.test(scope))) return "operator";
  return scopes.includes("handoff:write") ? "agent" : "viewer";
}

/**
 * The highest role that a claim names: a text, or a list of texts, such as groups. `causeway-agent` counts as `agent`,
 * because a directory has groups of many programs. Null: it names none.
 */
export function roleNamed(claim: unknown): Role | null {
  const names = [claim].flat().filter((name): name is string => typeof name === "string");
  const words = new Set(names.map((name) => name.replace(/^causeway[-_:]/, "")));
  return ROLES.findLast((role) => words.has(role)) ?? null;
}
