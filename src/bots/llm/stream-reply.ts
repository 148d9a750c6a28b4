import {
  type ModelMessage,
  type StreamTextResult,
  stepCountIs,
  streamText,
  type TextStreamPart,
  type ToolSet,
} from "ai";
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
  const text = createReplyText(request.output.emit);
  let called = false;
  for await (const part of result.fullStream) {
    if (BEGINS.has(part.type)) request.onBegun();
    switch (part.type) {
      case "start-step":
        text.beginStep();
        called = false;
        break;
      case "text-start":
        if (isRetraction(part)) text.retract();
        break;
      case "text-delta":
        text.append(part.text);
        break;
      case "finish":
        return {
          content: text.content(),
          finish: { unified: part.finishReason, raw: part.rawFinishReason },
          called,
          usage: toUsage(part.totalUsage),
        };
      case "error":
        throw part.error;
      default: {
        if (part.type === "tool-call") called = true;
        const progress = progressOf(part);
        if (progress !== null) request.output.emit(progress);
      }
    }
  }
  throw new Error("the stream ended without a finish");
}

/** The parts with which an answer begins. */
const BEGINS: ReadonlySet<string> = new Set(["text-delta", "reasoning-delta", "tool-call"]);

type Emit = TurnOutput["emit"];

/** The text of a reply, over all steps of the model. Each change is passed on. */
function createReplyText(emit: Emit) {
  let content = "";
  let before = "";
  let betweenSteps = false;
  return {
    content: () => content,
    beginStep(): void {
      before = content;
      betweenSteps = content !== "";
    },
    /** Takes back the text of this step. */
    retract(): void {
      content = before;
      betweenSteps = before !== "";
      emit({ type: "retraction" });
    },
    append(text: string): void {
      // Text before and after a tool call is one reply, so the streamed text must equal it.
      const delta = betweenSteps ? `\n\n${text}` : text;
      betweenSteps = false;
      content += delta;
      emit({ type: "content", content: delta });
    },
  };
}

/** The progress that a part tells. Null if it tells none. */
function progressOf(part: TextStreamPart<ToolSet>): BotProgress | null {
  switch (part.type) {
    case "reasoning-delta":
      return { type: "thinking", content: part.text };
    case "tool-call":
      return { type: "tool_start", id: part.toolCallId, name: part.toolName };
    case "tool-result":
      return toolEnd(part, typeof part.output === "string" ? part.output : JSON.stringify(part.output));
    case "tool-error":
      // The model receives the error too and continues.
      return toolEnd(part, `failed: ${part.error instanceof Error ? part.error.message : part.error}`);
    default:
      return null;
  }
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
