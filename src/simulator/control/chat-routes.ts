import { type Request, type Response, Router } from "express";
import type { z } from "zod";
import type { Connection, Platform } from "../connection.ts";
import { createFindConnection } from "./find-connection.ts";
import { readJson } from "./read-json.ts";
import { refused } from "./refused.ts";
import {
  blockSchema,
  businessSchema,
  editSchema,
  openSchema,
  pressSchema,
  reactSchema,
  saySchema,
  webhookSchema,
} from "./requests.ts";
import type { RunRecord } from "./run-record.ts";
import { type Action, block, connectBusiness, edit, open, press, react, say } from "./user-actions.ts";

export interface ChatRoutesDeps {
  platforms: readonly Platform[];
  record: RunRecord;
  canSetWebhooks: boolean;
}

/** The actions of users in the chats of one platform, and what they see there. */
export function chatRoutes({ platforms, record, canSetWebhooks }: ChatRoutesDeps): Router {
  const router = Router();
  const connectionOf = createFindConnection(platforms);

  /** Adds a route that shows something of the bot that the query names. */
  function show(
    path: string,
    write: (connection: Connection, request: Request, response: Response) => void,
  ): void {
    router.get(path, (request, response) => {
      const { bot } = request.query;
      const connection = connectionOf(request, response, typeof bot === "string" ? bot : undefined);
      if (connection !== null) write(connection, request, response);
    });
  }

  /** Adds a route that acts on the bot that the body names. */
  function act<Body extends { bot?: string | undefined }>(
    path: string,
    schema: z.ZodType<Body>,
    carryOut: (action: Action<Body>) => void,
  ): void {
    router.post(path, async (request, response) => {
      const body = await readJson(request, response, schema);
      const connection = body && connectionOf(request, response, body.bot);
      if (body === null || connection === null) return;
      const { chat = "", account = "" } = request.params as Record<string, string>;
      carryOut({ connection, chat, account, body, record, response });
    });
  }

  show("/:platform/chats", (connection, _request, response) => response.json(connection.chats()));
  show("/:platform/chats/:chat", (connection, { params }, response) =>
    response.json(connection.look(String(params.chat)).messages),
  );
  act("/:platform/chats/:chat/messages", saySchema, say);
  act("/:platform/chats/:chat/press", pressSchema, press);
  act("/:platform/chats/:chat/open", openSchema, open);
  act("/:platform/chats/:chat/react", reactSchema, react);
  act("/:platform/chats/:chat/edit", editSchema, edit);
  act("/:platform/chats/:chat/block", blockSchema, block);
  act("/:platform/business/:account", businessSchema, connectBusiness);
  act("/:platform/webhook", webhookSchema, canSetWebhooks ? setWebhook : refuseWebhook);
  show("/:platform/files/:id", sendFile);
  return router;
}

function setWebhook({ connection, body, response }: Action<z.infer<typeof webhookSchema>>): void {
  if (connection.setWebhook === undefined)
    return void refused(
      response,
      409,
      "webhook_of_bot",
      "A Telegram bot sets its webhook itself, by setWebhook.",
    );
  connection.setWebhook(body.url);
  response.json({ url: body.url });
}

function refuseWebhook({ response }: Pick<Action<unknown>, "response">): void {
  refused(response, 409, "webhook_fixed", "The service itself gets the events of this simulator.");
}

function sendFile(connection: Connection, { params }: Request, response: Response): void {
  const file = connection.file(String(params.id));
  if (file === null) return void refused(response, 404, "file_not_found", "There is no such file.");
  // Only kinds that run no code are shown; everything else is saved.
  const isSafe = /^(image\/(png|jpeg|gif|webp)|audio\/|video\/)/.test(file.contentType);
  response.set({
    "Content-Type": isSafe ? file.contentType : "application/octet-stream",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
  });
  response.end(file.bytes);
}
