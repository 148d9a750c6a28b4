import { shortened } from "../../core/text/text.ts";
import type { StreamingModel } from "./model.ts";

type Prompt = Parameters<StreamingModel["doStream"]>[0]["prompt"];

/** Characters of one text in a span. So a batch of spans stays small enough to be sent. */
export const TEXT_LIMIT = 16_000;

/** The prompt in the form of the GenAI conventions. Files and tool calls are named only. */
export function tracedPrompt(prompt: Prompt): string {
  return JSON.stringify(
    prompt.map(({ role, content }) => ({
      role,
      parts:
        typeof content === "string"
          ? [textPart(content)]
          : content.map((part) => (part.type === "text" ? textPart(part.text) : { type: part.type })),
    })),
  );
}

/** An answer in the form of the GenAI conventions. */
export function tracedAnswer(text: string): string {
  return JSON.stringify([{ role: "assistant", parts: [textPart(text)] }]);
}

function textPart(content: string): { type: "text"; content: string } {
  return { type: "text", content: shortened(content, TEXT_LIMIT) };
}
