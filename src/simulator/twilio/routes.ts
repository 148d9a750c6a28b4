import type { IRouter } from "express";
import type { Connection, PlatformName } from "../connection.ts";
import { type ApiAnswer, answerCalls } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import type { World } from "../world.ts";
import { refuse } from "./answers.ts";

/** An account with one sender: the phones of its users, and the answers to calls. */
export interface TwilioLine {
  phone: Connection;
  accountSid: string;
  answer(call: ApiCall, at: string): Promise<ApiAnswer>;
}

/** Serves Twilio's REST API for a platform. Its hosts share one path here, as behind a proxy. */
export function serveTwilio(
  router: IRouter,
  world: World,
  platform: PlatformName,
  lines: () => readonly TwilioLine[],
): void {
  const root = `/${platform}/twilio`;
  router.all(`${root}/*rest`, (request, response, next) => {
    const at = request.path.slice(root.length);
    const isSend = request.method === "POST" && at.endsWith("/Messages.json");
    return answerCalls(world, {
      platform,
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
      unauthorized: () => refuse(401, 20003, "Authenticate"),
      broken: () => refuse(500, 20500, "Internal Server Error"),
      unreadable: refuse(400, 20001, "The body could not be read"),
    })(request, response, next);
  });
}
