import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { queueKinds, sharedStore } from "./queue-kinds.ts";

describe.each(queueKinds)("the queue on %s", (kind) => {
  it("gives every job to a worker once, added singly or in bulk", async () => {
    await using store = await sharedStore(kind);
    const backend = await store.open();
    expect(backend.kind).toBe(kind);
    const seen: number[] = [];
    backend.worker<{ n: number }>("numbers", async (job) => seen.push(job.data.n), { concurrency: 4 });
    await backend.queue<{ n: number }>("numbers").add("number", { n: 0 });
    await backend
      .queue<{ n: number }>("numbers")
      .addBulk([1, 2, 3].map((n) => ({ name: "number", data: { n } })));
    const many = Array.from({ length: 20 }, (_, index) => index + 4);
    await backend.queue<{ n: number }>("numbers").addBulk(many.map((n) => ({ name: "number", data: { n } })));
    await eventually(() => expect(seen.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, ...many]));
  });

  it("deletes a job completely when it is done", async () => {
    await using store = await sharedStore(kind);
    const backend = await store.open();
    let runs = 0;
    backend.worker("numbers", async () => ++runs, { concurrency: 1 });
    await backend.queue("numbers").add("number", {});
    await eventually(async () => {
      expect(runs).toBe(1);
      expect(await backend.queue("numbers").getJobCounts()).toMatchObject({
        completed: 0,
        active: 0,
        waiting: 0,
      });
    });
  });

  it("repeats a job that failed", async () => {
    await using store = await sharedStore(kind);
    const backend = await store.open();
    let runs = 0;
    const handler = async () => {
      if (++runs === 1) throw new Error("not yet");
    };
    backend.worker("numbers", handler, { concurrency: 1 });
    await backend.queue("numbers").add("number", {});
    await eventually(() => expect(runs).toBe(2));
  });

  it("runs a delayed job after its delay, without any other event", async () => {
    await using store = await sharedStore(kind);
    const backend = await store.open();
    let lateMs = Number.NaN;
    const handler = async (job: { data: { due: number } }) => {
      lateMs = Date.now() - job.data.due;
    };
    backend.worker("later", handler, { concurrency: 1 });
    await backend.queue("later").add("later", { due: Date.now() + 300 }, { delay: 300 });
    await eventually(() => expect(lateMs).toBeGreaterThanOrEqual(0));
  });

  it("runs jobs of one process in another, and finishes a running job on close", async () => {
    await using store = await sharedStore(kind);
    const [producer, consumer] = [await store.open(), await store.open()];
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const steps: string[] = [];
    const handler = async () => {
      steps.push("started");
      await gate;
      steps.push("finished");
    };
    consumer.worker("slow", handler, { concurrency: 1 });
    await producer.queue("slow").add("slow", {});
    await eventually(() => expect(steps).toEqual(["started"]));
    const closed = consumer.close().then(() => steps.push("closed"));
    open();
    await closed;
    expect(steps).toEqual(["started", "finished", "closed"]);
  });

  it("answers a ping", async () => {
    await using store = await sharedStore(kind);
    const backend = await store.open();
    await expect(backend.ping()).resolves.toBeUndefined();
  });

  it("is set up once by many processes that start at the same moment", async () => {
    await using store = await sharedStore(kind);
    const backends = await Promise.all([store.open(), store.open(), store.open(), store.open()]);
    for (const backend of backends) await backend.queue("numbers").add("number", {});
    expect(await backends[0]?.queue("numbers").getWaitingCount()).toBe(4);
  });
});
