import type { Request, Response } from "express";
import { type Connection, PLATFORMS, type Platform } from "../connection.ts";
import { refused } from "./refused.ts";

/** Finds the bot of a request, or refuses the request. Without a name it is the platform's first bot. */
export function createFindConnection(platforms: readonly Platform[]) {
  return (request: Request, response: Response, bot: string | undefined): Connection | null => {
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
  };
}
