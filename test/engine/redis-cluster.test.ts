import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { diagnoseRedis } from "../../src/queue/diagnose-redis.ts";
import { findRedis, nodesOf } from "../../src/queue/find-redis.ts";
import { createHub } from "../../src/queue/hub.ts";
import { clusterOpener } from "../../src/queue/open-cluster.ts";
import { createOutageLog } from "../../src/queue/outage-log.ts";
import { openQueueBackend, type QueueBackend } from "../../src/queue/queue-backend.ts";
import { expectAnswers, talk, telegramConfig } from "../stories/conversations.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { startFakeTelegram } from "../support/fake-telegram.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { quietLog } from "../support/quiet-log.ts";
import { startRedisCluster, type TestCluster } from "../support/redis-cluster.ts";

// One node has a replica that takes over when the node dies. The other nodes return when they are restarted.
/** Clients look for the nodes of a changed cluster at growing intervals. */
const SLOW = { timeoutMs: 90_000 };

describe.skipIf(!inject("redisUrl"))("a Redis Cluster", { timeout: 300_000 }, () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ replicated: "{turns}" });
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  it("is recognised through any of its nodes, and stores the keys of each queue in one place", async () => {
    await using processes = backends(cluster.urls.slice(0, 1), "places");
    const [here, there] = [await processes.open(), await processes.open()];
    const names = ["turns", ...Array.from({ length: 6 }, (_, index) => `deliveries-${index}`)];
    const done: string[] = [];
    for (const name of names) {
      let failed = false;
      there.worker<{ n: number }>(
        name,
        async (job) => {
          if (job.data.n === 1 && !failed) {
            failed = true;
            throw new Error("not yet");
          }
          done.push(`${name} ${job.data.n}`);
        },
        { concurrency: 4 },
      );
      await here.queue(name).add("job", { n: 0 });
      await here.queue(name).addBulk([1, 2, 3, 4, 5, 6].map((n) => ({ name: "job", data: { n } })));
      await here.queue(name).add("job", { n: 7 }, { delay: 100 });
    }
    const expected = names.flatMap((name) => [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `${name} ${n}`));
    await eventually(() => expect(done.toSorted()).toEqual(expected.toSorted()));

    const keys = await Promise.all(
      cluster.urls.map((url) => cluster.ask(url, (node) => node.keys("places:*"))),
    );
    const places = keys.map((found) => new Set(found.map((key) => /^places:\{(.+)\}:/.exec(key)?.[1])));
    expect(places.flatMap((place) => [...place]).toSorted()).toEqual(names.toSorted());
    expect(places.filter((place) => place.size > 0).length).toBeGreaterThan(1);
  });

  it("carries notices to all processes in order, whichever node each process uses", async () => {
    await using processes = backends(cluster.urls, "notices");
    const log = quietLog();
    const open = async () => createHub({ backend: await processes.open(), alone: false, log });
    const hubs = [await open(), await open(), await open(), await open()];
    const heard: unknown[][] = hubs.map(() => []);
    for (const [index, hub] of hubs.entries()) hub.subscribe("news", (data) => heard[index]?.push(data));
    const sent = Array.from({ length: 200 }, (_, n) => n);
    for (const n of sent) {
      hubs[0]?.publish("news", n);
      if (n % 20 === 0) await new Promise(setImmediate);
    }
    await eventually(() => expect(heard).toEqual(hubs.map(() => sent)));
    await Promise.all(hubs.map((hub) => hub.close()));
  });

  it("runs the service, with queue and notices on it alone", async () => {
    await using fake = await startFakeTelegram();
    await using service = await twoProcesses(cluster, fake, { reconcileMs: 600_000 });
    await talk({ chats: 6, each: 3 }, () => [service.web.url]);
    await expectAnswers(fake, { chats: 6, each: 3 });
    expect(await service.ask("hi")).toBe("You said: hi");
    expect(await service.redis()).toBe("ok");
  });

  it("is checked as a whole by the doctor", async () => {
    const [first = ""] = cluster.urls;
    expect(await diagnoseRedis([first])).toEqual([
      expect.objectContaining({
        severity: "ok",
        what: expect.stringMatching(/a cluster of 3 masters and 1 replica\.$/),
      }),
    ]);
    const strange = inject("redisUrl") ?? "";
    expect(await diagnoseRedis([first, strange])).toContainEqual(
      expect.objectContaining({
        severity: "error",
        what: `${new URL(strange).host} is not part of a cluster.`,
      }),
    );
    await expect(backends([strange, first], "x").open()).rejects.toThrow(
      /is not part of a cluster: name one server/,
    );
    await expect(backends([`${first}/2`], "x").open()).rejects.toThrow(/leave out the number/);
  });

  it("is reached over TLS and with the password at every node, by the names of the nodes", async () => {
    const [first = ""] = cluster.urls;
    const nodes = await cluster.ask(first, (redis) => nodesOf(redis, first.replace("redis:", "rediss:")));
    expect(nodes.map(({ host, port }) => `${host}:${port}`)).toEqual(
      expect.arrayContaining(cluster.urls.map((url) => new URL(url).host)),
    );
    const outage = createOutageLog(quietLog(), "redis");
    const { options } = clusterOpener(nodes, outage)({ lazyConnect: true });
    const password = decodeURIComponent(new URL(first).password);
    expect(options.redisOptions).toMatchObject({ password, tls: {} });
    const named = new Promise((resolve) => options.dnsLookup?.("redis.example", (_, name) => resolve(name)));
    expect(await named).toBe("redis.example");
  });

  it("loses nothing when a replica takes over or a node returns empty, and a start waits for the node", async () => {
    await using fake = await startFakeTelegram();
    await using service = await twoProcesses(cluster, fake, {});
    const replicated = await cluster.masterOf("{turns}");
    const [other = "", third = ""] = cluster.urls.filter((url) => url !== replicated);
    const talking = talk({ chats: 6, each: 20 }, () => [service.web.url]);
    await eventually(() => expect(fake.sent.length).toBeGreaterThan(5));
    await cluster.kill(replicated);
    await eventually(async () => expect(await cluster.masterOf("{turns}")).not.toBe(replicated));
    await cluster.kill(other);
    await eventually(async () => expect(await service.redis()).not.toBe("ok"));
    const log = quietLog();
    const starting = findRedis([third], createOutageLog(log, "redis"));
    await eventually(() => expect(String(log.lines[0]?.fields.err)).toMatch(/does not serve every slot/));
    await cluster.restart(other);
    expect((await starting).kind).toBe("cluster");
    await eventually(async () => expect(await service.redis()).toBe("ok"));
    await talking;
    await expectAnswers(fake, { chats: 6, each: 20 });
    expect(await service.ask("hi again")).toBe("You said: hi again");
    await eventually(() => {
      const said = service.worker.log.filter(({ message }) => message.startsWith("connection "));
      expect(said.at(-1)?.message).toBe("connection restored");
    }, SLOW);
  });
});

