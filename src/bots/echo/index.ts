import { z } from "zod";
import { defineBot } from "../bot.ts";

/** Answers what it was told. Needs no key, so it is what a fresh installation talks with. */
export const definition = defineBot({
  type: "echo",
  configSchema: z.strictObject({}),
  create: () => ({
    async answer(turn, output) {
      const content = `You said: ${turn.input.map(({ text }) => text).join("\n")}`;
      output.emit({ type: "content", content });
      return { replies: [{ content }] };
    },
  }),
});
