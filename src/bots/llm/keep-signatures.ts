import type { StreamingModel } from "./model.ts";

type Prompt = Parameters<StreamingModel["doStream"]>[0]["prompt"];

/**
 * Moves the signatures of tool calls, because Gemini refuses a tool call that comes back without its signature. The
 * package stores it under its own name, but reads it under Google's.
 */
export function withSignatures(prompt: Prompt): Prompt {
  return prompt.map((message) => {
    if (message.role !== "assistant") return message;
    const content = message.content.map((part) => {
      const { thoughtSignature, ...own } = part.providerOptions?.["openaiCompatible"] ?? {};
      if (part.type !== "tool-call" || thoughtSignature === undefined) return part;
      const google = { ...part.providerOptions?.["google"], thoughtSignature };
      return { ...part, providerOptions: { ...part.providerOptions, openaiCompatible: own, google } };
    });
    return { ...message, content };
  });
}
