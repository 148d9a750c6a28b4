import { toButtons, withOptions } from "../../core/button.ts";
import type { PromptMessage } from "../bot.ts";
import type { ScriptConfig, ScriptLine } from "./config.ts";

/**
 * The line that answers a text, or null when the script has none. A sequence goes by what the conversation already
 * holds rather than by a counter in memory, so restarts and other processes carry on at the right line.
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
