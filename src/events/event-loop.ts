import { isDatabaseOutage } from "../core/faults/database-outage.ts";
import type { Logger } from "../core/process/logger.ts";
import { wait } from "../core/time/wait.ts";
import type { OwnClaims } from "../storage/own-claims.ts";
import type { Firing } from "./firing-repository.ts";

export interface EventLoopDeps {
  /** Fires due timeouts. Returns the number of timers that it checked. */
  fireTimers(limit: number): Promise<number>;
  /** Tells if something is due, and the time until the next timer, at most `limitMs`. */
  ahead(limitMs: number): Promise<{ isDue: boolean; timerInMs: number }>;
  claims: OwnClaims<number, Firing>;
  carryOut(firing: Firing): Promise<void>;
  /** Maximum time between two checks, milliseconds. */
  pollMs: number;
  log: Logger;
}

/** Timers fired in one transaction. Their sessions accept no messages until it ends. */
const TIMERS = 100;
/** Maximum number of rules that one process runs at the same time. */
const AT_ONCE = 16;
/**
 * Minimum pause, milliseconds. Timers of sessions locked elsewhere are due but cannot be taken, so the loop must not
 * spin.
 */
const PAUSE_MS = 25;

/**
 * Runs event rules as they fire, and fires timeouts when they are due. If there is nothing to do, one query finds that
 * out, however many timeouts wait. Any number of processes may run it at once.
 */
export function startEventLoop(deps: EventLoopDeps): { stop(): Promise<void> } {
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  let wake = new AbortController();

  async function poll(): Promise<void> {
    while (!stop.signal.aborted && (await deps.fireTimers(TIMERS)) === TIMERS);
    while (!stop.signal.aborted && running.size < AT_ONCE) {
      const firings = await deps.claims.claim(AT_ONCE - running.size);
      if (firings.length === 0) return;
      for (const firing of firings) start(firing);
    }
  }

  function start(firing: Firing): void {
    const work = deps
      .carryOut(firing)
      .then(() => deps.claims.done(firing.id, true))
      // Nothing is lost. After an outage the firing starts again at the next check; after any other error, when its
      // deadline passes.
      .catch((error: unknown) => {
        deps.claims.done(firing.id, !isDatabaseOutage(error));
        deps.log.error({ err: error, event_id: firing.id }, "an event rule is stuck");
      })
      .finally(() => {
        running.delete(work);
        // The next firing of that session may start now.
        wake.abort();
      });
    running.add(work);
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      let pause = deps.pollMs;
      try {
        await deps.claims.releaseLost();
        let ahead = await deps.ahead(deps.pollMs);
        if (ahead.isDue) {
          await poll();
          ahead = await deps.ahead(deps.pollMs);
        }
        pause = Math.max(PAUSE_MS, ahead.timerInMs);
      } catch (error) {
        deps.log.warn({ err: error }, "could not search event rules to carry out; searching again");
      }
      await wait(pause, AbortSignal.any([stop.signal, wake.signal]));
    }
  })();

  return {
    async stop() {
      stop.abort();
      await loop;
      await Promise.all(running);
    },
  };
}