/** Backends of processes that share the cluster. */
function backends(redisUrls: readonly string[], prefix: string) {
  const opened: QueueBackend[] = [];
  return {
    async open(): Promise<QueueBackend> {
      const backend = await openQueueBackend({ redisUrls, databaseUrl: "", prefix, log: quietLog() });
      opened.push(backend);
      return backend;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((backend) => backend.close()));
    },
  };
}

/** One process that receives messages and one that answers them. */
async function twoProcesses(
  cluster: TestCluster,
  fake: { url: string; token: string },
  times: { reconcileMs?: number },
) {
  const database = await createTestDatabase();
  const { agents, channels } = telegramConfig(fake);
  const start = (role: string, url: string) =>
    startTestApp({
      agents,
      channels: { ...channels, api: { kind: "api", agent: "talker" } },
      database,
      env: { CAUSEWAY_ROLE: role, REDIS_URL: url },
      times,
    });
  const [web, worker] = await Promise.all([
    start("web", cluster.urls[1] ?? ""),
    start("worker", cluster.urls.join(",")),
  ]);
  return {
    worker,
    web,
    /** The answer that the web process gets while it waits for the worker. */
    async ask(content: string): Promise<string> {
      const session = await web.api("POST", "/chat/sessions", { agent_id: "talker" });
      return (await web.api("POST", `/chat/sessions/${session.body.id}/messages`, { content })).body.content;
    },
    /** The state in the readiness check. */
    async redis(): Promise<string> {
      const ready = (await (await fetch(`${web.url}/readyz`)).json()) as { dependencies: { redis: string } };
      return ready.dependencies.redis;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([web[Symbol.asyncDispose](), worker[Symbol.asyncDispose]()]);
      await database.drop();
    },
  };
}
