import type { HttpParts } from "../server/server.ts";
import type { Service } from "../service.ts";
import { type CallerLimits, createGateParts } from "./api-gate.ts";
import { consoleParts } from "./console/console-parts.ts";
import type { OidcSettings } from "./console/oidc-provider.ts";
import { docsRouter } from "./document/docs-router.ts";
import { openApiDocument, type RouteGroup } from "./document/openapi.ts";
import { type ChannelFacts, resourceRoutes } from "./resource-routes.ts";
import { apiRouter } from "./route/api-router.ts";
import type { Route } from "./route/route.ts";
import type { SocketGate } from "./socket/socket-server.ts";

export interface ApiDeps {
  service: Pick<Service, "engine" | "channels" | "pipeline" | "log">;
  facts: ChannelFacts;
  /** Routes of other parts below `/api/v1`. */
  routes: readonly Route[];
  /** Routes below another base, such as `/api/openai/v1`. */
  more: readonly RouteGroup[];
  limits: CallerLimits;
  settings: {
    version: string;
    /** Days until a record of a change is deleted. */
    auditDays: number;
    /** The address of the service, for cookies that may go only over HTTPS. */
    publicUrl: { url: string; isPublic: boolean };
    /** The provider with which people sign in to the console; null: there is none. */
    oidc: OidcSettings | null;
    /** True if messages have traces. */
    isTraced: boolean;
    /** Aborts when a stop has no time left. */
    giveUp: AbortSignal;
  };
}

const BASE = "/api/v1";

/** The API: its keys, its routes, and the document that describes them. */
export function createApi({ service, facts, routes, more, limits, settings }: ApiDeps) {
  const parts = createGateParts(service, limits, settings);
  const { gate, keys, keyCache, consoleSessions } = parts;
  const resources = resourceRoutes(service, facts, parts, settings.isTraced);
  const { group: consoleGroup, oidcMount } = consoleParts(service, parts, limits, settings);
  const groups: RouteGroup[] = [
    { base: BASE, routes: [...routes, ...resources.routes] },
    ...more,
    consoleGroup,
  ];
  const mounts: HttpParts["mounts"] = [
    oidcMount,
    ...groups.map(({ base, ...group }) => ({ path: base, router: apiRouter(group, gate) })),
    { path: "/", router: docsRouter(() => openApiDocument(groups, settings.version)) },
  ];
  const { attempts, callerOf, keyRate, keyStreams } = limits;
  const socketGate: SocketGate = {
    authenticate: gate.authenticate,
    attempts,
    callerOf,
    rateLimit: keyRate,
    streams: keyStreams,
    onKeyRevoked: keyCache.onRevoked,
  };

  return {
    mounts,
    /** Checks the callers of WebSockets, which no route serves. */
    socketGate,
    /** A code that signs in to the console once, as the operator. */
    signInCode: consoleSessions.codeForOperator,
    /** Makes the key of the settings the operator key. `workspaceId` is the first configured workspace. */
    ensureOperatorKey: keys.ensureOperatorKey,
    stop(): void {
      resources.stop();
      parts.stop();
    },
  };
}
