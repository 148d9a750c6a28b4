import type { Platform } from "../connection.ts";
import { comparable, type Run, type Step } from "../run.ts";

const MOST_STEPS = 1_000;

export interface RunRecord {
  /** Notes a step of a person, after what everybody sees before it. Returns what takes it back if it was refused. */
  note(step: Step): () => void;
  /** The run so far, up to what everybody sees now. */
  run(): Run;
  clear(): void;
}

/** Records what people do at the simulator, so that it can be saved and played again. */
export function createRunRecord(platforms: readonly Platform[]): RunRecord {
  let steps: Step[] = [];
  /** The messages of each chat at its last expectation. */
  const shown = new Map<string, string>();

  function noteSights(): void {
    for (const { platform, name: bot, chats } of platforms.flatMap((each) => each.connections()))
      for (const { id: chat, messages } of chats()) {
        const seen = messages.map((message) => comparable(message));
        const text = JSON.stringify(seen);
        const key = `${platform}/${bot}/${chat}`;
        if (shown.get(key) === text || seen.length === 0) continue;
        shown.set(key, text);
        steps.push({ expect: { platform, chat, bot, messages: seen } });
      }
  }

  return {
    note(step) {
      noteSights();
      steps = [...steps, step].slice(-MOST_STEPS);
      return () => {
        steps = steps.filter((each) => each !== step);
      };
    },
    run() {
      noteSights();
      return { simulator: 1, steps };
    },
    clear() {
      steps = [];
      shown.clear();
    },
  };
}
