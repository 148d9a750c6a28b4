import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

export type Scope =
  | "sessions:read"
  | "sessions:write"
  | "messages:write"
  | "users:read"
  | "users:write"
  | "trigger:write"
  | "deliveries:write"
  | "handoff:read"
  | "handoff:write"
  | "access:read"
  | "access:write"
  | "contacts:read"
  | "admin";

export interface ApiKey {
  id: string;
  workspaceId: string;
  name: string;
  /** The first characters of the secret, to recognise the key. */
  prefix: string;
  scopes: Scope[];
  operator: boolean;
  createdAt: string;
  lastUsedAt: string | null;
}

/** A new key. `secret` is shown only once. */
export type NewApiKey = ApiKey & { secret: string };

export type Keys = ReturnType<typeof createKeys>;

/** API keys: list, create, revoke. */
export function createKeys(transport: Transport) {
  return {
    list: (query: PageQuery = {}, options?: RequestOptions): List<ApiKey> =>
      listOf(transport, { method: "GET", path: "/api_keys", query: { ...query } }, options),

    create: (key: { name: string; scopes: Scope[] }, options?: RequestOptions): Promise<NewApiKey> =>
      transport.request({ method: "POST", path: "/api_keys", body: key }, options),

    /** Revokes a key at once. */
    delete: (id: string, options?: RequestOptions): Promise<void> =>
      transport.request({ method: "DELETE", path: `/api_keys/${encodeURIComponent(id)}` }, options),
  };
}
