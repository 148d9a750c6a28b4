import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../core/process/logger.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import type { SlackConfig } from "./config.ts";
import { describeFault, isUnsupported, readFault } from "./errors.ts";
import type { SlackOpening } from "./event.ts";

/** A refused call is not repeated for this long. */
const REFUSED_MS = 60 * 60_000;

export interface SuggestionsDeps {
  clientOf(team: string | null): Promise<WebClient | null>;
  prompts: SlackConfig["suggestedPrompts"];
  log: Logger;
}

/** Suggests prompts to a person who opens the conversation with the app. It is best effort. */
export function createSuggestions({ clientOf, prompts, log }: SuggestionsDeps) {
  const refusedUntil = new Map<string | null, number>();

  return async function suggest(team: string | null, { channel, thread }: SlackOpening): Promise<void> {
    if (prompts.length === 0 || monotonicMs() < (refusedUntil.get(team) ?? 0)) return;
    try {
      const client = await clientOf(team);
      // Slack ignores the prompts of an agent if a thread is named. Older assistants have one.
      const place = { channel_id: channel, ...(thread === null ? {} : { thread_ts: thread }) };
      await client?.assistant.threads.setSuggestedPrompts({ ...place, prompts });
    } catch (error) {
      const fault = readFault(error);
      if (isUnsupported(fault)) refusedUntil.set(team, monotonicMs() + REFUSED_MS);
      log.info({ channelId: channel, reason: describeFault(fault) }, "prompts were not suggested on Slack");
    }
  };
}
