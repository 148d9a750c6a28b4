import type { ButtonSpec } from "../../core/button.ts";
import { BotError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { addUsage } from "../../core/token-usage.ts";
import type { BotResult, Turn, TurnOutput } from "../bot.ts";
import { arrangeMessages } from "./arrange-messages.ts";
import { neverAnswered, refusesContent, toBotError } from "./bot-error.ts";
import type { LlmConfig } from "./config.ts";
import type { McpServers } from "./mcp-servers.ts";
import type { ConfiguredModel } from "./model.ts";
import { type ShownMessage, showFiles, withoutFiles } from "./show-files.ts";
import { streamPlainReply } from "./stream-plain-reply.ts";
import { type StreamedReply, streamReply } from "./stream-reply.ts";
import { withinBudget } from "./tool-budget.ts";
import { createToolEffects, type ToolEffects } from "./tool-effects.ts";
import { createTools } from "./tools.ts";

/** One answer of a model. Rejects with the signal's own reason when aborted, with a `BotError` when the provider fails. */
export async function answerWithModel(
  config: LlmConfig,
  model: ConfiguredModel,
  mcp: McpServers,
  turn: Turn,
  output: TurnOutput,
  log: Logger,
): Promise<BotResult> {
  const prompt = arrangeMessages(await turn.prompt(output.signal), model.systemFirst);
  const messages = await showFiles(prompt, config);
  const effects = createToolEffects(turn);
  // Tools that the agent declares win over a server's of the same name.
  const declared = createTools(config.tools, turn.executionId, effects);
  const tools = withinBudget({ ...(await mcp.tools()), ...declared }, config.maxToolCalls);
  const stop = new AbortController();
  const timer = config.timeoutMs === undefined ? undefined : setTimeout(() => stop.abort(), config.timeoutMs);
  const signal = AbortSignal.any([output.signal, stop.signal]);
  let begun = false;
  const onBegun = () => {
    begun = true;
  };
  try {
    const ask = (shown: ShownMessage[]) => {
      const plain = Object.keys(tools).length === 0 && shown.every(({ files }) => files === undefined);
      const request = { config, model, messages: shown, tools, output: { ...output, signal }, onBegun };
      return plain ? streamPlainReply(request) : streamReply(request);
    };
    const reply = await ask(messages).catch((error: unknown) => {
      const hasFiles = messages.some(({ files }) => files !== undefined);
      if (!hasFiles || begun || signal.aborted || !refusesContent(error)) throw error;
      // Better an answer to the words than none: whoever sent a picture does not know what the model can see.
      log.warn(
        { model: model.name },
        'the model refused files; set `"attachments": "words"` if it takes none',
      );
      return ask(withoutFiles(messages));
    });
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
    // Whatever the reason to leave, the connection goes with it.
    stop.abort();
  }
}

/** They stand below what the model wrote, if it wrote anything. */
function withButtons(result: BotResult, buttons: readonly ButtonSpec[]): BotResult {
  if (buttons.length === 0) return result;
  return { ...result, replies: result.replies.map((reply) => ({ ...reply, buttons })) };
}

/** A stream that ended well is not yet an answer. */
function toResult(
  { content, finishReason, usage }: StreamedReply,
  { host, name }: ConfiguredModel,
  effects: Awaited<ReturnType<ToolEffects["result"]>>,
): BotResult {
  const counted = usage ? { usage } : {};
  if (finishReason === "content-filter") {
    throw new BotError("content_filter", `${host} cut the answer off by its content policy`, {
      retryable: false,
    });
  }
  if (finishReason === "tool-calls") throw neverAnswered(name);
  if (content.trim() !== "") return { replies: [{ content }], ...counted, ...effects };
  // Who ends a conversation may leave without a word.
  if (effects.endSession) return { replies: [], silent: true, ...counted, ...effects };
  if (finishReason === "length") {
    const reason = `${name} used up its output tokens before it wrote anything: raise bot.maxOutputTokens`;
    throw new BotError("empty_reply", reason, { retryable: false });
  }
  throw new BotError("empty_reply", `${name} at ${host} answered nothing (finish reason: ${finishReason})`);
}
