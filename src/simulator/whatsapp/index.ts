import type { Platform } from "../connection.ts";
import { serveTwilio, type TwilioLine } from "../twilio/routes.ts";
import type { World } from "../world.ts";
import { createMetaLine, type MetaAccount, type MetaLine } from "./meta.ts";
import { serveMeta } from "./meta-routes.ts";
import { createTwilioLine, type TwilioAccount } from "./twilio.ts";

export interface WhatsappPlatform extends Platform {
  addTwilio(account: TwilioAccount): void;
  addMeta(account: MetaAccount): void;
}

/** WhatsApp, through Twilio's REST API and through Meta's Cloud API. */
export function createWhatsapp(world: World, origin: () => string): WhatsappPlatform {
  const twilio: TwilioLine[] = [];
  const meta: MetaLine[] = [];
  return {
    name: "whatsapp",
    addTwilio: (account) =>
      void twilio.push(createTwilioLine(world, account, () => `${origin()}/whatsapp/twilio`)),
    addMeta: (account) => void meta.push(createMetaLine(world, account, () => `${origin()}/whatsapp/meta`)),
    connections: () => [...twilio, ...meta].map(({ phone }) => phone),
    serve(router) {
      serveTwilio(router, world, "whatsapp", () => twilio);
      serveMeta(router, world, () => meta);
    },
  };
}
