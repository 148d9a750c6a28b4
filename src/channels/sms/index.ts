import { MARKDOWN_CUTS } from "../../core/text/markdown/blocks.ts";
import { splitText } from "../../core/text/split-text.ts";
import type { Channel } from "../channel.ts";
import { defineChannel } from "../channel-definition.ts";
import { TWILIO_TEXT_LIMIT } from "../twilio/create-message.ts";
import { toNumber } from "./address.ts";
import { type SmsConfig, smsConfigSchema } from "./config.ts";
import { simulated } from "./simulated.ts";

/** SMS, through Twilio. See README.md in this folder for set-up and rules. */
export const definition = defineChannel<SmsConfig, Promise<Channel>>({
  kind: "sms",
  capabilities: {
    sessions: "single",
    resetCommand: true,
    textLimit: TWILIO_TEXT_LIMIT,
    typingRefreshMs: null,
    receipts: true,
    buttons: null,
    profileVariables: [],
  },
  configSchema: smsConfigSchema,
  // Twilio's SDK takes a third of a second and 30 MB to load. Only a channel that needs it loads it.
  create: async (options) => (await import("./connection.ts")).createSmsChannel(options),
  diagnose: async (options) => (await import("./diagnose.ts")).diagnose(options),
  split: (text, format) =>
    splitText(text, { limit: TWILIO_TEXT_LIMIT, ...(format !== "text" && MARKDOWN_CUTS) }),
  identifierOf: toNumber,
  simulated,
  connection: ({ from, accountSid }) => ({ key: "from", name: `${accountSid} ${from}`, exclusive: false }),
});
