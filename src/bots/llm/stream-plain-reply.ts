import type { ConfiguredModel } from "./model.ts";
import { type ReplyRequest, type StreamedReply, samplingOf } from "./stream-reply.ts";
import { isRetraction } from "./thinking-model.ts";
import { toUsage } from "./usage.ts";

type Prompt = Parameters<ConfiguredModel["model"]["doStream"]>[0]["prompt"];

/**
 * Calls a model that has no tools and receives only text, without the SDK's loop. One answer needs no steps. The loop's
 * checks, traces and streams take more time than everything else between the model and the user.
 */
export async function streamPlainReply(request: ReplyRequest): Promise<StreamedReply> {
  const { config, model, messages, output, onBegun } = request;
  const { stream } = await model.model.doStream({
    ...samplingOf(config),
    prompt: messages.map(toPrompt),
    providerOptions: model.providerOptions,
    abortSignal: output.signal,
  });
  let content = "";
  let called = false;
  for await (const part of stream) {
    switch (part.type) {
      case "text-start":
        if (!isRetraction(part)) break;
        content = "";
        output.emit({ type: "retraction" });
        break;
      case "text-delta":
        if (part.delta === "") break;
        onBegun();
        content += part.delta;
        output.emit({ type: "content", content: part.delta });
        break;
      case "reasoning-delta":
        onBegun();
        output.emit({ type: "thinking", content: part.delta });
        break;
      case "tool-call":
        called = true;
        break;
      case "finish": {
        const { finishReason, usage } = part;
        const counted = { inputTokens: usage.inputTokens.total, outputTokens: usage.outputTokens.total };
        return { content, finish: finishReason, called, usage: toUsage(counted) };
      }
      case "error":
        throw part.error;
    }
  }
  throw new Error("the stream ended without a finish");
}

function toPrompt({ role, content }: ReplyRequest["messages"][number]): Prompt[number] {
  if (role === "system") return { role, content };
  return { role, content: [{ type: "text", text: content }] };
}
