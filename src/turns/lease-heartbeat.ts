import type { Logger } from "../core/logger.ts";
import type { TurnEngine } from "./turn-engine.ts";
import type { TurnRepository } from "./turn-repository.ts";

/**
 * Keeps the leases of this process alive, and learns what others asked for meanwhile: a lease that is gone, a cancel,
 * a newer message. A beat that fails changes nothing: the writes of a turn check the lease themselves.
 */
export function startLeaseHeartbeat(deps: {
  repository: TurnRepository;
  engine: TurnEngine;
  intervalMs: number;
  log: Logger;
}): { stop(): void } {
  const { repository, engine, log } = deps;
  const seen = new Map<string, number>();
  let beating = false;

  async function beat(): Promise<void> {
    const held = engine.held();
    if (held.length === 0) return seen.clear();
    const alive = await repository.heartbeat(held);
    for (const { sessionId } of held) {
      const inboundSeq = alive.get(sessionId);
      // A turn that ended since is not in the engine any more; `lost` then does nothing.
      if (inboundSeq === undefined) engine.lost(sessionId);
      else if (inboundSeq > (seen.get(sessionId) ?? inboundSeq)) engine.interrupt(sessionId);
      if (inboundSeq !== undefined) seen.set(sessionId, inboundSeq);
    }
    for (const sessionId of seen.keys()) if (!engine.holds(sessionId)) seen.delete(sessionId);
    for (const id of await repository.cancelRequested(engine.runningExecutions())) engine.cancel(id);
  }

  const timer = setInterval(() => {
    if (beating) return;
    beating = true;
    beat()
      .catch((error: unknown) => log.warn({ err: error }, "could not renew the leases"))
      .finally(() => {
        beating = false;
      });
  }, deps.intervalMs);
  return { stop: () => clearInterval(timer) };
}
