const VIEWER = ["sessions:read", "users:read", "handoff:read", "access:read"];
const AGENT = [...VIEWER, "handoff:write", "contacts:read"];
const OPERATOR = [
  ...AGENT,
  "sessions:write",
  "messages:write",
  "users:write",
  "trigger:write",
  "deliveries:write",
  "access:write",
];

/** The scopes of a key for a person, by the person's role. */
export const KEY_ROLES = {
  viewer: { says: "reads, with contact data masked", scopes: VIEWER },
  agent: { says: "reads, and answers in the bot's place", scopes: AGENT },
  operator: { says: "also changes conversations and people", scopes: OPERATOR },
  owner: { says: "may do everything, with keys", scopes: ["admin"] },
} as const;

/** A viewer whose key has this too may reveal contact data, one person at a time. */
export const REVEAL = "contacts:read";

export type KeyRole = keyof typeof KEY_ROLES;
