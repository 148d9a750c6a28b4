import { createHash } from "node:crypto";
import type { ErrorRequestHandler, Request, Response, Router as RouterType } from "express";
import { Router } from "express";
import { RequestError } from "../../core/errors.ts";
import { newId } from "../../core/ids.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { Logger } from "../../core/logger.ts";
import { readJsonBody } from "../json-body.ts";
import type { OpenLimit } from "../open-limit.ts";
import { type RateLimit, requireRate, tooMany } from "../rate-limit.ts";
import { readBytes } from "../read-bytes.ts";
import { requestIdOf } from "../request-id.ts";
import { type Authenticate, KEY_RATE_EXCEEDED, KEY_STREAMS_EXCEEDED, requireScope } from "./auth.ts";
import { checkedRequest, headersOf } from "./checked-request.ts";
import { databaseOutage } from "./database-outage.ts";
import type { Idempotency } from "./idempotency.ts";
import { encode, keptRefusals, sendReply } from "./reply.ts";
import type { Route } from "./route.ts";

export interface ApiRouterDeps {
  routes: readonly Route[];
  authenticate: Authenticate;
  idempotency: Idempotency;
  /** Of a key. */
  rateLimit: RateLimit;
  /** Open streams of a key. */
  streams: OpenLimit;
  /** Calls once a key is revoked. Returns how to stop listening. */
  onKeyRevoked(keyId: string, listener: () => void): () => void;
  log: Logger;
}

/** Serves routes: who calls, may they, is the request sound, was it answered before; then the route itself. */
export function apiRouter(deps: ApiRouterDeps): RouterType {
  const router = Router({ caseSensitive: true });
  for (const [path, routes] of routesByPath(deps.routes)) {
    const allowed = allowedMethods(routes);
    router.all(path.replaceAll(/\{(\w+)\}/g, ":$1"), async (request, response) => {
      response.setHeader("Cache-Control", "no-store");
      const method = request.method === "HEAD" ? "GET" : request.method;
      const route = routes.find((candidate) => candidate.method === method);
      if (route) return serve(deps, route, request, response);
      response.setHeader("Allow", allowed);
      if (request.method === "OPTIONS") return void response.status(204).end();
      const message = `${request.method} is not possible here, only ${allowed}.`;
      throw new RequestError(405, "method_not_allowed", message);
    });
  }
  router.use(asRequestError);
  return router;
}

async function serve(deps: ApiRouterDeps, route: Route, request: Request, response: Response): Promise<void> {
  const left = new AbortController();
  response.once("close", () => left.abort());
  const caller = await deps.authenticate(request.headers);
  requireRate(deps.rateLimit, caller.keyId, KEY_RATE_EXCEEDED);
  requireScope(caller, route.scope);
  const { uploadLimit } = route;
  const upload = uploadLimit === undefined ? NO_UPLOAD : await readBytes(request, uploadLimit);
  const body =
    route.method === "GET" || uploadLimit !== undefined ? undefined : await readJsonBody(request, BODY_LIMIT);
  const context = {
    ...checkedRequest(route, request, body),
    caller,
    upload,
    headers: headersOf(request),
    requestId: requestIdOf(response),
    signal: left.signal,
  };
  // Before anything is carried out: what cannot be streamed was not asked for either.
  if (mayStream(route, body)) {
    holdOpen(deps, caller.keyId, response);
    // Again: the body may have taken its time, and the key may have been revoked meanwhile.
    await deps.authenticate(request.headers);
  }
  const answer = async (resourceId: string) => encode(await route.handle({ ...context, resourceId }));
  const key = route.method === "POST" ? request.headers["idempotency-key"] : undefined;
  const reply =
    typeof key === "string"
      ? await deps.idempotency.run(
          {
            workspaceId: caller.workspaceId,
            route: route.operationId,
            path: request.originalUrl,
            key,
            body: uploadLimit === undefined ? body : digestOf(upload, request.headers["content-type"]),
            signal: left.signal,
          },
          (resourceId) => keptRefusals(() => answer(resourceId), context.requestId),
        )
      : await answer(newId());
  await sendReply(reply, request, response, deps.log);
}

/** Some routes always do, those that OpenAI's clients call only where the body says so. */
function mayStream(route: Route, body: Json | undefined): boolean {
  if (route.responses.some(({ contentType }) => contentType === "text/event-stream")) return true;
  return isJsonObject(body) && body["stream"] === true;
}

/** The stream of a key that is revoked is cut; the turn goes on. */
function holdOpen(
  { streams, onKeyRevoked }: Pick<ApiRouterDeps, "streams" | "onKeyRevoked">,
  keyId: string,
  response: Response,
): void {
  // Who has left meanwhile does not leave again.
  if (response.destroyed) return;
  const close = streams.open(keyId);
  if (close === null) throw tooMany("too_many_streams", KEY_STREAMS_EXCEEDED, 5);
  response.once("close", close);
  response.once(
    "close",
    onKeyRevoked(keyId, () => response.destroy()),
  );
}

/** The largest JSON the API takes, bytes. */
const BODY_LIMIT = 1024 * 1024;
const NO_UPLOAD = Buffer.alloc(0);

/** What tells one upload from another under the same Idempotency-Key. */
function digestOf(upload: Buffer, contentType = ""): Json {
  return { sha256: createHash("sha256").update(upload).digest("hex"), content_type: contentType };
}

/** Literal paths before those with parameters, so that `/things/special` is not taken for an id. */
function routesByPath(routes: readonly Route[]): [string, Route[]][] {
  const grouped = new Map<string, Route[]>();
  for (const route of routes) grouped.set(route.path, [...(grouped.get(route.path) ?? []), route]);
  return [...grouped].sort(([a], [b]) => (a.replaceAll("{", "~") < b.replaceAll("{", "~") ? -1 : 1));
}

function allowedMethods(routes: readonly Route[]): string {
  const methods = routes.map((route) => route.method);
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}

const asRequestError: ErrorRequestHandler = (error, _request, _response, next) => {
  const malformed =
    error instanceof URIError || (error instanceof Error && /^Failed to decode param/.test(error.message));
  if (malformed) return next(new RequestError(400, "malformed_url", "The URL is not properly encoded."));
  next(databaseOutage(error) ?? error);
};
