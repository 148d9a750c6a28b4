import { systemClock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { Bot } from "../bot.ts";
import { answerWithModel } from "./answer.ts";
import type { LlmConfig } from "./config.ts";
import { createMcpServers } from "./mcp-servers.ts";
import { type ConfiguredModel, createModel } from "./model.ts";
import { summarizeWithModel } from "./summarize.ts";

// The AI SDK prints warnings (a setting the model does not know) to the console unless told not to.
globalThis.AI_SDK_LOG_WARNINGS = false;

/** What a reply is taken to need where nothing limits it. */
const USUAL_OUTPUT_TOKENS = 1000;

/** A bot that asks the configured model. */
export function createModelBot(config: LlmConfig, { log }: { log: Logger }): Bot {
  const model = createModel(config);
  const mcp = createMcpServers(config.mcpServers, { log, clock: systemClock });
  return {
    readsPrompt: true,
    outputTokens: config.maxOutputTokens ?? USUAL_OUTPUT_TOKENS,
    answer: (turn, output) => answerWithModel(config, model, mcp, turn, output, log),
    summarize: (request) => summarizeWithModel(summaryModel(config, model, request.model), request),
    close: () => mcp.close(),
  };
}

/** The model that writes summaries. What is set for one model may not fit another, so options are left out. */
function summaryModel(config: LlmConfig, own: ConfiguredModel, name: string | null): ConfiguredModel {
  if (name === null || name === own.name) return own;
  return { ...createModel({ ...config, model: name }), providerOptions: {} };
}
