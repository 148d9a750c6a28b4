import type { Job, Queue, Worker } from "bullmq";
import type { NoticeTransport } from "./notice-transport.ts";

/** What a place to keep jobs has to bring; the rest is the same for both. */
export interface QueueStore {
  kind: "redis" | "postgres";
  createQueue<T>(name: string): Queue<T>;
  createWorker<T>(name: string, handler: (job: Job<T>) => Promise<unknown>, concurrency: number): Worker<T>;
  notices: NoticeTransport;
  ping(): Promise<void>;
  waitUntilReady(): Promise<void>;
  close(): Promise<void>;
}
