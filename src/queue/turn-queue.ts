import type { QueueBackend } from "./queue-backend.ts";

/** Names a session that may have waiting messages. The worker checks that in the database. */
export interface TurnJob {
  sessionId: string;
}

export interface TurnQueue {
  enqueue(sessionId: string): Promise<void>;
  work(handle: (sessionId: string) => Promise<void>): void;
}

/** Queue for turns that the process which stored the message does not run itself. */
export function createTurnQueue(backend: QueueBackend): TurnQueue {
  return {
    async enqueue(sessionId) {
      await backend.queue<TurnJob>("turns").add("turn", { sessionId });
    },
    work(handle) {
      backend.worker<TurnJob>("turns", (job) => handle(job.data.sessionId), { concurrency: 64 });
    },
  };
}
