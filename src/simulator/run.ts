import { z } from "zod";
import { PLATFORMS } from "./connection.ts";

const where = { platform: z.enum(PLATFORMS), chat: z.string().min(1), bot: z.string().optional() };

const messageSchema = z.strictObject({
  from: z.enum(["user", "bot"]),
  text: z.string(),
  buttons: z.array(z.string()).optional(),
  edited: z.literal(true).optional(),
});

export const stepSchema = z.union([
  z.strictObject({
    say: z.strictObject({
      ...where,
      text: z.string(),
      from: z.string().optional(),
      // Ids differ from run to run, so these are the places of messages in the chat, from 0.
      thread: z.int().min(0).optional(),
      reply_to: z.int().min(0).optional(),
      location: z.looseObject({}).optional(),
      contact: z.looseObject({}).optional(),
    }),
  }),
  z.strictObject({
    press: z.strictObject({
      ...where,
      label: z.string(),
      from: z.string().optional(),
      form: z.looseObject({}).optional(),
    }),
  }),
  z.strictObject({ open: z.strictObject(where) }),
  z.strictObject({ edit: z.strictObject({ ...where, message: z.string(), text: z.string() }) }),
  z.strictObject({
    react: z.strictObject({ ...where, message: z.string(), emoji: z.string(), from: z.string().optional() }),
  }),
  z.strictObject({ block: z.strictObject({ ...where, blocked: z.boolean() }) }),
  z.strictObject({
    business: z.strictObject({
      platform: z.enum(PLATFORMS),
      account: z.string().min(1),
      bot: z.string().optional(),
      connected: z.boolean(),
      can_reply: z.boolean(),
    }),
  }),
  z.strictObject({ fault: z.looseObject({ platform: z.enum(PLATFORMS), fault: z.string() }) }),
  z.strictObject({ clear_faults: z.literal(true) }),
  z.strictObject({ clock: z.strictObject({ forward_seconds: z.number() }) }),
  z.strictObject({ expect: z.strictObject({ ...where, messages: z.array(messageSchema) }) }),
]);

/** A saved run: what people did, and what they saw before each next step. */
export const runSchema = z.strictObject({ simulator: z.literal(1), steps: z.array(stepSchema).max(2_000) });

export type Step = z.infer<typeof stepSchema>;
export type Run = z.infer<typeof runSchema>;
export type RunMessage = z.infer<typeof messageSchema>;

/** The part of a message that a run compares. */
export function comparable({ from, text, buttons, edited }: RunMessage): RunMessage {
  return {
    from,
    text,
    ...(buttons === undefined ? {} : { buttons }),
    ...(edited === undefined ? {} : { edited }),
  };
}
