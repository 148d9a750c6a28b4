import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { message, patiently, post } from "../stories/conversations.ts";
import { poison } from "./poison.ts";
import type { Traffic } from "./traffic.ts";
import { type Role, SEND_LEASE_MS, SEND_TIMEOUT_MS, type World } from "./world.ts";

/** One way to harm the service while people write. */
export interface Fault {
  name: string;
  /**
   * True if the platform's answer may be lost. Then a second send is allowed if the delivery is marked as a possible
   * duplicate.
   */
  mayDouble: boolean;
  /** Returns true if the fault is possible here: with a separate disk, with a Redis. */
  possible?(world: World): boolean;
  /** The fault concerns the queue, so the test suite runs it on Redis. */
  queue?: true;
  /** Causes the harm, then undoes it. Recovery counts from the moment this resolves. */
  happen(world: World, traffic: Traffic): Promise<void>;
}

const HOLD_MS = 1_000;
const onRedis = (world: World) => world.redis !== null;

export const faults: readonly Fault[] = [
  { name: "nothing", mayDouble: false, happen: () => delay(HOLD_MS) },
  { name: "a worker is killed", mayDouble: true, queue: true, happen: (world) => kill(world, "worker") },
  { name: "a web process is killed", mayDouble: true, happen: (world) => kill(world, "web") },
  {
    name: "every process is killed",
    mayDouble: true,
    queue: true,
    async happen(world) {
      const all = [...world.processes("web"), ...world.processes("worker")];
      const roles = all.map((each) => (world.processes("web").includes(each) ? "web" : "worker") as Role);
      for (const each of all) world.drop(each);
      await Promise.all(all.map((each) => each.kill()));
      await Promise.all(roles.map((role) => world.start(role)));
    },
  },
  { name: "each process is replaced in turn", mayDouble: false, queue: true, happen: replaceEach },
  {
    name: "the workers freeze for longer than their leases",
    mayDouble: true,
    async happen(world) {
      for (const worker of world.processes("worker")) worker.signal("SIGSTOP");
      await delay(SEND_LEASE_MS + 1_000);
      for (const worker of world.processes("worker")) worker.signal("SIGCONT");
    },
  },
  {
    name: "the clocks jump an hour ahead, an hour back, and right again",
    mayDouble: false,
    async happen(world) {
      for (let jump = 0; jump < 3; jump += 1) {
        for (const each of world.processes()) each.signal("SIGUSR2");
        await delay(700);
      }
    },
  },
  { name: "Postgres is killed", mayDouble: true, happen: (world) => world.database.kill() },
  {
    name: "the connections to Postgres are cut, again and again",
    mayDouble: true,
    async happen({ database }) {
      for (let time = 0; time < 5; time += 1) {
        database.proxy.cut();
        await delay(200);
      }
    },
  },
  {
    name: "Postgres cannot be reached",
    mayDouble: true,
    async happen({ database }) {
      database.proxy.refuse();
      await delay(HOLD_MS);
      database.proxy.open();
    },
  },
  {
    name: "the connections to Postgres go silent (half open)",
    mayDouble: true,
    async happen({ database }) {
      database.proxy.swallow();
      await delay(HOLD_MS);
      database.proxy.open();
    },
  },
  {
    name: "the disk of Postgres is full",
    mayDouble: true,
    possible: ({ database }) => database.disk !== null,
    async happen({ database: { disk } }) {
      await disk?.fill();
      await delay(HOLD_MS * 2);
      await disk?.free();
    },
  },
  {
    name: "Redis is wiped",
    mayDouble: false,
    queue: true,
    possible: onRedis,
    happen: async ({ redis }) => redis?.wipe(),
  },
  {
    name: "Redis is killed, and comes back empty",
    mayDouble: false,
    queue: true,
    possible: onRedis,
    happen: async ({ redis }) => redis?.kill(),
  },
  {
    name: "Redis cannot be reached",
    mayDouble: false,
    queue: true,
    possible: onRedis,
    async happen({ redis }) {
      redis?.proxy.refuse();
      await delay(HOLD_MS);
      redis?.proxy.open();
    },
  },
  {
    name: "the connections to Redis go silent (half open)",
    mayDouble: false,
    queue: true,
    possible: onRedis,
    async happen({ redis }) {
      redis?.proxy.swallow();
      await delay(HOLD_MS);
      redis?.proxy.open();
    },
  },
  {
    name: "the platform is slow",
    mayDouble: false,
    async happen({ fake }) {
      fake.delay(800);
      await delay(HOLD_MS * 2);
      fake.delay(0);
    },
  },
  {
    name: "the platform asks to wait (429)",
    mayDouble: false,
    queue: true,
    async happen({ fake }) {
      fake.fail(
        { answer: 429, description: "Too Many Requests", parameters: { retry_after: 1 } },
        { times: 5 },
      );
      await delay(HOLD_MS);
    },
  },
  {
    name: "the platform fails (500, and a page in its place)",
    mayDouble: true,
    async happen({ fake }) {
      fake.fail({ answer: 500, description: "Internal Server Error" }, { times: 5 });
      fake.fail({ html: 502 }, { times: 5 });
      await delay(HOLD_MS);
    },
  },
  {
    name: "the platform cannot be reached",
    mayDouble: true,
    async happen({ platform }) {
      platform.refuse();
      await delay(HOLD_MS);
      platform.open();
    },
  },
  {
    name: "the platform hangs up in the middle of its answer",
    mayDouble: true,
    async happen({ fake }) {
      fake.fail({ truncate: true }, { times: 3 });
      fake.fail({ cut: "after" }, { times: 3 });
      await delay(HOLD_MS);
    },
  },
  {
    name: "the platform takes messages and never answers",
    mayDouble: true,
    async happen({ fake }) {
      fake.fail({ hang: true }, { times: 4 });
      await delay(SEND_TIMEOUT_MS + 1_000);
    },
  },
  {
    name: "every webhook comes four times, three of them at once",
    mayDouble: false,
    async happen(_world, traffic) {
      traffic.repeat(true);
      await delay(HOLD_MS * 2);
      traffic.repeat(false);
    },
  },
  { name: "webhooks contain unreadable data", mayDouble: false, happen: poison },
  {
    name: "a bot hangs",
    mayDouble: false,
    async happen({ fake, urls }) {
      const chat = 900_000 + fake.calls.length;
      const [url = ""] = urls();
      for (const text of ["are you there?", "hello?"]) {
        expect(await post(url, message(chat, text), "hanging")).toBe(200);
      }
      // The failure is visible to the user who asked, and nobody else waits for it.
      await patiently(() => expect(fake.sent.filter(({ chatId }) => chatId === chat)).toHaveLength(2));
    },
  },
];

async function kill(world: World, role: Role): Promise<void> {
  const [first] = world.processes(role);
  if (first === undefined) return;
  world.drop(first);
  await first.kill();
  await world.start(role);
}

async function replaceEach(world: World): Promise<void> {
  for (const role of ["web", "worker"] as const) {
    for (const old of world.processes(role)) {
      await world.start(role);
      world.drop(old);
      expect(await old.stop()).toBe(0);
    }
  }
}
