import { z } from "zod";
import { metaConfigSchema } from "./meta/config.ts";
import { twilioConfigSchema } from "./twilio/config.ts";

/** A WhatsApp channel in the configuration file, without the keys that all channels have. */
export const whatsappConfigSchema = z.discriminatedUnion("provider", [twilioConfigSchema, metaConfigSchema], {
  error: 'must be "twilio" or "meta"',
});

export type WhatsappConfig = z.infer<typeof whatsappConfigSchema>;
