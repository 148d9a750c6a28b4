import { monotonicMs } from "../core/time/monotonic.ts";

/** Store of work that a process claims row by row, under its own name. */
export interface ClaimStore<Wanted, Claimed extends { id: string }> {
  claim(wanted: Wanted): Promise<Claimed[]>;
  /** Releases the claims of this process that are not in the list. */
  releaseOthers(held: readonly string[]): Promise<void>;
}

export interface OwnClaims<Wanted, Claimed extends { id: string }> {
  /** Claims work. The process holds the result until `done` is called. */
  claim(wanted: Wanted): Promise<Claimed[]>;
  /** Releases claims whose answer was lost, if there may be any. */
  releaseLost(): Promise<void>;
  /** Ends the work on a claim. If the result was not `recorded`, some process must start the work again. */
  done(id: string, recorded: boolean): void;
}

/** Time after a lost answer in which its claim may still commit, in milliseconds. */
const LATE_MS = 10_000;

/**
 * Claims work so that no claim waits for its timeout while this process lives. The process knows its own work. So
 * it can release any other claim under its name.
 * Runs one statement at a time, because a running claim has rows that this process does not know yet.
 */
export function createOwnClaims<Wanted, Claimed extends { id: string }>(
  store: ClaimStore<Wanted, Claimed>,
): OwnClaims<Wanted, Claimed> {
  const held = new Set<string>();
  let mayHaveLostClaims = false;
  let lateUntil = 0;
  let last: Promise<unknown> = Promise.resolve();

  function inOrder<T>(task: () => Promise<T>): Promise<T> {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  }

  async function releaseLost(): Promise<void> {
    if (!mayHaveLostClaims && monotonicMs() > lateUntil) return;
    await store.releaseOthers([...held]);
    if (mayHaveLostClaims) lateUntil = monotonicMs() + LATE_MS;
    mayHaveLostClaims = false;
  }

  return {
    claim: (wanted) =>
      inOrder(async () => {
        await releaseLost();
        mayHaveLostClaims = true;
        const claimed = await store.claim(wanted);
        mayHaveLostClaims = false;
        for (const { id } of claimed) held.add(id);
        return claimed;
      }),
    releaseLost: () => inOrder(releaseLost),
    done(id, recorded) {
      held.delete(id);
      if (!recorded) mayHaveLostClaims = true;
    },
  };
}
