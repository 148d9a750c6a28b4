import { type ModelMessage, type StreamTextResult, stepCountIs, streamText, type ToolSet } from "ai";
import type { TokenUsage } from "../../core/session/token-usage.ts";
import { excerpt } from "../../core/text/text.ts";
import type { BotProgress, TurnOutput } from "../bot.ts";
import { type LlmConfig, samplingSchema } from "./config.ts";
import type { Finish } from "./finish.ts";
import type { ConfiguredModel } from "./model.ts";
import type { ShownMessage } from "./show-files.ts";
import { isRetraction } from "./thinking-model.ts";
import { toUsage } from "./usage.ts";

/** The result of a stream that ran to its end. */
export interface StreamedReply {
  content: string;
  finish: Finish;
  /** True if the last request to the model ended with calls of tools. */
  called: boolean;
  usage: TokenUsage | null;
}

export interface ReplyRequest {
  config: LlmConfig;
  model: ConfiguredModel;
  messages: readonly ShownMessage[];
  tools: ToolSet;
  output: TurnOutput;
  /** Called when the first part of the answer arrives. */
  onBegun(): void;
}

/** The configured settings for the model's text generation. */
export function samplingOf(config: LlmConfig) {
  return { ...samplingSchema.parse(config), ...(config.stop && { stopSequences: config.stop }) };
}

/**
 * Calls a model that may use tools, and passes on every part as it arrives. Throws the errors of the provider's
 * package.
 */
export async function streamReply(request: ReplyRequest): Promise<StreamedReply> {
  const result = ask(request);
  const { emit } = request.output;
  let content = "";
  let before = "";
  let betweenSteps = false;
  let called = false;

  for await (const part of result.fullStream) {
    switch (part.type) {
      case "start-step":
        before = content;
        betweenSteps = content !== "";
        called = false;
        break;
      case "text-start":
        if (!isRetraction(part)) break;
        content = before;
        betweenSteps = before !== "";
        emit({ type: "retraction" });
        break;
      case "text-delta": {
        request.onBegun();
        // Text before and after a tool call is one reply, so the streamed text must equal it.
        const delta = betweenSteps ? `\n\n${part.text}` : part.text;
        betweenSteps = false;
        content += delta;
        emit({ type: "content", content: delta });
        break;
      }
      case "reasoning-delta":
        request.onBegun();
        emit({ type: "thinking", content: part.text });
        break;
      case "tool-call":
        request.onBegun();
        called = true;
        emit({ type: "tool_start", id: part.toolCallId, name: part.toolName });
        break;
      case "tool-result":
        emit(toolEnd(part, typeof part.output === "string" ? part.output : JSON.stringify(part.output)));
        break;
      case "tool-error":
        // The model receives the error too and continues.
        emit(toolEnd(part, `failed: ${part.error instanceof Error ? part.error.message : part.error}`));
        break;
      case "finish":
        return {
          content,
          finish: { unified: part.finishReason, raw: part.rawFinishReason },
          called,
          usage: toUsage(part.totalUsage),
        };
      case "error":
        throw part.error;
    }
  }
  throw new Error("the stream ended without a finish");
}

function ask({ config, model, messages, tools, output }: ReplyRequest): StreamTextResult<ToolSet, never> {
  return streamText({
    ...samplingOf(config),
    model: model.model,
    messages: messages.map(toModelMessage),
    tools,
    stopWhen: stepCountIs(config.maxSteps),
    // A model that never stops calling tools would end without an answer.
    prepareStep: ({ stepNumber }) => (stepNumber === config.maxSteps - 1 ? { toolChoice: "none" } : {}),
    // System messages come from the agent's author and from Causeway, never from a user.
    allowSystemInMessages: true,
    providerOptions: model.providerOptions,
    abortSignal: output.signal,
    // The turn engine retries turns. It knows the text that was shown, and the time to give up.
    maxRetries: 0,
    // Errors arrive as parts of the stream; the default would print them.
    onError: () => {},
  });
}

function toModelMessage({ role, content, files }: ShownMessage): ModelMessage {
  if (role !== "user" || files === undefined) return { role, content };
  return { role, content: [{ type: "text", text: content }, ...files] };
}

function toolEnd(call: { toolCallId: string; toolName: string }, text: string): BotProgress {
  return { type: "tool_end", id: call.toolCallId, name: call.toolName, summary: excerpt(text, 200) };
}
