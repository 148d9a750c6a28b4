/**
 * The role of a key's holder in the console. A `viewer` reads, an `agent` also answers handoffs, an `operator` also
 * changes things, and an `owner` may do everything.
 */
export const ROLES = ["viewer", "agent", "operator", "owner"] as const;
export type Role = (typeof ROLES)[number];

/** Scopes that change something other than a handoff. */
const OPERATING = /^(?!handoff:).+:write$/;

/**
 * The role that scopes amount to: the highest one of which they hold a right. It only says which screens and buttons
 * are useful. Each call is decided by its scope.
 */
export function roleOf(scopes: readonly string[]): Role {
  if (scopes.includes("admin")) return "owner";
  if (scopes.some((scope) => OPERATING.test(scope))) return "operator";
  return scopes.includes("handoff:write") ? "agent" : "viewer";
}
