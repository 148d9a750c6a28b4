import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { ButtonSpec } from "../../../core/message/button.ts";
import { buttonsSchema } from "../../../core/message/button-schema.ts";
import { someText } from "../../../core/message/some-text.ts";
import { toUnprompted, type UnpromptedMessage } from "../../../core/message/unprompted-message.ts";

const text = someText.max(100_000);

/** The content of a message, for every call that writes to a user. */
export const SAID = {
  prompt_text: text.optional().describe("An instruction to the bot, which writes the message"),
  message_text: text.optional().describe("The message itself, word for word"),
  format: z
    .enum(["text", "markdown"])
    .optional()
    .describe(
      "With `message_text`: `text` (default) sends it as it is written, `markdown` shows it as the platform can",
    ),
  buttons: buttonsSchema
    .optional()
    .describe("With `message_text`: the buttons below it. Channels without buttons show a numbered list"),
  attachments: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }).max(2_000),
        name: z.string().min(1).max(500).optional(),
        content_type: z.string().max(200).optional(),
      }),
    )
    .max(10)
    .optional()
    .describe(
      "With `message_text`: files behind it, at addresses the platform can open; else they are links",
    ),
};

/** A file to send, in the format of a request. */
interface WireFile {
  url: string;
  name?: string | undefined;
  content_type?: string | undefined;
}

/** The problem of a body without exactly one of the two texts. */
export const ONE_TEXT = {
  message: "give exactly one of prompt_text and message_text",
  path: ["prompt_text"],
};

/** The given one of the two texts. The schema has checked that there is exactly one. */
export function requireUnprompted(
  prompt: string | undefined,
  text: string | undefined,
  shown: {
    format?: "text" | "markdown" | undefined;
    buttons?: readonly ButtonSpec[] | undefined;
    attachments?: readonly WireFile[] | undefined;
  } = {},
): UnpromptedMessage {
  const { format, buttons, attachments } = shown;
  const message = toUnprompted(prompt, text, { format });
  if (message && format === undefined && buttons === undefined && attachments === undefined) return message;
  if (message && "text" in message) {
    const files = attachments?.map(({ content_type: contentType, ...file }) => ({ ...file, contentType }));
    return { ...message, ...(buttons && { buttons }), ...(files && { attachments: files }) };
  }
  if (message)
    throw new RequestError(422, "invalid_body", "Give format, buttons and attachments with a message_text.");
  throw new RequestError(422, "invalid_body", "Give either prompt_text or message_text.");
}
