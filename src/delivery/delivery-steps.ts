import type { ReconcilerStep } from "../core/process/reconciler.ts";
import type { WorkingProcess } from "../core/process/working-process.ts";
import type { DeliveryQueues } from "../queue/delivery-queue.ts";
import type { DeliveryEngine } from "./delivery-engine.ts";
import type { DeliveryRepository } from "./delivery-repository.ts";
import type { ParkedRepository } from "./parked-repository.ts";

export interface DeliveryStepsDeps {
  deliveries: DeliveryRepository;
  parked: ParkedRepository;
  engine: Pick<DeliveryEngine, "recover">;
  queues: Pick<DeliveryQueues, "enqueue">;
  /** Applies receipts that came before their send was recorded. */
  applyEarly(): Promise<void>;
  process: Pick<WorkingProcess, "alone" | "times">;
}

/** Maximum deliveries that one step of the reconciler queues again. */
const STRANDED_AT_ONCE = 1_000;

/** Finds deliveries that nothing works on, in the order of the returned steps. */
export function deliverySteps(deps: DeliveryStepsDeps): ReconcilerStep[] {
  const { deliveries, parked, engine, queues, process } = deps;
  let graceMs = process.alone ? 0 : process.times.strandedMs;

  async function releaseParked(): Promise<void> {
    for (const { id, channelId } of await parked.releaseMissed()) queues.enqueue(channelId, [id]);
    await parked.expire();
  }

  async function queueStranded(): Promise<void> {
    const found = await deliveries.stranded({ graceMs, limit: STRANDED_AT_ONCE });
    for (const { id, channelId } of found) queues.enqueue(channelId, [id]);
    graceMs = process.times.strandedMs;
  }

  return [
    { name: "dead senders", run: () => deliveries.expireClaims({ all: false }) },
    { name: "claims without an answer", run: engine.recover },
    // Before any delivery of unknown outcome is sent again.
    { name: "early receipts", run: deps.applyEarly },
    { name: "pauses that are over", run: () => deliveries.forgetPauses() },
    { name: "parked deliveries", run: releaseParked },
    { name: "stranded deliveries", run: queueStranded },
  ];
}
