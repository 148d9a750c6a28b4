import { type Request, type Response, Router } from "express";
import {
  type Connection,
  isImpossible,
  type Platform,
  type SeenChat,
  type SharedThing,
} from "../connection.ts";
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

export interface ChatRoutesDeps {
  platforms: readonly Platform[];
  record: RunRecord;
  canSetWebhooks: boolean;
}

/** The actions of users in the chats of one platform, and what they see there. */
export function chatRoutes({ platforms, record, canSetWebhooks }: ChatRoutesDeps): Router {
  const router = Router();
  const connectionOf = createFindConnection(platforms);
  const queryBot = ({ query }: Request) => (typeof query.bot === "string" ? query.bot : undefined);

  router.get("/:platform/chats", (request, response) => {
    const connection = connectionOf(request, response, queryBot(request));
    if (connection !== null) response.json(connection.chats());
  });

  router.get("/:platform/chats/:chat", (request, response) => {
    const connection = connectionOf(request, response, queryBot(request));
    if (connection !== null) response.json(connection.look(request.params.chat).messages);
  });

  router.post("/:platform/chats/:chat/messages", async (request, response) => {
    const body = await readJson(request, response, saySchema);
    const connection = body && connectionOf(request, response, body.bot);
    if (!connection) return;
    const { text = "", from = null, thread = null, reply_to: replyTo = null, file, location, contact } = body;
    const thing: SharedThing | undefined =
      location === undefined ? contact && { kind: "contact", ...contact } : { kind: "location", ...location };
    const sent = file && {
      name: file.name,
      contentType: file.content_type,
      bytes: Buffer.from(file.data, "base64"),
    };
    const { platform, name: bot } = connection;
    const { chat } = request.params;
    const shared = { ...(location && { location }), ...(contact && { contact }) };
    const takeBack = record.note({
      say: {
        ...{ platform, chat, bot, text, ...shared },
        ...(from !== null && { from }),
        ...placeOf("thread", connection.look(chat), thread),
        ...placeOf("reply_to", connection.look(chat), replyTo),
      },
    });
    const said = connection.say(chat, { text, thing, from, thread, replyTo, file: sent ?? null });
    answer(response, said, takeBack);
  });

  router.post("/:platform/chats/:chat/press", async (request, response) => {
    const body = await readJson(request, response, pressSchema);
    const connection = body && connectionOf(request, response, body.bot);
    if (!connection) return;
    const { platform, name: bot } = connection;
    const { chat } = request.params;
    const { label, from } = body;
    const pressing = { platform, chat, bot, label, ...(from === undefined ? {} : { from }) };
    const takeBack = record.note({ press: pressing });
    answer(response, connection.press(chat, label, from ?? null), takeBack);
  });

  router.post("/:platform/chats/:chat/open", async (request, response) => {
    const body = await readJson(request, response, openSchema);
    const connection = body && connectionOf(request, response, body.bot);
    if (!connection) return;
    const { platform, name: bot } = connection;
    const { chat } = request.params;
    if (connection.open === undefined)
      return refused(response, 409, "not_told", `${platform} does not tell a bot that its chat was opened.`);
    record.note({ open: { platform, chat, bot } });
    response.json(connection.open(chat));
  });

  router.post("/:platform/chats/:chat/react", async (request, response) => {
    const body = await readJson(request, response, reactSchema);
    const connection = body && connectionOf(request, response, body.bot);
    if (!connection) return;
    const { platform, name: bot } = connection;
    const { chat } = request.params;
    const { message: words, emoji, from = null } = body;
    const takeBack = record.note({
      react: { platform, chat, bot, message: words, emoji, ...(from === null ? {} : { from }) },
    });
    answer(response, connection.react(chat, { words, emoji, from }), takeBack);
  });

  router.post("/:platform/chats/:chat/edit", async (request, response) => {
    const body = await readJson(request, response, editSchema);
    const connection = body && connectionOf(request, response, body.bot);
    if (!connection) return;
    const { platform, name: bot } = connection;
    const { chat } = request.params;
    const { message, text } = body;
    if (connection.edit === undefined)
      return refused(response, 409, "edits_not_simulated", `Edits on ${platform} are not simulated.`);
    const takeBack = record.note({ edit: { platform, chat, bot, message, text } });
    answer(response, connection.edit(chat, message, text), takeBack);
  });

  router.post("/:platform/chats/:chat/block", async (request, response) => {
    const body = await readJson(request, response, blockSchema);
    const connection = body && connectionOf(request, response, body.bot);
    if (!connection) return;
    const { platform, name: bot } = connection;
    record.note({ block: { platform, chat: request.params.chat, bot, blocked: body.blocked } });
    connection.block(request.params.chat, body.blocked);
    response.json({ blocked: body.blocked });
  });

  router.post("/:platform/business/:account", async (request, response) => {
    const body = await readJson(request, response, businessSchema);
    const connection = body && connectionOf(request, response, body.bot);
    if (!connection) return;
    const { platform, name: bot } = connection;
    const { account } = request.params;
    const { connected, can_reply: canReply } = body;
    if (connection.connectBusiness === undefined)
      return refused(response, 409, "no_businesses", `No business accounts of ${platform} are simulated.`);
    record.note({ business: { platform, account, bot, connected, can_reply: canReply } });
    connection.connectBusiness(account, { connected, canReply });
    response.json({ connected, can_reply: canReply });
  });

  router.post("/:platform/webhook", async (request, response) => {
    const body = await readJson(request, response, webhookSchema);
    const connection = body && connectionOf(request, response, body.bot);
    if (!connection) return;
    if (!canSetWebhooks)
      return refused(response, 409, "webhook_fixed", "The service itself gets the events of this simulator.");
    if (connection.setWebhook === undefined)
      return refused(
        response,
        409,
        "webhook_of_bot",
        "A Telegram bot sets its webhook itself, by setWebhook.",
      );
    connection.setWebhook(body.url);
    response.json({ url: body.url });
  });

  router.get("/:platform/files/:id", (request, response) => {
    const connection = connectionOf(request, response, queryBot(request));
    if (connection === null) return;
    const file = connection.file(request.params.id);
    if (file === null) return refused(response, 404, "file_not_found", "There is no such file.");
    // Only kinds that run no code are shown; everything else is saved.
    const isSafe = /^(image\/(png|jpeg|gif|webp)|audio\/|video\/)/.test(file.contentType);
    response.set({
      "Content-Type": isSafe ? file.contentType : "application/octet-stream",
      "X-Content-Type-Options": "nosniff",
      "Content-Security-Policy": "default-src 'none'; sandbox",
    });
    response.end(file.bytes);
  });
  return router;
}

/** @param takeBack removes the step from the run. A refused step would be refused again, and end a replay. */
function answer(response: Response, outcome: ReturnType<Connection["say"]>, takeBack: () => void): void {
  if (!isImpossible(outcome)) return void response.status(201).json(outcome);
  takeBack();
  refused(response, outcome.status, outcome.code, outcome.message);
}

/** The place in the chat of the message that a step names by its id, or of the first one in the thread. */
function placeOf<Name extends string>(name: Name, { messages }: SeenChat, id: string | null) {
  const place =
    id === null ? -1 : messages.findIndex((message) => message.id === id || message.thread === id);
  return place < 0 ? {} : ({ [name]: place } as Record<Name, number>);
}
