import { toButtons, withOptions } from "../../core/message/button.ts";
import type { PromptMessage } from "../bot.ts";
import type { ScriptConfig, ScriptLine } from "./config.ts";

/**
 * Returns the line that answers a text; null if the script has none. A sequence counts the lines in the conversation
 * and uses no counter in memory. So it continues correctly after a restart or in another process.
 */
export async function chooseLine(
  config: ScriptConfig,
  text: string,
  prompt: () => Promise<readonly PromptMessage[]>,
): Promise<ScriptLine | null> {
  const asked = text.toLowerCase();
  const match = config.replies.find((reply) => asked.includes(reply.match.toLowerCase()));
  if (match) return match;
  if (config.sequence.length === 0) return null;

  const lines = new Set(config.sequence.map(({ say, buttons }) => withOptions(say, toButtons(buttons))));
  const said = (await prompt()).filter(({ role, content }) => role === "assistant" && lines.has(content));
  return config.sequence[Math.min(said.length, config.sequence.length - 1)] ?? null;
}
