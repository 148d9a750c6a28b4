import type { Logger } from "../../core/process/logger.ts";
import { systemClock } from "../../core/time/clock.ts";
import type { Bot } from "../bot.ts";
import { answerWithModel } from "./answer.ts";
import type { LlmConfig } from "./config.ts";
import { createMcpServers } from "./mcp-servers.ts";
import { type ConfiguredModel, createModel } from "./model.ts";
import { summarizeWithModel } from "./summarize.ts";

// The AI SDK prints warnings (a setting that the model does not know) to the console unless this is set.
globalThis.AI_SDK_LOG_WARNINGS = false;

/** Estimated length of a reply without a limit. */
const USUAL_OUTPUT_TOKENS = 1000;

/** A bot that calls the configured model. */
export function createModelBot(config: LlmConfig, { log }: { log: Logger }): Bot {
  const model = createModel(config, log);
  const mcp = createMcpServers(config.mcpServers, { log, clock: systemClock });
  const others = new Map<string, ConfiguredModel>();

  /** The model that writes summaries. Options for one model may not fit another, so they are left out. */
  function summaryModel(name: string | null): ConfiguredModel {
    if (name === null || name === model.name) return model;
    const { providerOptions: _, ...shared } = config;
    const known = others.get(name) ?? createModel({ ...shared, model: name }, log);
    others.set(name, known);
    return known;
  }

  return {
    readsPrompt: true,
    outputTokens: config.maxOutputTokens ?? USUAL_OUTPUT_TOKENS,
    answer: (turn, output) => answerWithModel(config, model, mcp, turn, output, log),
    summarize: (request) => summarizeWithModel(summaryModel(request.model), request, log),
    close: () => mcp.close(),
  };
}
