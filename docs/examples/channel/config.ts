import { z } from "zod";

export const configSchema = z.strictObject({
  apiUrl: z.url({ protocol: /^https?$/ }).describe("The address of Pebble's API."),
  token: z.string().regex(/^\S+$/, "must not contain white space").describe("Identifies us to Pebble."),
  webhookSecret: z.string().min(16).describe("Pebble signs its requests with it."),
});

export type Config = z.infer<typeof configSchema>;
