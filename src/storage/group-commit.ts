import { setTimeout as delay, setImmediate } from "node:timers/promises";

/** Writes one item with whatever else is waiting; resolves when the write that held it has committed. */
export interface GroupCommit<T, R> {
  (item: T): Promise<R>;
  /** Resolves when nothing is waiting or under way. */
  drain(): Promise<void>;
  /** Items waiting or under way. */
  size(): number;
}

interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/** How often a batch that lost a race in the database is tried again before it fails. */
const CONFLICT_ATTEMPTS = 8;

/**
 * Many small writes as few big ones: while one commit is under way, what arrives waits and goes into the next. An idle
 * writer takes an item at once, so nothing waits for company.
 *
 * Items run in arrival order within their lane. A batch in which something is wrong with the data is written again item
 * by item, so that only the bad one fails; a batch that lost a race (serialization, deadlock) is tried again whole.
 * @param options.run writes all or nothing, and returns one result per item in the same order.
 * @param options.laneOf items of one key share a lane, so their order is kept; without it every item may go anywhere.
 */
export function createGroupCommit<T, R>(options: {
  run: (items: T[]) => Promise<R[]>;
  maxBatch: number;
  lanes: number;
  laneOf?: (item: T) => string | number;
}): GroupCommit<T, R> {
  const lanes = Array.from({ length: Math.max(1, options.lanes) }, () =>
    createLane(options.run, options.maxBatch),
  );
  let next = 0;
  const commit = (item: T): Promise<R> => {
    const index = options.laneOf ? hash(options.laneOf(item)) % lanes.length : next++ % lanes.length;
    const lane = lanes[index];
    if (!lane) throw new RangeError(`no lane ${index}`);
    return lane.add(item);
  };
  return Object.assign(commit, {
    size: () => lanes.reduce((sum, lane) => sum + lane.size(), 0),
    drain: async () => {
      await Promise.all(lanes.map((lane) => lane.drain()));
    },
  });
}

function createLane<T, R>(run: (items: T[]) => Promise<R[]>, maxBatch: number) {
  let waiting: Waiting<T, R>[] = [];
  let underWay = 0;
  let writer: Promise<void> | null = null;

  async function write(): Promise<void> {
    // After this turn of the event loop, so that what arrived on several sockets at once goes together.
    await setImmediate();
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch);
      waiting = waiting.slice(maxBatch);
      underWay = batch.length;
      await writeBatch(run, batch);
      underWay = 0;
    }
    writer = null;
  }

  return {
    add(item: T): Promise<R> {
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        writer ??= write();
      });
    },
    size: () => waiting.length + underWay,
    async drain() {
      while (writer) await writer;
    },
  };
}

async function writeBatch<T, R>(run: (items: T[]) => Promise<R[]>, batch: Waiting<T, R>[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const results = await run(batch.map((waiting) => waiting.item));
      if (results.length !== batch.length) {
        throw new Error(`a group commit of ${batch.length} items returned ${results.length} results`);
      }
      // The length was just compared, so every index holds a result, also where R includes undefined.
      batch.forEach((waiting, index) => {
        waiting.resolve(results[index] as R);
      });
      return;
    } catch (error) {
      if (isConflict(error) && attempt < CONFLICT_ATTEMPTS) {
        await delay(Math.random() * 5 * attempt);
        continue;
      }
      if (batch.length > 1 && isAboutData(error)) {
        for (const waiting of batch) await writeBatch(run, [waiting]);
        return;
      }
      for (const waiting of batch) waiting.reject(error);
      return;
    }
  }
}

/** The SQLSTATE of a database error or Prisma's own code, also where one error wraps another. */
function sqlState(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string" && /^[0-9A-Z]{5}$/.test(at.code)) return at.code;
    if (typeof at.cause === "object" && at.cause !== null && "originalCode" in at.cause) {
      return String(at.cause.originalCode);
    }
  }
  return "";
}

/** Serialization failure, deadlock: the same batch may succeed the next time. */
function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === "40001" || state === "40P01" || state === "P2034";
}

/**
 * Whether one item may have spoiled the batch: bad data (class 22), a constraint (23; Prisma P20xx), or a fault in our own code over
 * some item. A database that is down, full or out of connections is nobody's data; trying each item would make it worse.
 */
function isAboutData(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== "") return /^(22|23|P0|P20[01])/.test(state);
  return !(error instanceof Error && "code" in error);
}

/** FNV-1a: spreads keys over the lanes evenly; nothing depends on its value. */
function hash(key: string | number): number {
  let value = 0x811c9dc5;
  for (const character of String(key)) {
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return value >>> 0;
}
