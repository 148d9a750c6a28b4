import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";
import { freePort, spawnRedis } from "./redis.ts";

/** A Redis Cluster for one test: three masters, and a replica of the master that owns `replicated`. */
export interface TestCluster extends AsyncDisposable {
  /** URLs of the masters. */
  urls: string[];
  /** The URL of the master that owns a key's slot now. */
  masterOf(key: string): Promise<string>;
  /** Ends a node at once. */
  kill(url: string): Promise<void>;
  /** Starts a killed node again. It knows its slots, and has no keys. */
  restart(url: string): Promise<void>;
  /** Sends a request to one node. */
  ask<T>(url: string, question: (node: Redis) => Promise<T>): Promise<T>;
}

const PASSWORD = "let-me,in/please";
const SLOTS = 16_384;
const MASTERS = 3;
/** Silence after which the other nodes consider a node dead. */
const NODE_TIMEOUT_MS = 1_000;

interface Node {
  url: string;
  port: number;
  busPort: number;
  directory: string;
  server: { kill(): Promise<void> };
}

/** Starts a cluster with a password; throws if the machine has no redis-server. */
export async function startRedisCluster(options: { replicated: string }): Promise<TestCluster> {
  const nodes = await Promise.all(Array.from({ length: MASTERS + 1 }, startNode));
  const [first] = nodes;
  if (!first) throw new Error("no node");
  const masters = nodes.slice(0, MASTERS);
  await Promise.all(
    masters.map((node, index) =>
      ask(node.url, (redis) => redis.cluster("ADDSLOTSRANGE", firstSlot(index), firstSlot(index + 1) - 1)),
    ),
  );
  // Each node is introduced to every other one, because gossip would take seconds.
  await Promise.all(nodes.map((node, index) => introduce(node, nodes.slice(index + 1))));
  await eventually(() => whole(nodes));
  await replicate(nodes[MASTERS], options.replicated, masters);

  const killed = new Set<Node>();
  const byUrl = (url: string) => {
    const node = nodes.find((candidate) => candidate.url === url);
    if (!node) throw new Error(`no node at ${url}`);
    return node;
  };
  return {
    urls: masters.map(({ url }) => url),
    async masterOf(key) {
      const up = nodes.find((node) => !killed.has(node)) ?? first;
      return await ask(up.url, async (redis) => {
        const [slot, ranges] = await Promise.all([redis.cluster("KEYSLOT", key), redis.cluster("SLOTS")]);
        const [, , master] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? [];
        const owner = nodes.find(({ port }) => port === master?.[1]);
        if (!owner) throw new Error(`nobody has slot ${slot}`);
        return owner.url;
      });
    },
    async kill(url) {
      const node = byUrl(url);
      killed.add(node);
      await node.server.kill();
    },
    async restart(url) {
      const node = byUrl(url);
      node.server = await startServer(node);
      killed.delete(node);
    },
    ask,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map(({ server }) => server.kill()));
      await Promise.all(nodes.map(({ directory }) => rm(directory, { recursive: true, force: true })));
    },
  };
}

async function startNode(): Promise<Node> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-redis-cluster-"));
  const [port, busPort] = await Promise.all([freePort(), freePort()]);
  const server = await startServer({ port, busPort, directory });
  const url = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`;
  return { url, port, busPort, directory, server };
}

async function startServer({ port, busPort, directory }: Pick<Node, "port" | "busPort" | "directory">) {
  const settings = {
    port,
    "cluster-enabled": "yes",
    "cluster-port": busPort,
    "cluster-node-timeout": NODE_TIMEOUT_MS,
    requirepass: PASSWORD,
    masterauth: PASSWORD,
    "repl-diskless-sync-delay": 0,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = await spawnRedis(directory, flags);
  if (!server) throw new Error("these tests need redis-server on PATH");
  return server;
}

const firstSlot = (master: number) => Math.ceil((master * SLOTS) / MASTERS);

function ownerOf(slot: number, masters: readonly Node[]): Node {
  const owner = masters[Math.floor((slot * MASTERS) / SLOTS)];
  if (!owner) throw new Error(`nobody has slot ${slot}`);
  return owner;
}

async function introduce(node: Node, others: readonly Node[]): Promise<void> {
  await ask(node.url, async (redis) => {
    for (const { port, busPort } of others) await redis.call("CLUSTER", "MEET", "127.0.0.1", port, busPort);
  });
}

/** Resolves when every node knows all others and sees every slot served. */
async function whole(nodes: readonly Node[]): Promise<void> {
  for (const { url } of nodes) {
    const state = await ask(url, (redis) => redis.cluster("INFO"));
    expect(state).toContain("cluster_state:ok");
    expect(state).toContain(`cluster_known_nodes:${nodes.length}`);
    expect(state).toContain(`cluster_size:${MASTERS}`);
  }
}

async function replicate(replica: Node | undefined, key: string, masters: readonly Node[]): Promise<void> {
  if (!replica) throw new Error("no replica");
  await ask(replica.url, async (redis) => {
    const master = ownerOf(await redis.cluster("KEYSLOT", key), masters);
    const id = await ask(master.url, (node) => node.cluster("MYID"));
    await redis.cluster("REPLICATE", String(id));
    await eventually(async () => expect(await redis.info("replication")).toContain("master_link_status:up"));
  });
}

async function ask<T>(url: string, question: (node: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on("error", () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
