import type { IRouter, Request, RequestHandler, Response } from "express";
import { type ApiAnswer, answerCalls } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import type { World } from "../world.ts";
import type { SlackApp } from "./app.ts";
import { type MethodContext, type Payload, postMessage, refuse, type SlackAnswer } from "./chat-methods.ts";
import { methods } from "./methods.ts";
import { respond } from "./respond.ts";
import type { SlackSockets } from "./sockets.ts";

/** An app, with its sockets and the way to tell it of events. */
export interface ServedApp {
  app: SlackApp;
  sockets: SlackSockets;
  tell: MethodContext["tell"];
}

interface Served {
  world: World;
  /** The URL of the simulated Slack. */
  root: string;
  apps: readonly ServedApp[];
}

const SENDS =
  /^chat\.(postMessage|postEphemeral|update|startStream|stopStream)$|^files\.completeUploadExternal$/;
const SCOPES =
  "app_mentions:read,assistant:write,channels:history,chat:write,files:read,files:write,groups:history,im:history,users:read";

/** Serves the Web API, the response URLs of presses, uploads and files below `/slack`. */
export function serveSlack(router: IRouter, served: () => Served): void {
  router.all("/slack/api/:method", (request, response, next) =>
    webApi(request.params.method, served())(request, response, next),
  );
  router.post("/slack/response/:id", (request, response, next) =>
    responseUrl(request.params.id, served())(request, response, next),
  );
  router.post("/slack/upload/:id", (request, response, next) =>
    uploads(request.params.id, served())(request, response, next),
  );
  router.get("/slack/files/:id/:name", (request, response) => sendFile(request, response, served()));
  router.all("/slack/*rest", (_request, response) => {
    response.status(404).json(refuse("not_found"));
  });
}

function webApi(method: string, served: Served): RequestHandler {
  return answerCalls(served.world, {
    platform: "slack",
    nameOf: () => method,
    sends: () => SENDS.test(method),
    answer: (call) => ({
      status: 200,
      headers: { "x-oauth-scopes": SCOPES },
      body: callMethod(method, call, served),
    }),
    limited: (_call, seconds) => ({ ...tooMany(seconds), body: refuse("ratelimited") }),
    unauthorized: () => ({ status: 200, body: refuse("token_revoked") }),
    broken: () => ({ status: 500, body: refuse("internal_error") }),
    unreadable: { status: 200, body: refuse("invalid_json") },
  });
}

function callMethod(
  method: string,
  { headers, payload }: ApiCall,
  { world, root, apps }: Served,
): SlackAnswer {
  const token = headers.authorization?.replace(/^Bearer /, "") ?? payload.token;
  if (token === undefined) return refuse("not_authed");
  const isSocket = method === "apps.connections.open";
  const found = apps.find(({ app }) => token === (isSocket ? app.appToken : app.botToken));
  if (found === undefined) {
    const isOtherKind = apps.some(({ app }) => token === app.appToken || token === app.botToken);
    return refuse(isOtherKind ? "not_allowed_token_type" : "invalid_auth");
  }
  const { app, sockets, tell } = found;
  if (isSocket) return { ok: true, url: `${root.replace(/^http/, "ws")}/socket?ticket=${sockets.ticket()}` };
  return methods[method]?.({ world, app, root, tell }, payload) ?? refuse("unknown_method");
}

function responseUrl(id: string, { world, root, apps }: Served): RequestHandler {
  const contexts = () =>
    apps.map(({ app, tell }) => ({
      app,
      world,
      post: (payload: Payload) => postMessage({ world, app, root, tell }, payload),
    }));
  return answerCalls(world, {
    platform: "slack",
    nameOf: () => "response_url",
    sends: () => true,
    answer: ({ payload }) => respond(id, payload, contexts()),
    limited: (_call, seconds) => ({ ...tooMany(seconds), body: "ratelimited" }),
    broken: () => ({ status: 500, body: "error" }),
    unreadable: { status: 400, body: "invalid_payload" },
  });
}

function uploads(id: string, { world, apps }: Served): RequestHandler {
  return answerCalls(world, {
    platform: "slack",
    nameOf: () => "upload",
    sends: () => false,
    answer: ({ body, files }) => takeUpload(id, [...files.values()][0]?.bytes ?? body, apps),
    limited: () => ({ status: 429, body: "ratelimited" }),
    broken: () => ({ status: 500, body: "error" }),
    unreadable: { status: 400, body: "bad upload" },
  });
}

function takeUpload(id: string, bytes: Buffer, apps: readonly ServedApp[]): ApiAnswer {
  const found = apps.find(({ app }) => app.uploads.has(id))?.app.uploads.get(id);
  if (found === undefined) return { status: 404, body: "no such upload" };
  found.bytes = bytes;
  return { status: 200, body: `OK - ${bytes.length}` };
}

function sendFile(request: Request, response: Response, { apps }: Served): void {
  const id = String(request.params.id);
  const found = apps.find(({ app }) => app.files.has(id));
  const file = found?.app.files.get(id);
  const isOurs = request.get("authorization") === `Bearer ${found?.app.botToken}`;
  if (file === undefined) response.status(404).json(refuse("file_not_found"));
  // Without a token Slack asks to sign in.
  else if (!isOurs) response.status(200).type("html").end("<!doctype html><title>Sign in to Slack</title>");
  else response.set({ "Content-Type": "application/octet-stream" }).end(file.bytes);
}

const tooMany = (seconds: number) => ({ status: 429, headers: { "retry-after": String(seconds) } });
