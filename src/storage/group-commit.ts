import { setImmediate } from "node:timers/promises";
import { despiteConflicts } from "./despite-conflicts.ts";
import { sqlState } from "./sql-state.ts";

/** Writes one item together with the other waiting items. Resolves when the write that contains it has committed. */
export interface GroupCommit<T, R> {
  (item: T): Promise<R>;
  /** Resolves when no item waits or is being written. */
  drain(): Promise<void>;
  /** Number of items that wait or are being written. */
  size(): number;
}

interface Waiting<T, R> {
  item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/**
 * Combines many small writes into few large ones. Items that arrive during a commit join the next one. An idle writer
 * writes an item at once, so no item waits for others.
 *
 * Items run in arrival order within their partition. If a batch has bad data, each item is written again alone,
 * so that only the bad one fails. A batch that lost a race (serialization, deadlock) is tried again as a whole.
 * @param options.run writes all items or none, and returns one result per item in the same order.
 * @param options.partitionOf returns a key. Items with one key share a partition, which keeps their order. Without it,
 * an item may go to any partition.
 */
export function createGroupCommit<T, R>(options: {
  run: (items: T[]) => Promise<R[]>;
  maxBatch: number;
  partitions: number;
  partitionOf?: (item: T) => string | number;
}): GroupCommit<T, R> {
  const partitions = Array.from({ length: Math.max(1, options.partitions) }, () =>
    createPartition(options.run, options.maxBatch),
  );
  let next = 0;
  const commit = (item: T): Promise<R> => {
    const index = options.partitionOf
      ? hash(options.partitionOf(item)) % partitions.length
      : next++ % partitions.length;
    const partition = partitions[index];
    if (!partition) throw new RangeError(`no partition ${index}`);
    return partition.add(item);
  };
  return Object.assign(commit, {
    size: () => partitions.reduce((sum, partition) => sum + partition.size(), 0),
    drain: async () => {
      await Promise.all(partitions.map((partition) => partition.drain()));
    },
  });
}

function createPartition<T, R>(run: (items: T[]) => Promise<R[]>, maxBatch: number) {
  let waiting: Waiting<T, R>[] = [];
  let writing = 0;
  let writer: Promise<void> | null = null;

  async function write(): Promise<void> {
    // Wait for the end of this turn of the event loop, so that items from several sockets share a commit.
    await setImmediate();
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch);
      waiting = waiting.slice(maxBatch);
      writing = batch.length;
      await writeBatch(run, batch);
      writing = 0;
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
    size: () => waiting.length + writing,
    async drain() {
      while (writer) await writer;
    },
  };
}

async function writeBatch<T, R>(run: (items: T[]) => Promise<R[]>, batch: Waiting<T, R>[]): Promise<void> {
  try {
    const results = await despiteConflicts(() => run(batch.map((waiting) => waiting.item)));
    if (results.length !== batch.length) {
      throw new Error(`a group commit of ${batch.length} items returned ${results.length} results`);
    }
    // The lengths are equal, so every index holds a result, also if R includes undefined.
    batch.forEach((waiting, index) => {
      waiting.resolve(results[index] as R);
    });
  } catch (error) {
    if (batch.length > 1 && isAboutData(error)) {
      for (const waiting of batch) await writeBatch(run, [waiting]);
      return;
    }
    for (const waiting of batch) waiting.reject(error);
  }
}

/**
 * True if one item may be the cause. That is bad data (class 22), a constraint (23; Prisma P20xx), or an error in our
 * code. False if the database is down, full or out of connections. No item causes that, and single retries would make
 * it worse.
 */
function isAboutData(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== "") return /^(22|23|P0|P20[01])/.test(state);
  return !(error instanceof Error && "code" in error);
}

/** FNV-1a. It spreads keys evenly over the partitions; nothing else depends on its value. */
function hash(key: string | number): number {
  let value = 0x811c9dc5;
  for (const character of String(key)) {
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return value >>> 0;
}
