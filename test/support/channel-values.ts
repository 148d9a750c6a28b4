import type { ChannelOptions, ChannelValues } from "../../src/channels/channel-options.ts";

/** The values of one channel in memory, as the database would hold them. `now` is the database's clock. */
export function memoryValues(now: () => number = Date.now): ChannelValues & { kept: Map<string, Buffer> } {
  const kept = new Map<string, Buffer>();
  const ends = new Map<string, number>();
  const present = (key: string) => {
    if ((ends.get(key) ?? Number.POSITIVE_INFINITY) <= now()) kept.delete(key);
    return kept.get(key) ?? null;
  };
  const store = (key: string, value: Buffer, expiresInMs: number | undefined) => {
    kept.set(key, value);
    ends.set(key, expiresInMs === undefined ? Number.POSITIVE_INFINITY : now() + expiresInMs);
  };
  return {
    kept,
    read: async (key) => present(key),
    write: async (key, value, lifetime) => store(key, value, lifetime?.expiresInMs),
    async add(key, value, lifetime) {
      if (present(key) !== null) return false;
      store(key, value, lifetime?.expiresInMs);
      return true;
    },
    async remove(key) {
      kept.delete(key);
    },
    async update(key, change) {
      const current = present(key);
      if (current === null) return null;
      const next = await change(current);
      kept.set(key, next);
      return next;
    },
    async *list(prefix) {
      for (const key of [...kept.keys()].sort()) {
        const value = key.startsWith(prefix) ? present(key) : null;
        if (value !== null) yield { key, value };
      }
    },
  };
}

/** The look-ups of a channel that has nothing behind it yet. */
export function nothingKnown() {
  return {
    values: memoryValues(),
    findConversation: async () => null,
    findUnanswered: async () => null,
    lastUserMessage: async () => null,
    refusesMarketing: async () => false,
    findButtons: async () => null,
    isDesk: () => false,
  } satisfies Partial<ChannelOptions<unknown>>;
}
