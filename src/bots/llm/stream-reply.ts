import { type FinishReason, type ModelMessage, type StreamTextResult, streamText, type ToolSet } from "ai";
import type { PromptMessage, TokenUsage, TurnOutput } from "../bot.ts";
import { type LlmConfig, samplingSchema } from "./config.ts";
import type { ConfiguredModel } from "./model.ts";

/** What came of a stream that ran to its end. */
export interface StreamedReply {
  content: string;
  finishReason: FinishReason;
  usage: TokenUsage | null;
}

export interface ReplyRequest {
  config: LlmConfig;
  model: ConfiguredModel;
  messages: PromptMessage[];
  output: TurnOutput;
  /** Called when the first part of the answer is there. */
  onBegun(): void;
}

/** Asks the model and passes on everything as it comes. Throws what the provider's package throws. */
export async function streamReply(request: ReplyRequest): Promise<StreamedReply> {
  const result = ask(request);
  const { emit } = request.output;
  let content = "";
  let betweenSteps = false;

  for await (const part of result.fullStream) {
    switch (part.type) {
      case "start-step":
        betweenSteps = content !== "";
        break;
      case "text-delta": {
        request.onBegun();
        // Text before and after a tool call is one reply; what was streamed has to add up to it.
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
      case "finish":
        return { content, finishReason: part.finishReason, usage: toUsage(part.totalUsage) };
      case "error":
        throw part.error;
    }
  }
  throw new Error("the stream ended without a finish");
}

function ask({ config, model, messages, output }: ReplyRequest): StreamTextResult<ToolSet, never> {
  return streamText({
    ...samplingSchema.parse(config),
    ...(config.stop && { stopSequences: config.stop }),
    model: model.model,
    messages: messages satisfies ModelMessage[],
    // System messages come from the agent's author and from Causeway, never from a user.
    allowSystemInMessages: true,
    providerOptions: model.providerOptions,
    abortSignal: output.signal,
    // Turns are retried by the turn engine, which knows what was shown and when to give up.
    maxRetries: 0,
    // Errors arrive as parts of the stream; the default would print them.
    onError: () => {},
  });
}

function toUsage(usage: {
  inputTokens: number | undefined;
  outputTokens: number | undefined;
}): TokenUsage | null {
  const { inputTokens, outputTokens } = usage;
  if (inputTokens === undefined && outputTokens === undefined) return null;
  const [prompt_tokens, completion_tokens] = [inputTokens ?? 0, outputTokens ?? 0];
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
