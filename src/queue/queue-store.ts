import type { Job, Queue, Worker } from "bullmq";
import type { NoticeTransport } from "./notice-transport.ts";

/** The parts that differ between the Redis and the Postgres store of jobs. */
export interface QueueStore {
  kind: "redis" | "postgres";
  createQueue<T>(name: string): Queue<T>;
  createWorker<T>(name: string, handler: (job: Job<T>) => Promise<unknown>, concurrency: number): Worker<T>;
  notices: NoticeTransport;
  ping(): Promise<void>;
  waitUntilReady(): Promise<void>;
  close(): Promise<void>;
}
