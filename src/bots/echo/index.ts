import { z } from "zod";
import { withAttachmentsInWords } from "../../core/attachment.ts";
import { defineBot } from "../bot.ts";

/** Answers what it was told. Needs no key, so it is what a fresh installation talks with. */
export const definition = defineBot({
  type: "echo",
  configSchema: z.strictObject({}),
  create: () => ({
    async answer(turn, output) {
      const said = turn.input.map(({ text, attachments }) => withAttachmentsInWords(text, attachments));
      const content = `You said: ${said.join("\n")}`;
      output.emit({ type: "content", content });
      return { replies: [{ content }] };
    },
  }),
});
