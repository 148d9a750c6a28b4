import { BotError } from "../../core/errors.ts";
import { defineBot } from "../bot.ts";
import { chooseLine } from "./choose-line.ts";
import { configSchema } from "./config.ts";
import { playLine } from "./play-line.ts";

/** Says declared lines, with delays and steps: for demonstrations and tests without keys. */
export const definition = defineBot({
  type: "script",
  configSchema,
  create: (config) => ({
    async answer(turn, output) {
      const text = turn.input.map(({ text, payload = "" }) => `${text}\n${payload}`).join("\n");
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
