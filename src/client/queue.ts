import type { RequestOptions, Transport } from "./transport.ts";

/** Waiting work. Ages are in seconds; null if nothing waits. */
export interface WaitingWork {
  sessions: { waiting: number; running: number; oldestSeconds: number | null };
  deliveries: { waiting: number; retried: number; oldestSeconds: number | null; unknown: number };
}

export interface Queue extends WaitingWork {
  at: string;
  /** Processes that work on a conversation at this moment. */
  workers: number;
  lastMinute: { turns: number; sent: number };
  channels: (WaitingWork & { channel: string; pausedUntil: string | null })[];
}

/** Counts the work that waits now, for the workspace and for each channel. */
export function readQueue(transport: Transport, options?: RequestOptions): Promise<Queue> {
  return transport.request({ method: "GET", path: "/queue" }, options);
}
