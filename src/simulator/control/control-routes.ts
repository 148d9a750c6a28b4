import { type Request, type Response, Router } from "express";
import {
  type Connection,
  isImpossible,
  PLATFORMS,
  type Platform,
  type SeenChat,
  type SharedThing,
} from "../connection.ts";
import type { World } from "../world.ts";
import { feed } from "./feed.ts";
import { ownOriginOnly } from "./guard.ts";
import { readJson } from "./read-json.ts";
import { refused } from "./refused.ts";
import {
  blockSchema,
  clockSchema,
  editSchema,
  emptySchema,
  faultSchema,
  openSchema,
  pressSchema,
  reactSchema,
  saySchema,
  webhookSchema,
} from "./requests.ts";
import { createRunRecord } from "./run-record.ts";

export interface ControlDeps {
  world: World;
  platforms: readonly Platform[];
  canSetWebhooks: boolean;
  /** Paths of web chats of the same service, shown beside the phones. */
  webChats: readonly string[];
}

/** The control API below `/simulator/v1`: what users do and see, the faults, the clock and the log. */
export function controlRoutes({ world, platforms, canSetWebhooks, webChats }: ControlDeps): Router {
  const router = Router();
  const record = createRunRecord(platforms);
  router.use(ownOriginOnly);

  function connectionOf(request: Request, response: Response, bot: string | undefined): Connection | null {
    const name = String(request.params.platform);
    const all = platforms.find((platform) => platform.name === name)?.connections() ?? [];
    const found = bot === undefined ? all[0] : all.find((connection) => connection.name === bot);
    if (found) return found;
    const isPlatform = PLATFORMS.some((platform) => platform === name);
    if (!isPlatform)
      refused(
        response,
        404,
        "platform_not_found",
        `There is no platform "${name}": ${PLATFORMS.join(", ")}.`,
      );
    else if (all.length === 0) refused(response, 404, "platform_off", `No bot of ${name} is simulated here.`);
    else
      refused(
        response,
        404,
        "bot_not_found",
        `There is no bot "${bot}": ${all.map((each) => each.name).join(", ")}.`,
      );
    return null;
  }

  const queryBot = ({ query }: Request) => (typeof query.bot === "string" ? query.bot : undefined);

  router.get("/", (_request, response) => {
    const all = platforms.flatMap((platform) => platform.connections());
    response.json({
      simulator: true,
      now: new Date(world.clock.now()).toISOString(),
      ahead_seconds: world.clock.ahead(),
      bots: all.map(({ platform, name, settings }) => ({ platform, name, settings: settings() })),
      faults: world.faults.list(),
    });
  });

  router.get("/state", (_request, response) => {
    const all = platforms.flatMap((platform) => platform.connections());
    response.json({
      now: new Date(world.clock.now()).toISOString(),
      ahead_seconds: world.clock.ahead(),
      faults: world.faults.list(),
      bots: all.map(({ platform, name, chats }) => ({ platform, name, chats: chats() })),
      web_chats: webChats,
    });
  });

  router.get("/feed", feed(world));

  router.get("/log", ({ query }, response) => {
    const after = Number(query.after ?? 0) || 0;
    response.json(world.log.all().filter(({ id }) => id > after));
  });

  router.get("/run", (_request, response) => {
    response.json(record.run());
  });

  router.get("/faults", (_request, response) => {
    response.json(world.faults.list());
  });

  router.post("/faults", async (request, response) => {
    const body = await readJson(request, response, faultSchema);
    if (body === null) return;
    const connection = platforms.find(({ name }) => name === body.platform)?.connections()[0];
    const chat = body.chat === undefined ? undefined : (connection?.chatId(body.chat) ?? body.chat);
    const added = world.faults.add({ ...body, chat });
    record.note({ fault: body });
    response.status(201).json(added);
  });

  router.delete("/faults", (_request, response) => {
    record.note({ clear_faults: true });
    world.faults.clear();
    for (const connection of platforms.flatMap((platform) => platform.connections()))
      for (const { id, blocked } of connection.chats()) if (blocked) connection.block(id, false);
    response.json([]);
  });

  router.post("/clock", async (request, response) => {
    const body = await readJson(request, response, clockSchema);
    if (body === null) return;
    record.note({ clock: body });
    world.clock.forward(body.forward_seconds);
    world.changed();
    response.json({ now: new Date(world.clock.now()).toISOString(), ahead_seconds: world.clock.ahead() });
  });

  router.post("/reset", async (request, response) => {
    if ((await readJson(request, response, emptySchema)) === null) return;
    for (const platform of platforms) for (const connection of platform.connections()) connection.reset();
    world.faults.clear();
    world.clock.reset();
    world.log.clear();
    record.clear();
    response.json({ reset: true });
  });

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

  router.use((_request, response) => {
    refused(
      response,
      404,
      "route_not_found",
      "The simulator has no such call. docs/simulator.md lists them.",
    );
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
