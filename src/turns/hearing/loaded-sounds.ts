import type { TurnAttachment } from "../../bots/bot.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { wait } from "../../core/time/wait.ts";
import type { LoadedAgent, Running } from "../answering/turn-deps.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { HearingDeps } from "./hearing-deps.ts";

/** Interval of the checks if a file is loaded, milliseconds. */
const POLL_MS = 200;

/** The sounds of messages, by message, once they are loaded. A platform may be slow for as long as a bot may. */
export async function loadedSounds(
  { engine, resetLimit }: HearingDeps,
  running: Running,
  { definition }: LoadedAgent,
  messages: readonly PendingMessage[],
): Promise<Map<string, TurnAttachment[]>> {
  const passedMs = since();
  const ids = messages.map(({ id }) => id);
  for (;;) {
    const files = await engine.input.attachments(ids, running.stop.signal);
    const sounds = new Map(
      [...files].flatMap(([id, all]): [string, TurnAttachment[]][] => {
        const own = all.filter(({ kind }) => kind === "audio");
        return own.length === 0 ? [] : [[id, own]];
      }),
    );
    // Only the loaded file shows if it is a sound. Pictures are known before.
    const isPending = [...files.values()]
      .flat()
      .some(({ kind, state }) => kind !== "image" && state === "pending");
    if (!isPending || running.stop.why || passedMs() > definition.turns.patienceMs) return sounds;
    resetLimit.onPulse(running, "pause");
    await wait(POLL_MS, running.stop.signal);
  }
}

/** The time from now on, milliseconds. */
export function since(): () => number {
  const startedAt = monotonicMs();
  return () => monotonicMs() - startedAt;
}
