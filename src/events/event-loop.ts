import type { Logger } from "../core/logger.ts";
import { wait } from "../core/wait.ts";
import type { Firing } from "./firing-repository.ts";

export interface EventLoopDeps {
  /** Fires due timeouts; how many it looked at. */
  fireTimers(limit: number): Promise<number>;
  /** Whether there is anything to fire or to carry out, and how long until the next timer, at most `limitMs`. */
  ahead(limitMs: number): Promise<{ isDue: boolean; timerInMs: number }>;
  claim(limit: number): Promise<Firing[]>;
  carryOut(firing: Firing): Promise<void>;
  /** The longest time nothing is looked at, milliseconds. */
  lookMs: number;
  log: Logger;
}

/** Timers fired in one transaction: as long as that lasts their sessions take no messages. */
const TIMERS = 100;
/** Rules carried out at the same time by one process. */
const AT_ONCE = 16;
/** Timers whose sessions are locked elsewhere are due and cannot be had: no spinning meanwhile, milliseconds. */
const PAUSE_MS = 25;

/**
 * Carries out event rules as they fire, and lets timeouts fire when they are due. Looks with one query while there is
 * nothing to do, however many timeouts wait; any number of processes may do so at once.
 */
export function startEventLoop(deps: EventLoopDeps): { stop(): Promise<void> } {
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  let wake = new AbortController();

  async function look(): Promise<void> {
    while (!stop.signal.aborted && (await deps.fireTimers(TIMERS)) === TIMERS);
    while (!stop.signal.aborted && running.size < AT_ONCE) {
      const firings = await deps.claim(AT_ONCE - running.size);
      if (firings.length === 0) return;
      for (const firing of firings) start(firing);
    }
  }

  function start(firing: Firing): void {
    const work = deps
      .carryOut(firing)
      // Its deadline passes and it is carried out again: nothing is lost, only late.
      .catch((error: unknown) =>
        deps.log.error({ err: error, event_id: firing.id }, "an event rule is stuck"),
      )
      .finally(() => {
        running.delete(work);
        // What comes next in that session may go now.
        wake.abort();
      });
    running.add(work);
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      let pause = deps.lookMs;
      try {
        let ahead = await deps.ahead(deps.lookMs);
        if (ahead.isDue) {
          await look();
          ahead = await deps.ahead(deps.lookMs);
        }
        pause = Math.max(PAUSE_MS, ahead.timerInMs);
      } catch (error) {
        deps.log.warn({ err: error }, "could not look for event rules to carry out; looking again");
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
