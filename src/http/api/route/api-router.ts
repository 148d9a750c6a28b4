import { createHash } from "node:crypto";
import type { ErrorRequestHandler, Request, Response, Router as RouterType } from "express";
import { Router } from "express";
import { RequestError } from "../../../core/faults/errors.ts";
import { newId } from "../../../core/ids.ts";
import type { Logger } from "../../../core/process/logger.ts";
import { isJsonObject, type Json } from "../../../core/text/json.ts";
import { setBodySender } from "../../bodies/bodies.ts";
import { readJsonBody } from "../../bodies/json-body.ts";
import { readBytes } from "../../bodies/read-bytes.ts";
import type { CallerOf } from "../../server/caller-address.ts";
import type { OpenLimit } from "../../server/open-limit.ts";
import { type RateLimit, requireRate, tooMany } from "../../server/rate-limit.ts";
import { requestIdOf } from "../../server/request-id.ts";
import type { Audit } from "./audit.ts";
import { type Authenticate, KEY_RATE_EXCEEDED, KEY_STREAMS_EXCEEDED, requireScope } from "./auth.ts";
import { checkedRequest, headersOf } from "./checked-request.ts";
import { replyShownTo } from "./contacts.ts";
import { databaseOutage } from "./database-outage.ts";
import type { Idempotency } from "./idempotency.ts";
import { encode, keptRefusals, sendReply } from "./reply.ts";
import type { Caller, Route, RouteContext } from "./route.ts";

/** Routes, and the format of their errors. */
export interface ServedRoutes {
  routes: readonly Route[];
  /** The same error in the format that the callers of these routes expect. */
  phrase?(error: RequestError): RequestError;
}

/** The parts that every call passes. */
export interface ApiGate {
  authenticate: Authenticate;
  /** Calls the listener once a caller's key or console session has ended. Returns a function that stops listening. */
  onCallerEnded(caller: Caller, listener: () => void): () => void;
  limits: {
    /** The request rate of a key. */
    rateLimit: RateLimit;
    /** The open streams of a key. */
    streams: OpenLimit;
    /** Names the address of a request. */
    callerOf: CallerOf;
  };
  idempotency: Idempotency;
  audit: Audit;
  log: Logger;
}

/**
 * Serves routes. It authenticates the caller, checks the scope and the request, and looks for an earlier answer. Then
 * it runs the route.
 */
export function apiRouter(served: ServedRoutes, gate: ApiGate): RouterType {
  const router = Router({ caseSensitive: true });
  const parts = { ...gate, phrase: served.phrase };
  for (const [path, routes] of routesByPath(served.routes)) {
    const allowed = allowedMethods(routes);
    router.all(path.replaceAll(/\{(\w+)\}/g, ":$1"), async (request, response) => {
      response.setHeader("Cache-Control", "no-store");
      const method = request.method === "HEAD" ? "GET" : request.method;
      const route = routes.find((candidate) => candidate.method === method);
      if (route) return serve(route, parts, request, response);
      response.setHeader("Allow", allowed);
      if (request.method === "OPTIONS") return void response.status(204).end();
      const message = `${request.method} is not possible here, only ${allowed}.`;
      throw new RequestError(405, "method_not_allowed", message);
    });
  }
  router.use(asRequestError(served.phrase));
  return router;
}

async function serve(
  route: Route,
  gate: ApiGate & { phrase: ServedRoutes["phrase"] },
  request: Request,
  response: Response,
): Promise<void> {
  const left = new AbortController();
  response.once("close", () => left.abort());
  const known = route.answerAnybody?.(new URL(request.originalUrl, "http://localhost").searchParams);
  if (known) throw known;
  const caller = route.open ? NOBODY : await admit(gate, route, request);
  const { uploadLimit } = route;
  const upload = uploadLimit === undefined ? NO_UPLOAD : await readBytes(request, uploadLimit);
  const body =
    route.method === "GET" || uploadLimit !== undefined ? undefined : await readJsonBody(request, BODY_LIMIT);
  const context = {
    ...checkedRequest(route, request, body),
    caller,
    upload,
    address: gate.limits.callerOf(request),
    headers: headersOf(request),
    requestId: requestIdOf(response),
    signal: left.signal,
  };
  // Before the work starts: if there is no room for a stream, the request must have no effect.
  if (mayStream(route, body)) {
    holdOpen(gate, caller, response);
    // Checked again, because the body may have been slow and the key may have been revoked meanwhile.
    await gate.authenticate(request);
  }
  const answer = (resourceId: string) => answerOf(route, gate, { ...context, resourceId }, body);
  const key = route.method === "POST" && !route.open ? request.headers["idempotency-key"] : undefined;
  const content = uploadLimit === undefined ? body : digestOf(upload, request.headers["content-type"]);
  const { workspaceId, keyId } = caller;
  const asked = { workspaceId, keyId, route: route.operationId, path: request.originalUrl };
  const reply =
    typeof key === "string"
      ? await gate.idempotency.run({ ...asked, key, body: content, signal: left.signal }, (resourceId) =>
          keptRefusals(() => answer(resourceId), context.requestId),
        )
      : await answer(newId());
  await sendReply(reply, request, response, gate.log);
}

