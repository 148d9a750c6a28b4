import { hash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { RequestError } from "../../../core/faults/errors.ts";
import type { ConsoleSession } from "../../../keys/console-session-repository.ts";
import type { KeyCache } from "../../../keys/key-cache.ts";
import type { Attempts } from "../../server/attempts.ts";
import type { CallerOf } from "../../server/caller-address.ts";
import { chosenWorkspace, consoleToken, requireConsoleHeader } from "./console-cookie.ts";
import { type Caller, SCOPES, type Scope } from "./route.ts";

/** The message for a key over its rate. */
export const KEY_RATE_EXCEEDED = "This API key makes too many requests. Try again later.";

/** The message for a key with too many open streams. */
export const KEY_STREAMS_EXCEEDED = "This API key holds too many streams open. Close some first.";

/**
 * The caller, from `Authorization: Bearer`, from `X-API-Key`, or from the console's cookie. Throws a 401 that names the
 * missing part.
 */
export type Authenticate = (
  request: Pick<IncomingMessage, "headers" | "socket" | "method">,
) => Promise<Caller>;

/**
 * A key belongs to one workspace. The operator key of the settings belongs to the first one in the configuration. It
 * selects another with the header `X-Workspace: <slug>`. The console's page, whose streams carry no header, selects it
 * with a cookie.
 */
export function createAuthenticate(deps: {
  keys: Pick<KeyCache, "lookup">;
  /** Finds the console session of a cookie's token; null if it is over. */
  consoleSession(token: string): Promise<ConsoleSession | null>;
  /** Limits wrong keys and cookies, by address. */
  attempts: Attempts;
  callerOf: CallerOf;
  workspaceBySlug(slug: string): Promise<string | null>;
}): Authenticate {
  /** The holder of a secret, or the console session of a cookie. A secret is sent on purpose, so it comes first. */
  async function identify(request: Parameters<Authenticate>[0]) {
    const secret = secretOf(request.headers);
    const token = secret === null ? consoleToken(request.headers.cookie) : null;
    const attempt = <T>(given: string, lookUp: () => Promise<T | null>) =>
      deps.attempts.check(deps.callerOf(request), hash("sha256", given), lookUp);
    if (secret !== null) {
      const holder = await attempt(secret, () => deps.keys.lookup(secret));
      if (holder === null) throw unauthorized("This API key is unknown or was revoked.");
      return { holder, consoleId: null };
    }
    if (token === null) {
      throw unauthorized("Send your API key as Authorization: Bearer <key>, or as X-API-Key.");
    }
    requireConsoleHeader(request);
    const session = await attempt(token, () => deps.consoleSession(token));
    if (session === null) throw unauthorized("This console session is over. Sign in again.");
    return { holder: session.key, consoleId: session.id };
  }

  return async (request) => {
    const { holder, consoleId } = await identify(request);
    const caller = { keyId: holder.id, scopes: holder.scopes.filter(isScope), consoleId };
    const slug = request.headers["x-workspace"];
    if (typeof slug !== "string") {
      const chosen = consoleId === null ? null : chosenWorkspace(request.headers.cookie);
      const workspaceId = holder.operator && chosen !== null ? await deps.workspaceBySlug(chosen) : null;
      // Ignore a choice that another person left in this browser.
      return { ...caller, workspaceId: workspaceId ?? holder.workspaceId };
    }
    const workspaceId = await deps.workspaceBySlug(slug);
    if (workspaceId !== holder.workspaceId && !holder.operator) {
      throw new RequestError(403, "workspace_not_allowed", "This API key belongs to another workspace.");
    }
    if (workspaceId === null) {
      throw new RequestError(404, "workspace_not_found", `There is no workspace ${slug}.`);
    }
    return { ...caller, workspaceId };
  };
}

/** True if the caller's key has a scope, or all of them. */
export function hasScope({ scopes }: Pick<Caller, "scopes">, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes("admin");
}

/** Throws a 403 that names the missing scope. */
export function requireScope(caller: Caller, scope: Scope | null): void {
  if (scope === null || hasScope(caller, scope)) return;
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
