import { defineBot } from "../bot.ts";
import { answerWithModel } from "./answer.ts";
import { configSchema } from "./config.ts";
import { createModel } from "./model.ts";

// The AI SDK prints warnings (a setting the model does not know) to the console unless told not to.
globalThis.AI_SDK_LOG_WARNINGS = false;

/** A language model, whoever serves it. */
export const definition = defineBot({
  type: "llm",
  configSchema,
  create: (config) => {
    const model = createModel(config);
    return { answer: (turn, output) => answerWithModel(config, model, turn, output) };
  },
});
