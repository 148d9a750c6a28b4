import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Connection, Platform } from "../connection.ts";
import { type ApiAnswer, answerCalls } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import type { World } from "../world.ts";
import { createSlackApp, type SlackAccount, type SlackApp } from "./app.ts";
import { type MethodContext, type Payload, postMessage, refuse, type SlackAnswer } from "./chat-methods.ts";
import { createEvents } from "./events.ts";
import { methods } from "./methods.ts";
import { createPhone } from "./phone.ts";
import { respond } from "./respond.ts";
import { createSockets, type SlackSockets } from "./sockets.ts";

interface Served {
  app: SlackApp;
  sockets: SlackSockets;
  phone: Connection;
  tell: MethodContext["tell"];
}

export interface SlackPlatform extends Platform {
  add(account: SlackAccount): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): void;
}

const SENDS =
  /^chat\.(postMessage|postEphemeral|update|startStream|stopStream)$|^files\.completeUploadExternal$/;
const SCOPES =
  "app_mentions:read,assistant:write,channels:history,chat:write,files:read,files:write,groups:history,im:history,users:read";

/** The Web API, the Events API and Socket Mode for simulated apps (https://docs.slack.dev). */
export function createSlack(world: World, origin: () => string): SlackPlatform {
  const apps: Served[] = [];
  const root = () => `${origin()}/slack`;

  function answer(method: string, call: ApiCall): ApiAnswer {
    const headers = { "x-oauth-scopes": SCOPES };
    return { status: 200, headers, body: answerOf(method, call) };
  }

  function answerOf(method: string, { headers, payload }: ApiCall): SlackAnswer {
    const token = headers.authorization?.replace(/^Bearer /, "") ?? payload.token;
    if (token === undefined) return refuse("not_authed");
    const isSocket = method === "apps.connections.open";
    const found = apps.find(({ app }) => token === (isSocket ? app.appToken : app.botToken));
    if (found === undefined) {
      const isOtherKind = apps.some(({ app }) => token === app.appToken || token === app.botToken);
      return refuse(isOtherKind ? "not_allowed_token_type" : "invalid_auth");
    }
    const { app, sockets, tell } = found;
    if (isSocket) {
      const url = `${root().replace(/^http/, "ws")}/socket?ticket=${sockets.ticket()}`;
      return { ok: true, url };
    }
    return methods[method]?.({ world, app, root: root(), tell }, payload) ?? refuse("unknown_method");
  }

  return {
    name: "slack",
    add(account) {
      const app = createSlackApp(account, world.firstId);
      const sockets = createSockets(world, app);
      const events = createEvents(world, app, sockets);
      apps.push({ app, sockets, phone: createPhone({ world, app, events, root }), tell: events.event });
    },
    connections: () => apps.map(({ phone }) => phone),
    upgrade(request, socket, head) {
      const ticket = /\/slack\/socket\?ticket=([\w-]+)/.exec(request.url ?? "")?.[1];
      return ticket !== undefined && apps.some(({ sockets }) => sockets.take(ticket, request, socket, head));
    },
    close() {
      for (const { sockets } of apps) sockets.close();
    },
    serve(router) {
      router.all("/slack/api/:method", (request, response, next) => {
        const { method } = request.params;
        return answerCalls(world, {
          platform: "slack",
          nameOf: () => method,
          sends: () => SENDS.test(method),
          answer: (call) => answer(method, call),
          limited: (_call, seconds) => ({
            status: 429,
            headers: { "retry-after": String(seconds) },
            body: refuse("ratelimited"),
          }),
          broken: () => ({ status: 500, body: refuse("internal_error") }),
          unreadable: { status: 200, body: refuse("invalid_json") },
        })(request, response, next);
      });

      router.post("/slack/response/:id", (request, response, next) =>
        answerCalls(world, {
          platform: "slack",
          nameOf: () => "response_url",
          sends: () => true,
          answer: ({ payload }) => respond(request.params.id, payload, contexts()),
          limited: (_call, seconds) => ({
            status: 429,
            headers: { "retry-after": String(seconds) },
            body: "ratelimited",
          }),
          broken: () => ({ status: 500, body: "error" }),
          unreadable: { status: 400, body: "invalid_payload" },
        })(request, response, next),
      );

      router.post("/slack/upload/:id", (request, response, next) =>
        answerCalls(world, {
          platform: "slack",
          nameOf: () => "upload",
          sends: () => false,
          answer: ({ body, files }) => upload(request.params.id, [...files.values()][0]?.bytes ?? body),
          limited: () => ({ status: 429, body: "ratelimited" }),
          broken: () => ({ status: 500, body: "error" }),
          unreadable: { status: 400, body: "bad upload" },
        })(request, response, next),
      );

      router.get("/slack/files/:id/:name", (request, response) => {
        const found = apps.find(({ app }) => app.files.has(request.params.id));
        const file = found?.app.files.get(request.params.id);
        const isOurs = request.get("authorization") === `Bearer ${found?.app.botToken}`;
        if (file === undefined) response.status(404).json(refuse("file_not_found"));
        // Without a token Slack asks to sign in.
        else if (!isOurs)
          response.status(200).type("html").end("<!doctype html><title>Sign in to Slack</title>");
        else response.set({ "Content-Type": "application/octet-stream" }).end(file.bytes);
      });

      router.all("/slack/*rest", (_request, response) => {
        response.status(404).json(refuse("not_found"));
      });
    },
  };

  function contexts() {
    return apps.map(({ app, tell }) => ({
      app,
      world,
      post: (payload: Payload) => postMessage({ world, app, root: root(), tell }, payload),
    }));
  }

  function upload(id: string, bytes: Buffer): ApiAnswer {
    const found = apps.find(({ app }) => app.uploads.has(id))?.app.uploads.get(id);
    if (found === undefined) return { status: 404, body: "no such upload" };
    found.bytes = bytes;
    return { status: 200, body: `OK - ${bytes.length}` };
  }
}
