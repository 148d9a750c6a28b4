import { z } from "zod";
import type { ButtonSpec } from "../../core/button.ts";
import { buttonsSchema } from "../../core/button-schema.ts";
import { RequestError } from "../../core/errors.ts";
import { type Saying, toSaying } from "../../core/saying.ts";

const text = z.string().min(1).max(100_000);

/** What is to be said, as every call that messages a user takes it. */
export const SAID = {
  prompt_text: text.optional().describe("An instruction to the bot, which writes the message"),
  message_text: text.optional().describe("The message itself, word for word"),
  buttons: buttonsSchema
    .optional()
    .describe(
      "With `message_text`: what the user may press below it. Where no buttons are shown, a numbered list",
    ),
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

/** A file to be sent, as it is written in a request. */
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

/** The one text of two that was given; the schema has seen to it that there is exactly one. */
export function requireSaying(
  prompt: string | undefined,
  text: string | undefined,
  shown: { buttons?: readonly ButtonSpec[] | undefined; attachments?: readonly WireFile[] | undefined } = {},
): Saying {
  const { buttons, attachments } = shown;
  const saying = toSaying(prompt, text);
  if (saying && buttons === undefined && attachments === undefined) return saying;
  if (saying && "text" in saying) {
    const files = attachments?.map(({ content_type: contentType, ...file }) => ({ ...file, contentType }));
    return { ...saying, ...(buttons && { buttons }), ...(files && { attachments: files }) };
  }
  if (saying)
    throw new RequestError(422, "invalid_body", "Give buttons and attachments with a message_text.");
  throw new RequestError(422, "invalid_body", "Give either prompt_text or message_text.");
}
