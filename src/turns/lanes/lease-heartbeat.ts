import type { Logger } from "../../core/process/logger.ts";
import type { TurnEngine } from "./turn-engine.ts";
import type { TurnRepository } from "./turn-repository.ts";

/**
 * Keeps the leases of this process alive. It also learns of requests from elsewhere: a lost lease, a cancel, a newer
 * message. A failed heartbeat changes nothing, because the writes of a turn check the lease themselves.
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
    const grown: string[] = [];
    for (const { sessionId } of held) {
      const inboundSeq = alive.get(sessionId);
      // A turn that ended meanwhile is no longer in the engine; then `lost` does nothing.
      if (inboundSeq === undefined) engine.lost(sessionId);
      else if (inboundSeq > (seen.get(sessionId) ?? inboundSeq)) grown.push(sessionId);
      if (inboundSeq !== undefined) seen.set(sessionId, inboundSeq);
    }
    if (grown.length > 0) {
      const resets = await repository.resetWaiting(grown);
      for (const sessionId of grown) engine.interrupt(sessionId, resets.includes(sessionId));
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
