import { Router } from "express";
import type { Platform } from "../connection.ts";
import type { World } from "../world.ts";
import { feed } from "./feed.ts";
import type { RunRecord } from "./run-record.ts";

export interface StateRoutesDeps {
  world: World;
  platforms: readonly Platform[];
  record: RunRecord;
  /** Paths of web chats of the same service, shown beside the phones. */
  webChats: readonly string[];
}

/** The state of the simulator: its bots and chats, the feed of changes, the log and the run so far. */
export function stateRoutes({ world, platforms, record, webChats }: StateRoutesDeps): Router {
  const router = Router();
  const connections = () => platforms.flatMap((platform) => platform.connections());

  router.get("/", (_request, response) => {
    response.json({
      simulator: true,
      ...timeOf(world),
      bots: connections().map(({ platform, name, settings }) => ({ platform, name, settings: settings() })),
      faults: world.faults.list(),
    });
  });

  router.get("/state", (_request, response) => {
    response.json({
      ...timeOf(world),
      faults: world.faults.list(),
      bots: connections().map(({ platform, name, chats }) => ({ platform, name, chats: chats() })),
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
  return router;
}

/** The simulated time, and how far it is ahead of the real time. */
export function timeOf({ clock }: World): { now: string; ahead_seconds: number } {
  return { now: new Date(clock.now()).toISOString(), ahead_seconds: clock.ahead() };
}
