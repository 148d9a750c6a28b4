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

const locationSchema = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  name: name.optional(),
});

const contactSchema = z.strictObject({
  name,
  phone: z.string().regex(/^\+\d{5,15}$/, "looks like +491701234567"),
});

export const saySchema = z
  .strictObject({
    text: z.string().max(40_000).optional(),
    location: locationSchema.optional(),
    contact: contactSchema.optional(),
    from: name.optional(),
    thread: name.optional(),
    reply_to: name.optional(),
    file: fileSchema.optional(),
    bot: name.optional(),
  })
  .refine(({ text, file, location, contact }) => text || file || location || contact, {
    path: ["text"],
    error: "is required, unless a file, a location or a contact is sent",
  });

export const pressSchema = z.strictObject({
  label: z.string().min(1),
  from: name.optional(),
  /** The answers, if the button opens a form. */
  form: z.record(z.string(), z.json()).optional(),
  bot: name.optional(),
});

export const editSchema = z.strictObject({
  message: z.string().min(1),
  text: z.string().min(1).max(40_000),
  bot: name.optional(),
});

export const reactSchema = z.strictObject({
  message: z.string().min(1),
  /** Empty: the reaction is taken back. */
  emoji: z.string().max(16),
  from: name.optional(),
  bot: name.optional(),
});

const seconds = (most: number) => z.number().positive().max(most);

const answerSchema = z.strictObject({
  status: z.int().min(200).max(599),
  headers: z.record(z.string().regex(/^[\w-]+$/), z.string().regex(/^[\x20-\x7e]*$/)).optional(),
  body: z.union([z.string(), z.record(z.string(), z.json()), z.array(z.json())]),
});

const faultShape = z.strictObject({
  platform: z.enum(PLATFORMS, { error: `must be one of ${PLATFORMS.join(", ")}` }),
  fault: z.enum(FAULTS, { error: `must be one of ${FAULTS.join(", ")}` }),
  times: z.int().min(1).max(1_000).optional(),
  seconds: seconds(86_400).optional(),
  chat: name.optional(),
  call: name.optional(),
  answer: answerSchema.optional(),
});

export const faultSchema = faultShape.refine(
  ({ fault, answer }) => (fault === "answer") === (answer !== undefined),
  { path: ["answer"], error: "is for the fault answer, which needs it: {status, body}" },
);

export const clockSchema = z.strictObject({ forward_seconds: seconds(10 * 365 * 86_400) });

export const openSchema = z.strictObject({ bot: name.optional() });

export const blockSchema = z.strictObject({ blocked: z.boolean(), bot: name.optional() });

export const businessSchema = z.strictObject({
  connected: z.boolean().default(true),
  /** The owner lets the bot answer. */
  can_reply: z.boolean().default(true),
  bot: name.optional(),
});

export const webhookSchema = z.strictObject({
  url: z.string().refine(canBeCalled, "must be an https URL, or an http URL of this network"),
  bot: name.optional(),
});

export const emptySchema = z.strictObject({});
