import type { Job, Queue, Worker } from "bullmq";
import { describe, expect, it } from "vitest";
import { createQueueBackend } from "../../src/queue/queue-backend.ts";
import type { QueueStore } from "../../src/queue/queue-store.ts";
import { quietLog } from "../support/quiet-log.ts";

type Handler = (job: Job<unknown>) => Promise<unknown>;

/** A store whose workers never close by themselves. The test starts their jobs. */
function storeOf(handlers: Handler[], onClose: () => void): QueueStore {
  const never = new Promise<void>(() => undefined);
  return {
    kind: "postgres",
    createQueue: <T>() => ({}) as Queue<T>,
    createWorker<T>(_name: string, handler: (job: Job<T>) => Promise<unknown>) {
      handlers.push(handler as Handler);
      return { on: () => undefined, close: () => never } as unknown as Worker<T>;
    },
    notices: { listen: () => undefined, publish: async () => undefined } as unknown as QueueStore["notices"],
    ping: async () => undefined,
    waitUntilReady: async () => undefined,
    close: async () => onClose(),
  };
}

describe("closing the queues", () => {
  it("waits for a job that a worker fetched and that starts during the close", async () => {
    const order: string[] = [];
    const handlers: Handler[] = [];
    const backend = createQueueBackend(
      storeOf(handlers, () => order.push("closed")),
      quietLog(),
    );
    let endJob = () => {};
    const job = new Promise<void>((resolve) => {
      endJob = resolve;
    });
    backend.worker("deliveries", () => job, { concurrency: 1 });
    const closing = backend.close(20_000);
    void handlers[0]?.({} as Job<unknown>);
    // Longer than the wait for acknowledgements, after which the store would be closed.
    setTimeout(() => {
      order.push("job ended");
      endJob();
    }, 1_500);
    await closing;
    expect(order).toEqual(["job ended", "closed"]);
  });

  it("stops waiting for an endless job after the given time", async () => {
    const order: string[] = [];
    const handlers: Handler[] = [];
    const backend = createQueueBackend(
      storeOf(handlers, () => order.push("closed")),
      quietLog(),
    );
    backend.worker("deliveries", () => new Promise(() => undefined), { concurrency: 1 });
    void handlers[0]?.({} as Job<unknown>);
    await backend.close(50);
    expect(order).toEqual(["closed"]);
  });
});
