import { type RateLimit, requireRate } from "./rate-limit.ts";

/** Looks up the secrets of callers, and slows down callers with many wrong ones. */
export interface Attempts {
  /**
   * The result of `lookUp`; null if there is none. A sender with too many wrong secrets gets a 429 without a lookup,
   * unless this secret was recently right.
   * @param name the hash of the secret.
   */
  check<T>(sender: string, name: string, lookUp: () => Promise<T | null>): Promise<T | null>;
}

/** The most recent right secrets are remembered. So a neighbour who guesses does not slow down their holders. */
const REMEMBERED = 50_000;

const TOO_MANY_WRONG = "Too many wrong keys or tokens from your address. Try again later.";

/** @param limit the rate of wrong secrets for one sender. */
export function createAttempts(limit: RateLimit): Attempts {
  const right = new Set<string>();
  const pending = new Map<string, Promise<void>>();

  function remember(name: string): void {
    right.delete(name);
    right.add(name);
    const [oldest] = right;
    if (right.size > REMEMBERED && oldest !== undefined) right.delete(oldest);
  }

  async function find<T>(name: string, lookUp: () => Promise<T | null>): Promise<T | null> {
    const found = await lookUp();
    if (found === null) right.delete(name);
    else remember(name);
    return found;
  }

  /** Counts before the answer is known, because many guesses may come at once. */
  async function tryOut<T>(sender: string, name: string, lookUp: () => Promise<T | null>): Promise<T | null> {
    let wrong = false;
    try {
      const found = await find(name, lookUp);
      wrong = found === null;
      return found;
    } finally {
      if (!wrong) limit.giveBack(sender);
      pending.delete(name);
    }
  }

  return {
    async check(sender, name, lookUp) {
      // Many calls may begin with a new secret. Only the first of them looks it up.
      const before = pending.get(name);
      if (before) await before;
      if (right.has(name)) return find(name, lookUp);
      requireRate(limit, sender, TOO_MANY_WRONG);
      const asked = tryOut(sender, name, lookUp);
      const over = () => undefined;
      pending.set(name, asked.then(over, over));
      return asked;
    },
  };
}
