import { Router } from "express";
import type { Platform } from "../connection.ts";
import type { World } from "../world.ts";
import { chatRoutes } from "./chat-routes.ts";
import { feed } from "./feed.ts";
import { ownOriginOnly } from "./guard.ts";
import { readJson } from "./read-json.ts";
import { refused } from "./refused.ts";
import { clockSchema, emptySchema, faultSchema } from "./requests.ts";
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

  router.use(chatRoutes({ platforms, record, canSetWebhooks }));

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
