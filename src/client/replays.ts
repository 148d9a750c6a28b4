import type { RequestOptions, Transport } from "./transport.ts";

/** Exactly one of `sessionId` and `filter`. */
export interface ReplayRequest {
  sessionId?: string;
  filter?: {
    agentId?: string;
    userId?: string;
    channel?: string;
    status?: "active" | "completed";
    q?: string;
    since?: string;
    until?: string;
  };
  /** The agent that answers now: id or slug. */
  agentId: string;
  /** Default: the current one. */
  version?: number;
  /** The share of all sessions that match, above 0 and up to 1. */
  share?: number;
}

/** The result of a turn. */
export interface ReplayAnswer {
  replies: string[];
  tools: string[];
  totalTokens: number | null;
  seconds: number | null;
  /** Null: it was answered. */
  errorCode: string | null;
}

/** Answers counted together. */
export interface ReplayTotals {
  answered: number;
  totalTokens: number;
  seconds: number;
}

export interface Replay {
  agentId: string;
  version: number;
  /** The sessions that match and are in the share. */
  matching: number;
  /** Those of them that were replayed. */
  sessions: number;
  turns: number;
  failures: number;
  /** False: there are more sessions or turns than one call replays. */
  complete: boolean;
  recorded: ReplayTotals;
  replayed: ReplayTotals;
  data: {
    sessionId: string;
    messageId: string;
    content: string;
    recorded: ReplayAnswer;
    replayed: ReplayAnswer;
  }[];
}

/** Asks another version what it would have answered. Nothing is stored or delivered. */
export function replaySessions(
  transport: Transport,
  body: ReplayRequest,
  options?: RequestOptions,
): Promise<Replay> {
  return transport.request({ method: "POST", path: "/replays", body }, options);
}
