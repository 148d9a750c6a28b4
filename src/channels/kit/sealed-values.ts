import { createSeal } from "../../core/text/seal.ts";
import type { ChannelValues, ValueLifetime } from "../channel-options.ts";

/** Secret texts of a channel in the database. Each opens only with the same secret, and only under its own key. */
export interface SealedValues {
  /** Null if there is no value, or if it was sealed with another secret. */
  read(key: string): Promise<string | null>;
  write(key: string, text: string, lifetime?: ValueLifetime): Promise<void>;
  remove(key: string): Promise<void>;
  /** Changes a value while no other process can. Null if there is none that opens. */
  update(key: string, change: (current: string) => Promise<string>): Promise<string | null>;
  /** All values whose keys begin with `prefix`. `text` is null if the value does not open. */
  list(prefix: string): AsyncIterable<{ key: string; text: string | null }>;
}

/** The one way to store secrets. `purpose` names what is sealed, so that one secret gives a key to each purpose. */
export function sealValues(
  values: ChannelValues,
  { secret, purpose }: { secret: string; purpose: string },
): SealedValues {
  const { seal, open } = createSeal(secret, { purpose });
  const openValue = (key: string, value: Buffer | null) => (value === null ? null : open(value, key));
  return {
    read: async (key) => openValue(key, await values.read(key)),
    write: (key, text, lifetime) => values.write(key, seal(text, key), lifetime),
    remove: (key) => values.remove(key),
    async update(key, change) {
      const changed = await values.update(key, async (current) => {
        const text = open(current, key);
        const next = text === null ? null : await change(text);
        return next === null || next === text ? current : seal(next, key);
      });
      return openValue(key, changed);
    },
    async *list(prefix) {
      for await (const { key, value } of values.list(prefix)) yield { key, text: open(value, key) };
    },
  };
}
