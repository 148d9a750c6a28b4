import type { Platform } from "../connection.ts";
import { serveTwilio, type TwilioLine } from "../twilio/routes.ts";
import type { World } from "../world.ts";
import type { SmsAccount } from "./account.ts";
import { createSmsLine } from "./sms-line.ts";

/** SMS and RCS, through Twilio's REST API. */
export function createSms(world: World, origin: () => string): Platform & { add(account: SmsAccount): void } {
  const lines: TwilioLine[] = [];
  return {
    name: "sms",
    add: (account) => void lines.push(createSmsLine(world, account, () => `${origin()}/sms/twilio`)),
    connections: () => lines.map(({ phone }) => phone),
    serve: (router) => serveTwilio(router, world, "sms", () => lines),
  };
}
