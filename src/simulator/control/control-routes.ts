import { Router } from "express";
import type { Platform } from "../connection.ts";
import type { World } from "../world.ts";
import { chatRoutes } from "./chat-routes.ts";
import { faultRoutes } from "./fault-routes.ts";
import { ownOriginOnly } from "./guard.ts";
import { readJson } from "./read-json.ts";
import { refused } from "./refused.ts";
import { clockSchema, emptySchema } from "./requests.ts";
import { createRunRecord } from "./run-record.ts";
import { stateRoutes, timeOf } from "./state-routes.ts";

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
  router.use(stateRoutes({ world, platforms, record, webChats }));
  router.use(faultRoutes({ world, platforms, record }));

  router.post("/clock", async (request, response) => {
    const body = await readJson(request, response, clockSchema);
    if (body === null) return;
    record.note({ clock: body });
    world.clock.forward(body.forward_seconds);
    world.changed();
    response.json(timeOf(world));
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
