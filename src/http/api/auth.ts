import type { IncomingHttpHeaders } from "node:http";
import { RequestError } from "../../core/errors.ts";
import type { KeyRing } from "../../keys/key-ring.ts";
import { type Caller, SCOPES, type Scope } from "./route.ts";

/** What a key over its rate is told. */
export const KEY_RATE_EXCEEDED = "This API key makes too many requests. Try again later.";

/** What a key with too many streams open is told. */
export const KEY_STREAMS_EXCEEDED = "This API key holds too many streams open. Close some first.";

/** Who is calling, from `Authorization: Bearer` or `X-API-Key`. Throws a 401 that says what is missing. */
export type Authenticate = (headers: IncomingHttpHeaders) => Promise<Caller>;

/**
 * A key belongs to one workspace. The operator key of the settings belongs to the first one in the configuration, and
 * names another with the header `X-Workspace: <slug>`.
 */
export function createAuthenticate(deps: {
  keys: Pick<KeyRing, "lookup">;
  workspaceBySlug(slug: string): Promise<string | null>;
}): Authenticate {
  return async (headers) => {
    const secret = secretOf(headers);
    if (secret === null) {
      throw unauthorized("Send your API key as Authorization: Bearer <key>, or as X-API-Key.");
    }
    const holder = await deps.keys.lookup(secret);
    if (holder === null) throw unauthorized("This API key is unknown or was revoked.");
    const scopes = holder.scopes.filter(isScope);
    const slug = headers["x-workspace"];
    if (typeof slug !== "string") return { workspaceId: holder.workspaceId, keyId: holder.id, scopes };
    const workspaceId = await deps.workspaceBySlug(slug);
    if (workspaceId !== holder.workspaceId && !holder.operator) {
      throw new RequestError(403, "workspace_not_allowed", "This API key belongs to another workspace.");
    }
    if (workspaceId === null) {
      throw new RequestError(404, "workspace_not_found", `There is no workspace ${slug}.`);
    }
    return { workspaceId, keyId: holder.id, scopes };
  };
}

/** Throws a 403 that names the scope the caller's key lacks. */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.includes(scope) || caller.scopes.includes("admin")) return;
  throw new RequestError(403, "insufficient_scope", `This needs an API key with the scope ${scope}.`, {
    details: { required: scope, scopes: caller.scopes },
  });
}

function secretOf(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer !== undefined) return bearer;
  const header = headers["x-api-key"];
  return typeof header === "string" && header !== "" ? header : null;
}

function unauthorized(message: string): RequestError {
  return new RequestError(401, "unauthorized", message, {
    headers: { "WWW-Authenticate": 'Bearer realm="causeway"' },
  });
}

function isScope(scope: string): scope is Scope {
  return SCOPES.some((known) => known === scope);
}
