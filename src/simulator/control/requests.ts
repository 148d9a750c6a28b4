import { z } from "zod";
import { PLATFORMS } from "../connection.ts";
import { FAULTS } from "../wire/faults.ts";
import { canBeCalled } from "../wire/post-event.ts";

const name = z.string().min(1).max(200);

const fileSchema = z.strictObject({
  name,
  content_type: z.string().min(1).max(200),
  /** The bytes in base64. */
  data: z.base64(),
});

export const saySchema = z
  .strictObject({
    text: z.string().max(40_000).optional(),
    from: name.optional(),
    thread: name.optional(),
    reply_to: name.optional(),
    file: fileSchema.optional(),
    bot: name.optional(),
  })
  .refine(({ text, file }) => (text !== undefined && text !== "") || file !== undefined, {
    path: ["text"],
    error: "is required, unless a file is sent",
  });

export const pressSchema = z.strictObject({
  label: z.string().min(1),
  from: name.optional(),
  bot: name.optional(),
});

const seconds = (most: number) => z.number().positive().max(most);

export const faultSchema = z.strictObject({
  platform: z.enum(PLATFORMS, { error: `must be one of ${PLATFORMS.join(", ")}` }),
  fault: z.enum(FAULTS, { error: `must be one of ${FAULTS.join(", ")}` }),
  times: z.int().min(1).max(1_000).optional(),
  seconds: seconds(86_400).optional(),
  chat: name.optional(),
});

export const clockSchema = z.strictObject({ forward_seconds: seconds(10 * 365 * 86_400) });

export const openSchema = z.strictObject({ bot: name.optional() });

export const blockSchema = z.strictObject({ blocked: z.boolean(), bot: name.optional() });

export const webhookSchema = z.strictObject({
  url: z.string().refine(canBeCalled, "must be an https URL, or an http URL of this network"),
  bot: name.optional(),
});

export const emptySchema = z.strictObject({});
