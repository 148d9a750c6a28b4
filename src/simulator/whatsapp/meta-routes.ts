import type { IRouter } from "express";
import { answerCalls } from "../wire/answer-calls.ts";
import type { World } from "../world.ts";
import type { MetaLine } from "./meta.ts";
import { refuse } from "./meta-messages.ts";

/** Serves the Graph API, in any version. */
export function serveMeta(router: IRouter, world: World, lines: () => readonly MetaLine[]): void {
  router.all("/whatsapp/meta/*rest", (request, response, next) => {
    const at = request.path.replace(/^\/whatsapp\/meta/, "");
    const isSend = request.method === "POST" && at.endsWith("/messages");
    return answerCalls(world, {
      platform: "whatsapp",
      nameOf: ({ payload }) =>
        isSend
          ? String(payload.status === "read" ? "mark read" : "messages")
          : (at.split("/").at(-1) ?? "call"),
      sends: ({ payload }) => isSend && payload.status !== "read",
      answer: async (call) => {
        const token = call.headers.authorization?.replace(/^Bearer /, "");
        const found = lines().find(({ account }) => account.accessToken === token);
        return found === undefined ? refuse(401, 190, "Invalid OAuth access token") : found.answer(call, at);
      },
      limited: (_call, seconds) => ({
        ...refuse(429, 130429, "Rate limit hit"),
        headers: { "retry-after": String(seconds) },
      }),
      unauthorized: () => refuse(401, 190, "Invalid OAuth access token"),
      broken: () => refuse(500, 131000, "Something went wrong"),
      unreadable: refuse(400, 100, "Invalid parameter", "The body could not be read"),
    })(request, response, next);
  });
}
