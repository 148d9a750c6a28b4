import { z } from "zod";
import { withAttachmentsInWords } from "../../core/message/attachment.ts";
import { defineBot } from "../bot.ts";

/** Repeats the user's text. It needs no API key, so a new installation uses it. */
export const definition = defineBot({
  type: "echo",
  configSchema: z.strictObject({}),
  isReplayable: true,
  create: () => ({
    async answer(turn, output) {
      // Use only the text of the message. Other bots also get its author and the messages that it refers to.
      const said = turn.input.map(({ text, attachments }) => withAttachmentsInWords(text, attachments));
      const content = `You said: ${said.join("\n")}`;
      output.emit({ type: "content", content });
      return { replies: [{ content }] };
    },
  }),
});
