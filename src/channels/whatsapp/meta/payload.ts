import { z } from "zod";
import { placeSchema } from "../details.ts";

// The fields that we read of Meta's events. The schemas are loose, because fields come and go without notice. One
// unknown field must not lose the others, so every list is read item by item.

const text = z.string().min(1).optional().catch(undefined);
const list = z.array(z.unknown()).catch([]);
const media = z
  .object({ id: text, mime_type: text, caption: text, filename: text })
  .optional()
  .catch(undefined);
const chosen = z.object({ id: text, title: text }).optional().catch(undefined);

export const changeSchema = z.object({
  field: z.string(),
  value: z.object({
    metadata: z.object({ phone_number_id: text, display_phone_number: text }).catch({
      phone_number_id: undefined,
      display_phone_number: undefined,
    }),
    contacts: list,
    errors: list,
    message_echoes: list,
    messages: list,
    statuses: list,
    user_preferences: list,
    user_id_update: list,
  }),
});

export const contactSchema = z.object({
  wa_id: text,
  /** The business-scoped id, which stays when a number is hidden. */
  user_id: text,
  profile: z.object({ name: text, username: text }).optional().catch(undefined),
});

export const messageSchema = z.object({
  id: z.string().min(1),
  from: text,
  from_user_id: text,
  /** Present only on group messages. */
  group_id: text,
  /** The time of the message, seconds since 1970. */
  timestamp: z.union([z.string(), z.number()]).optional().catch(undefined),
  type: z.string(),
  /** The references of the message: the answered message, a product of the catalogue, or a mark of a forward. */
  context: z
    .object({
      id: text,
      forwarded: z.boolean().optional().catch(undefined),
      frequently_forwarded: z.boolean().optional().catch(undefined),
      referred_product: z.object({ product_retailer_id: text }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  /** The advertisement or post that the user came from. */
  referral: z.record(z.string(), z.unknown()).optional().catch(undefined),
  text: z.object({ body: text }).optional().catch(undefined),
  button: z.object({ text, payload: text }).optional().catch(undefined),
  interactive: z
    .object({
      button_reply: chosen,
      list_reply: chosen,
      nfm_reply: z.object({ body: text, response_json: text }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  image: media,
  audio: media,
  video: media,
  document: media,
  sticker: media,
  location: placeSchema.optional().catch(undefined),
  contacts: z
    .array(
      z.object({
        name: z.object({ formatted_name: text }).optional().catch(undefined),
        org: z.object({ company: text }).optional().catch(undefined),
        phones: z.array(z.object({ phone: text, wa_id: text })).catch([]),
        emails: z.array(z.object({ email: text })).catch([]),
        addresses: z.array(z.object({ street: text, city: text, zip: text, country: text })).catch([]),
        urls: z.array(z.object({ url: text })).catch([]),
      }),
    )
    .optional()
    .catch(undefined),
  /** Without an emoji, the user took the reaction back. */
  reaction: z.object({ emoji: text, message_id: text }).optional().catch(undefined),
  order: z
    .object({
      text,
      product_items: z.array(z.object({ product_retailer_id: text, quantity: z.number() })).catch([]),
    })
    .optional()
    .catch(undefined),
  /** A notice of the platform: the user's number or id changed. */
  system: z
    .object({ type: text, body: text, wa_id: text, user_id: text, previous_user_id: text })
    .optional()
    .catch(undefined),
  /** The edited message, in the same format as any other but without an id. */
  edit: z.object({ original_message_id: text, message: z.unknown() }).optional().catch(undefined),
  /** The kind of a message that Meta does not pass on. */
  unsupported: z.object({ type: text }).optional().catch(undefined),
});

/** A message of the business itself, written with WhatsApp's own app. */
export const echoSchema = messageSchema.extend({ to: text, to_user_id: text });

/** An error of one message, or of the whole number or app. */
export const errorSchema = z.object({
  code: z.number(),
  title: text,
  message: text,
  error_data: z.object({ details: text }).optional().catch(undefined),
});

export const statusSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  recipient_id: text,
  recipient_user_id: text,
  biz_opaque_callback_data: text,
  errors: list.transform((items) => readEach(errorSchema, items)),
});

/** The user's choice about marketing messages, which covers all unprompted messages. */
export const preferenceSchema = z.object({
  wa_id: text,
  user_id: text,
  category: z.literal("marketing_messages"),
  value: z.enum(["stop", "resume"]),
});

/** A business-scoped id replaced another one. */
export const userIdUpdateSchema = z.object({
  user_id: z.object({ previous: z.string().min(1), current: z.string().min(1) }),
});

export type MetaChange = z.infer<typeof changeSchema>;
export type MetaEcho = z.infer<typeof echoSchema>;
export type MetaContact = z.infer<typeof contactSchema>;
export type MetaMessage = z.infer<typeof messageSchema>;
export type MetaError = z.infer<typeof errorSchema>;
export type MetaStatus = z.infer<typeof statusSchema>;

/** The readable items, in order. */
export function readEach<T>(schema: z.ZodType<T>, items: readonly unknown[]): T[] {
  return items.flatMap((item) => {
    const parsed = schema.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}
