import type { IRouter } from "express";
import { answerCalls } from "../wire/answer-calls.ts";
import type { World } from "../world.ts";
import type { TwilioLine } from "./twilio.ts";
import { refuse } from "./twilio-messages.ts";

/** Serves Twilio's REST API. Its hosts share one path here, as behind a proxy. */
export function serveTwilio(router: IRouter, world: World, lines: () => readonly TwilioLine[]): void {
  router.all("/whatsapp/twilio/*rest", (request, response, next) => {
    const at = request.path.replace(/^\/whatsapp\/twilio/, "");
    const isSend = request.method === "POST" && at.endsWith("/Messages.json");
    return answerCalls(world, {
      platform: "whatsapp",
      nameOf: () => (isSend ? "create message" : (at.split("/").at(-1) ?? "call")),
      sends: () => isSend,
      answer: (call) => {
        const user = Buffer.from(
          call.headers.authorization?.replace(/^Basic /, "") ?? "",
          "base64",
        ).toString();
        const found = lines().find(({ accountSid }) => user.startsWith(`${accountSid}:`));
        return found === undefined ? refuse(401, 20003, "Authenticate") : found.answer(call, at);
      },
      limited: (_call, seconds) => ({
        ...refuse(429, 20429, "Too Many Requests"),
        headers: { "retry-after": String(seconds) },
      }),
      broken: () => refuse(500, 20500, "Internal Server Error"),
      unreadable: refuse(400, 20001, "The body could not be read"),
    })(request, response, next);
  });
}
