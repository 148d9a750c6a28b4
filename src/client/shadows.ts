import { type List, listOf } from "./page.ts";
import type { ReplayAnswer } from "./replays.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import type { PageQuery } from "./types.ts";

/** A turn that an agent's `shadow` answered, too. */
export interface Shadow {
  id: string;
  agentId: string;
  /** The agent that was asked, too. */
  candidateId: string;
  candidateVersion: number | null;
  sessionId: string;
  executionId: string;
  messageId: string | null;
  /** The user's words. */
  content: string | null;
  /** `skipped`: it was not asked, and `errorCode` says why. */
  status: "waiting" | "running" | "answered" | "failed" | "skipped";
  errorCode: string | null;
  /** The answer that the user got. */
  recorded: ReplayAnswer | null;
  /** The answer that nobody got. Null: none yet. */
  answer: ReplayAnswer | null;
  createdAt: string;
  endedAt: string | null;
}

export interface ListShadows extends PageQuery {
  sessionId?: string;
  /** The agent whose turns they are: id or slug. */
  agentId?: string;
  /** The agent that was asked, too: id or slug. */
  candidateId?: string;
  status?: Shadow["status"];
}

export type Shadows = ReturnType<typeof createShadows>;

/** Answers of an agent's `shadow` beside those that were sent. */
export function createShadows(transport: Transport) {
  return {
    /** Newest first. */
    list: (query: ListShadows = {}, options?: RequestOptions): List<Shadow> =>
      listOf(transport, { method: "GET", path: "/shadows", query: { ...query } }, options),
  };
}
