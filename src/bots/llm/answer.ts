import { BotError } from "../../core/faults/errors.ts";
import type { ButtonSpec } from "../../core/message/button.ts";
import type { Logger } from "../../core/process/logger.ts";
import { addUsage } from "../../core/session/token-usage.ts";
import type { BotResult, Turn, TurnOutput } from "../bot.ts";
import { arrangeMessages } from "./arrange-messages.ts";
import { neverAnswered, toBotError } from "./bot-error.ts";
import type { LlmConfig } from "./config.ts";
import { endingFault, endingOf } from "./finish.ts";
import type { McpServers } from "./mcp-servers.ts";
import type { ConfiguredModel } from "./model.ts";
import { fromRecord } from "./recorded-tools.ts";
import { type ShownMessage, showFiles } from "./show-files.ts";
import { streamPlainReply } from "./stream-plain-reply.ts";
import { type StreamedReply, streamReply } from "./stream-reply.ts";
import { withinBudget } from "./tool-budget.ts";
import { createToolEffects, type ToolEffects } from "./tool-effects.ts";
import { createTools } from "./tools.ts";
import { tracedTools } from "./traced-tools.ts";
import { withFallbacks } from "./with-fallbacks.ts";

/**
 * One answer of a model. Rejects with the signal's own reason when aborted, with a `BotError` when the provider fails.
 */
export async function answerWithModel(
  config: LlmConfig,
  model: ConfiguredModel,
  mcp: McpServers,
  turn: Turn,
  output: TurnOutput,
  log: Logger,
): Promise<BotResult> {
  const messages = await showFiles(await turn.prompt(output.signal), config);
  const effects = createToolEffects(turn);
  // A tool that the agent declares replaces a server's tool of the same name.
  const declared = createTools(config.tools, turn.executionId, effects);
  const offered = { ...(await mcp.tools()), ...declared };
  const callable = turn.recordedTools === undefined ? offered : fromRecord(offered, turn.recordedTools);
  const tools = withinBudget(tracedTools(callable), config.maxToolCalls);
  const stop = new AbortController();
  const timer = config.timeoutMs === undefined ? undefined : setTimeout(() => stop.abort(), config.timeoutMs);
  const signal = AbortSignal.any([output.signal, stop.signal]);
  let begun = false;
  const onBegun = () => {
    begun = true;
  };
  const ask = (shown: readonly ShownMessage[]) => {
    const arranged = arrangeMessages(shown, model.habits);
    const plain = Object.keys(tools).length === 0 && arranged.every(({ files }) => files === undefined);
    const request = { config, model, messages: arranged, tools, output: { ...output, signal }, onBegun };
    return plain ? streamPlainReply(request) : streamReply(request);
  };
  try {
    const reply = await withFallbacks({ model, log, messages, ask, begun: () => begun || signal.aborted });
    const usage = addUsage(reply.usage, turn.overhead());
    const result = toResult({ ...reply, usage }, model, await effects.result());
    return withButtons(result, effects.buttons());
  } catch (error) {
    output.signal.throwIfAborted();
    if (stop.signal.aborted) {
      throw new BotError(
        "timeout",
        `${model.host} did not finish within ${config.timeoutMs} ms (bot.timeoutMs)`,
      );
    }
    throw toBotError(error, model, begun);
  } finally {
    clearTimeout(timer);
    // This closes the connection, whatever the reason for leaving.
    stop.abort();
  }
}

/** Adds the buttons below the model's text, if it wrote any. */
function withButtons(result: BotResult, buttons: readonly ButtonSpec[]): BotResult {
  if (buttons.length === 0) return result;
  return { ...result, replies: result.replies.map((reply) => ({ ...reply, buttons })) };
}

/** Checks the end of a stream, because a stream that ended normally may still lack an answer. */
function toResult(
  { content, finish, called, usage }: StreamedReply,
  { host, name }: ConfiguredModel,
  effects: Awaited<ReturnType<ToolEffects["result"]>>,
): BotResult {
  const counted = usage ? { usage } : {};
  const fault = endingFault(finish, called, host);
  if (fault) throw fault;
  const ending = endingOf(finish);
  if (ending === "tool_calls") throw neverAnswered(name);
  const finishReason = ending === "cut_short" ? "length" : "stop";
  if (content.trim() !== "") return { replies: [{ content }], finishReason, ...counted, ...effects };
  // A bot that ends a conversation, or hands it over, may do so without a reply.
  if (effects.endSession || effects.handoff) return { replies: [], silent: true, ...counted, ...effects };
  if (ending === "cut_short") {
    const reason = `${name} used up its output tokens before it wrote anything: raise bot.maxOutputTokens`;
    throw new BotError("empty_reply", reason, { retryable: false });
  }
  const said = finish.raw ?? finish.unified;
  throw new BotError("empty_reply", `${name} at ${host} answered nothing (finish reason: ${said})`);
}
