import { BotError } from "../../core/faults/errors.ts";
import { withContextInWords } from "../../core/message/message-in-words.ts";
import { defineBot } from "../bot.ts";
import { chooseLine } from "./choose-line.ts";
import { configSchema } from "./config.ts";
import { playLine } from "./play-line.ts";

/** Sends configured lines, with delays and steps. For demonstrations and tests without API keys. */
export const definition = defineBot({
  type: "script",
  configSchema,
  isReplayable: true,
  create: (config) => ({
    async answer(turn, output) {
      const text = turn.input
        .map(({ text, context, payload = "" }) => `${withContextInWords(text, context)}\n${payload}`)
        .join("\n");
      const line = await chooseLine(config, text, () => turn.prompt());
      if (line === null) {
        throw new BotError("no_line", "no reply of the script matches the message: add one, or a sequence", {
          retryable: false,
        });
      }
      return playLine(line, turn.executionId, output);
    },
  }),
});
