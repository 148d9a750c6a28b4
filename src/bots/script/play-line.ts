import { BotError } from "../../core/faults/errors.ts";
import { wait } from "../../core/time/wait.ts";
import type { BotResult, TurnOutput } from "../bot.ts";
import type { ScriptLine } from "./config.ts";

/** Plays a line: delay, thinking, steps, then the reply word by word. Rejects with the signal's reason on abort. */
export async function playLine(
  line: ScriptLine,
  executionId: string,
  output: TurnOutput,
): Promise<BotResult> {
  await pause(line.delayMs, output.signal);
  if (line.thinking !== undefined) output.emit({ type: "thinking", content: line.thinking });
  for (const [index, { name, summary, delayMs }] of line.tools.entries()) {
    const id = `${executionId}-${index + 1}`;
    output.emit({ type: "tool_start", id, name });
    await pause(delayMs, output.signal);
    output.emit({ type: "tool_end", id, name, summary });
  }
  if (line.fail) throw new BotError(line.fail.code, line.fail.reason, { retryable: line.fail.retryable });

  if (!line.silent) {
    for (const word of line.say.match(/\s*\S+\s*$|\s*\S+/g) ?? []) {
      output.emit({ type: "content", content: word });
      await pause(line.wordDelayMs, output.signal);
    }
  }
  const reply = {
    content: line.say,
    ...(line.buttons.length === 0 ? {} : { buttons: line.buttons }),
    ...(line.attachments.length === 0 ? {} : { attachments: line.attachments }),
  };
  return {
    replies: line.silent ? [] : [reply],
    silent: line.silent,
    endSession: line.endSession,
    ...(line.handoff && { handoff: { reason: line.handoff.reason ?? null } }),
    ...(line.participantData && { participantData: line.participantData }),
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await wait(ms, signal);
  signal.throwIfAborted();
}
