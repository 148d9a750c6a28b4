import { Router } from "express";
import type { Platform } from "../connection.ts";
import type { World } from "../world.ts";
import { readJson } from "./read-json.ts";
import { faultSchema } from "./requests.ts";
import type { RunRecord } from "./run-record.ts";

export interface FaultRoutesDeps {
  world: World;
  platforms: readonly Platform[];
  record: RunRecord;
}

/** Lists, adds and clears the faults of the simulated platforms. */
export function faultRoutes({ world, platforms, record }: FaultRoutesDeps): Router {
  const router = Router();

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
  return router;
}
