import { z } from "zod";
import { keptJsonSchema } from "../route/wire-schemas.ts";
import { ONE_TEXT, SAID } from "./unprompted-body.ts";

const BATCH_LIMIT = 100;

const data = {
  session_data: keptJsonSchema.default({}).describe("Merged into the session's metadata (RFC 7396)"),
  participant_data: keptJsonSchema.default({}).describe("Merged into the participant data (RFC 7396)"),
};
const identifier = z
  .string()
  .min(1)
  .max(255)
  .regex(/\S/, "must not be blank")
  .describe("The user's identifier on the channel, such as the chat id on Telegram. A new user is created");
const target = {
  agent_id: z.string().min(1).describe("Id or slug"),
  channel: z.string().min(1).describe("The channel's name"),
  start_new_session: z
    .boolean()
    .default(false)
    .describe("Ends the user's session (`new_session`), if there is one, and starts another"),
  ignore_quiet_hours: z
    .boolean()
    .default(false)
    .describe("Sends now, also where the agent's or the user's quiet hours say that it should wait"),
};

/** Returns true if a body has exactly one of the two texts. */
export const hasOneText = (body: { prompt_text?: string | undefined; message_text?: string | undefined }) =>
  (body.prompt_text === undefined) !== (body.message_text === undefined);

export const triggerSchema = z
  .strictObject({ ...target, identifier, ...SAID, ...data })
  .refine(hasOneText, ONE_TEXT);

export const batchSchema = z.strictObject({
  ...target,
  ...SAID,
  ...data,
  items: z
    .array(
      z.strictObject({
        identifier,
        ...SAID,
        session_data: keptJsonSchema.optional(),
        participant_data: keptJsonSchema.optional(),
      }),
    )
    .min(1)
    .max(BATCH_LIMIT)
    .describe("One per user. Fields that an item leaves out are taken from the fields next to `items`"),
});

interface Said {
  prompt_text?: string | undefined;
  message_text?: string | undefined;
  format?: z.output<typeof SAID.format>;
  buttons?: z.output<typeof SAID.buttons>;
  attachments?: z.output<typeof SAID.attachments>;
}

/**
 * An item with its own text uses only its own buttons and files. An item without one uses the shared text, but may have
 * its own buttons and files.
 */
export function saidTo(item: Said, everybody: Said): Said {
  if (item.prompt_text !== undefined || item.message_text !== undefined) return item;
  const { prompt_text, message_text } = everybody;
  const format = item.format ?? everybody.format;
  const buttons = item.buttons ?? everybody.buttons;
  const attachments = item.attachments ?? everybody.attachments;
  return { prompt_text, message_text, format, buttons, attachments };
}
