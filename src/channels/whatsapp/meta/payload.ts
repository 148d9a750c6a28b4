import { z } from "zod";

// What is read of Meta's events, loosely: fields come and go without notice, and one that is not understood must not
// cost the others. Every list is read item by item.

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
  type: z.string(),
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
  location: z
    .object({ latitude: z.number(), longitude: z.number(), name: text, address: text })
    .optional()
    .catch(undefined),
  contacts: z
    .array(
      z.object({
        name: z.object({ formatted_name: text }).optional().catch(undefined),
        phones: z.array(z.object({ phone: text })).catch([]),
        emails: z.array(z.object({ email: text })).catch([]),
      }),
    )
    .optional()
    .catch(undefined),
  order: z
    .object({
      text,
      product_items: z.array(z.object({ product_retailer_id: text, quantity: z.number() })).catch([]),
    })
    .optional()
    .catch(undefined),
  /** Not written by the user: their number changed. */
  system: z.object({ type: text, wa_id: text }).optional().catch(undefined),
});

export const statusSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  biz_opaque_callback_data: text,
  errors: z
    .array(
      z.object({
        code: z.number(),
        title: text,
        message: text,
        error_data: z.object({ details: text }).optional().catch(undefined),
      }),
    )
    .catch([]),
});

/** Whether a user wants marketing messages: what goes out unasked. */
export const preferenceSchema = z.object({
  wa_id: text,
  user_id: text,
  category: z.literal("marketing_messages"),
  value: z.enum(["stop", "resume"]),
});

/** A business-scoped id took the place of another. */
export const userIdUpdateSchema = z.object({
  user_id: z.object({ previous: z.string().min(1), current: z.string().min(1) }),
});

export type MetaContact = z.infer<typeof contactSchema>;
export type MetaMessage = z.infer<typeof messageSchema>;
export type MetaStatus = z.infer<typeof statusSchema>;

/** The items that can be read, in order. */
export function readEach<T>(schema: z.ZodType<T>, items: readonly unknown[]): T[] {
  return items.flatMap((item) => {
    const parsed = schema.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}
