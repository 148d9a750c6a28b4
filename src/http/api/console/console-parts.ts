import { monotonicMs } from "../../../core/time/monotonic.ts";
import { createPersonRepository } from "../../../keys/person-repository.ts";
import { createRateLimit, requireRate } from "../../server/rate-limit.ts";
import type { HttpParts } from "../../server/server.ts";
import type { Service } from "../../service.ts";
import type { CallerLimits, GateParts } from "../api-gate.ts";
import type { RouteGroup } from "../document/openapi.ts";
import { consoleSessionRoutes } from "./console-session.ts";
import { createOidcProvider, type OidcSettings } from "./oidc-provider.ts";
import { oidcRoutes } from "./oidc-routes.ts";
import { createOidcSignIn } from "./oidc-sign-in.ts";
import { createSignIn } from "./sign-in.ts";

const BASE = "/console";
/** Sign-ins with OpenID Connect that one address may begin. */
const SIGN_INS = { burst: 30, perMinute: 30 };

/**
 * The sign-in of people at the console: with a key, with a link, or with OpenID Connect.
 * @param site.publicUrl the address of the service, for cookies that may go only over HTTPS.
 * @param site.oidc the provider with which people sign in; null: there is none.
 */
export function consoleParts(
  { engine, log }: Pick<Service, "engine" | "log">,
  { keyCache, consoleSessions, sessionEnd, auditLog }: GateParts,
  { callerOf, attempts }: Pick<CallerLimits, "callerOf" | "attempts">,
  { publicUrl, oidc }: { publicUrl: { url: string; isPublic: boolean }; oidc: OidcSettings | null },
): { group: RouteGroup; oidcMount: HttpParts["mounts"][number] } {
  const visits = createRateLimit(SIGN_INS, monotonicMs);
  const router = oidcRoutes({
    provider: oidc && createOidcProvider(oidc),
    people: createOidcSignIn({
      people: createPersonRepository(engine.database.pool),
      sessions: consoleSessions,
      keys: keyCache,
      onEnded: sessionEnd.announce,
      record: auditLog.record,
      log,
    }),
    publicUrl,
    limits: {
      callerOf,
      attempts,
      visit: (request) =>
        requireRate(visits, callerOf(request), "Too many sign-ins were begun. Try again later."),
    },
    log,
  });
  const routes = consoleSessionRoutes({
    signIn: createSignIn({ keys: keyCache, sessions: consoleSessions, attempts, log }),
    sessions: consoleSessions,
    onEnded: sessionEnd.announce,
    publicUrl,
  });
  return { group: { base: BASE, routes }, oidcMount: { path: `${BASE}/oidc`, router } };
}
