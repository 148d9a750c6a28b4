import type { Response } from "express";
import type { Connection, Platform } from "../connection.ts";
import { answerCalls } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import type { World } from "../world.ts";
import { badRequest, limited, type Outcome, refuse, toAnswer } from "./answers.ts";
import { type Bot, createBot } from "./bot.ts";
import type { Parameters } from "./content.ts";
import { methods, readParameters } from "./methods.ts";
import { createPhone } from "./phone.ts";
import { createUpdates } from "./updates.ts";

export interface TelegramAccount {
  name: string;
  token: string;
  secretToken: string;
  /** Chats in which the bot may have something to say. Those of groups exist from the start. */
  rooms?: readonly string[];
}

interface Served {
  bot: Bot;
  updates: ReturnType<typeof createUpdates>;
  phone: Connection;
}

/** The Bot API for simulated bots (https://core.telegram.org/bots/api). */
export function createTelegram(
  world: World,
  origin: () => string,
): Platform & { add(account: TelegramAccount): void } {
  const bots = new Map<string, Served>();
  const apiRoot = () => `${origin()}/telegram`;

  async function answer(
    token: string,
    method: string,
    call: Pick<ApiCall, "payload" | "files" | "gone">,
  ): Promise<Outcome> {
    const served = bots.get(token);
    if (served === undefined) return refuse(401, "Unauthorized");
    const payload = readParameters(call.payload);
    if (payload === null) return badRequest("can't parse JSON encoded parameter");
    const { bot, updates } = served;
    switch (method.toLowerCase()) {
      case "getupdates":
        return updates.poll(payload, call.gone);
      case "setwebhook":
        return updates.setWebhook(payload);
      case "deletewebhook":
        return updates.deleteWebhook(payload);
      case "getwebhookinfo":
        return updates.webhookInfo();
      default: {
        const run = methods[method.toLowerCase()];
        return run === undefined
          ? refuse(404, "Not Found: method not found")
          : run({ world, bot, files: call.files }, payload);
      }
    }
  }

  function sendFile(token: string, path: string, response: Response): void {
    const file = [...(bots.get(token)?.bot.files.values() ?? [])].find((each) => each.path === path);
    if (file === undefined) response.status(404).json({ ok: false, ...refuse(404, "Not Found") });
    else response.set({ "Content-Type": "application/octet-stream" }).end(file.bytes);
  }

  return {
    name: "telegram",
    add(account) {
      const bot = createBot(account, world.firstId);
      const nothing = { files: new Map(), gone: world.ended };
      const carryOut = (method: string, payload: Parameters) =>
        void answer(bot.token, method, { payload, ...nothing });
      const updates = createUpdates(world, bot, carryOut);
      bots.set(account.token, {
        bot,
        updates,
        phone: createPhone({ world, bot, updates, apiRoot, rooms: account.rooms ?? [] }),
      });
    },
    connections: () => [...bots.values()].map(({ phone }) => phone),
    serve(router) {
      router.get("/telegram/file/bot:token/*path", (request, response) => {
        const { token, path } = request.params as { token: string; path: string[] };
        sendFile(token, path.join("/"), response);
      });
      router.all("/telegram/bot:token/:method", (request, response, next) => {
        const { token, method } = request.params;
        return answerCalls(world, {
          platform: "telegram",
          nameOf: () => method,
          sends: () => /^(send(?!chataction|messagedraft|richmessagedraft)|editmessage)/i.test(method),
          answer: async (call) => toAnswer(await answer(token, method, call)),
          limited: (_call, seconds) => limited(seconds),
          unauthorized: () => toAnswer(refuse(401, "Unauthorized")),
          broken: () => toAnswer(refuse(500, "Internal Server Error")),
          unreadable: toAnswer(badRequest("can't parse request body")),
        })(request, response, next);
      });
      router.all("/telegram/*rest", (_request, response) => {
        response.status(404).json({ ok: false, ...refuse(404, "Not Found") });
      });
    },
  };
}
