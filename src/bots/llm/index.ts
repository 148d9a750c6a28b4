import { defineBot } from "../bot.ts";
import { configSchema } from "./config.ts";

/** A language model from any provider. The AI SDK is loaded with the first agent that needs it. */
export const definition = defineBot({
  type: "llm",
  configSchema,
  isReplayable: true,
  create: async (config, deps) => (await import("./model-bot.ts")).createModelBot(config, deps),
  diagnose: async (config, signal) => (await import("./diagnose.ts")).diagnose(config, signal),
});