/** Runs a route and writes the record of its change. */
async function answerOf(
  route: Route,
  { audit, phrase }: ApiGate & { phrase: ServedRoutes["phrase"] },
  context: RouteContext<unknown, unknown, unknown>,
  body: Json | undefined,
) {
  try {
    const reply = await route.handle(context);
    await audit(route, context, { body, reply });
    return encode(route.contacts === "shown" ? reply : replyShownTo(context.caller, reply));
  } catch (error) {
    throw error instanceof RequestError ? (phrase?.(error) ?? error) : error;
  }
}

/** The "caller" of open routes. */
const NOBODY: Caller = { workspaceId: "", keyId: "", scopes: [], consoleId: null };

/** Returns the caller of a route. Throws if the caller may not call it, or calls too often. */
async function admit({ authenticate, limits }: ApiGate, route: Route, request: Request): Promise<Caller> {
  const caller = await authenticate(request);
  requireRate(limits.rateLimit, caller.keyId, KEY_RATE_EXCEEDED);
  requireScope(caller, route.scope);
  setBodySender(request, { trust: "known", name: caller.keyId });
  return caller;
}

/** Some routes always stream. The routes of OpenAI's clients stream only if the body requests it. */
function mayStream(route: Route, body: Json | undefined): boolean {
  if (route.responses.some(({ contentType }) => contentType === "text/event-stream")) return true;
  return isJsonObject(body) && body.stream === true;
}

/** Cuts the stream of a revoked key or an ended console session. The turn continues. */
function holdOpen(
  { limits, onCallerEnded }: Pick<ApiGate, "limits" | "onCallerEnded">,
  caller: Caller,
  response: Response,
): void {
  // A client that has already left sends no further close event.
  if (response.destroyed) return;
  const close = limits.streams.open(caller.keyId);
  if (close === null) throw tooMany("too_many_streams", KEY_STREAMS_EXCEEDED, 5);
  response.once("close", close);
  response.once(
    "close",
    onCallerEnded(caller, () => response.destroy()),
  );
}

/** The largest JSON body of the API, bytes. */
const BODY_LIMIT = 1024 * 1024;
const NO_UPLOAD = Buffer.alloc(0);

/** Tells different uploads under the same Idempotency-Key apart. */
function digestOf(upload: Buffer, contentType = ""): Json {
  return { sha256: createHash("sha256").update(upload).digest("hex"), content_type: contentType };
}

/** Literal paths come before those with parameters, so that `/things/special` does not count as an id. */
function routesByPath(routes: readonly Route[]): [string, Route[]][] {
  const grouped = new Map<string, Route[]>();
  for (const route of routes) grouped.set(route.path, [...(grouped.get(route.path) ?? []), route]);
  return [...grouped].sort(([a], [b]) => (a.replaceAll("{", "~") < b.replaceAll("{", "~") ? -1 : 1));
}

function allowedMethods(routes: readonly Route[]): string {
  const methods = routes.map((route) => route.method);
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}

function asRequestError(phrase: ServedRoutes["phrase"]): ErrorRequestHandler {
  return (error, _request, _response, next) => {
    const malformed =
      error instanceof URIError || (error instanceof Error && /^Failed to decode param/.test(error.message));
    const known = malformed
      ? new RequestError(400, "malformed_url", "The URL is not properly encoded.")
      : (databaseOutage(error) ?? error);
    next(known instanceof RequestError ? (phrase?.(known) ?? known) : known);
  };
}
