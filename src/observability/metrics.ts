import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Buckets from one millisecond to two minutes, so that both an echo and a slow model fit. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Counts and ages of waiting work, from the database. */
export interface Backlog {
  waitingSessions: number;
  waitingDeliveries: number;
  /** Deliveries that were sent, but whose arrival is unknown. An operator should look at them. */
  unknownDeliveries: number;
  /** Age of the oldest message that waits for its answer, in seconds; 0 if none waits. */
  oldestMessageSeconds: number;
  /** Time since the oldest due delivery could have been sent, in seconds; 0 if none is due. */
  oldestDeliverySeconds: number;
  /** Conversations that wait for a person. */
  requestedHandoffs: number;
  /** Conversations in which a person answers. */
  takenHandoffs: number;
  oldestHandoffSeconds: number;
}

/** Time that a scrape waits for the database: longer than the query takes, shorter than scrapers wait. */
const PATIENCE_MS = 3_000;

/**
 * Interval at which the event-loop delay is sampled. At a tenth of it, the sampling would cost as much as all other
 * work of an idle service.
 */
const LOOP_SAMPLE_MS = 100;

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Creates the metrics of one process. They have a separate registry, so that two applications in one process do not
 * mix.
 */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  let readBacklog: (() => Promise<Backlog>) | null = null;
  const showBacklog = createBacklogGauges(registers);
  return {
    ...createMessageCounters(registers),
    failedFileWrites: new Counter({
      name: "causeway_failed_file_writes_total",
      help: "Failed writes of files to their directory or bucket. The service retries them for hours.",
      registers,
    }),
    httpSeconds: new Histogram({
      name: "causeway_http_request_seconds",
      help: "Duration of HTTP requests by route pattern. The count is the number of requests.",
      labelNames: ["method", "route", "status"] as const,
      buckets: SECONDS,
      registers,
    }),
    /**
     * Sets the reader of the backlog, which every scrape calls. If it fails or is too slow, the scrape reports that and
     * all other metrics.
     */
    observeBacklog(read: () => Promise<Backlog>): void {
      readBacklog = read;
    },
    contentType: registry.contentType,
    /** The text of `/metrics`, in the Prometheus exposition format. */
    async text(): Promise<string> {
      if (readBacklog !== null) showBacklog(await withPatience(readBacklog()));
      return registry.metrics();
    },
  };
}

/** Counts messages on their way: in, through their turn, and out. */
function createMessageCounters(registers: Registry[]) {
  return {
    inbound: new Counter({
      name: "causeway_inbound_total",
      help: "Platform events by outcome: accepted, duplicate, ignored, rejected.",
      labelNames: ["channel", "outcome"] as const,
      registers,
    }),
    turns: new Counter({
      name: "causeway_turns_total",
      help: "Executions that ended, by status: completed, failed, cancelled.",
      labelNames: ["agent", "status"] as const,
      registers,
    }),
    turnSeconds: new Histogram({
      name: "causeway_turn_seconds",
      help: "Time from the start of a turn to its commit.",
      labelNames: ["agent"] as const,
      buckets: SECONDS,
      registers,
    }),
    deliveries: new Counter({
      name: "causeway_deliveries_total",
      help: "Send attempts by outcome: sent, retry, failed, unknown.",
      labelNames: ["channel", "status"] as const,
      registers,
    }),
    deliverySeconds: new Histogram({
      name: "causeway_delivery_seconds",
      help: "Time from the commit of a reply to the platform's answer.",
      labelNames: ["channel"] as const,
      buckets: SECONDS,
      registers,
    }),
  };
}

/** Shows the backlog. Unknown values are left out, so that no old value is shown. */
function createBacklogGauges(registers: Registry[]): (found: Backlog | null) => void {
  const backlog = new Gauge({
    name: "causeway_backlog",
    help: "Waiting work: sessions with an unanswered message, unsent deliveries, deliveries with an unknown result.",
    labelNames: ["of"] as const,
    registers,
  });
  const oldest = new Gauge({
    name: "causeway_oldest_waiting_seconds",
    help: "Age of the oldest message that waits for an answer, due delivery, and request for a person.",
    labelNames: ["of"] as const,
    registers,
  });
  const handoffs = new Gauge({
    name: "causeway_handoffs",
    help: "Conversations that wait for a person (requested), or in which one answers (taken).",
    labelNames: ["state"] as const,
    registers,
  });
  const databaseUp = new Gauge({
    name: "causeway_database_up",
    help: "1 if Postgres answered this scrape. If it is 0, the waiting work is unknown.",
    registers,
  });

  return (found) => {
    backlog.reset();
    oldest.reset();
    handoffs.reset();
    databaseUp.set(found === null ? 0 : 1);
    if (found === null) return;
    backlog.set({ of: "sessions" }, found.waitingSessions);
    backlog.set({ of: "deliveries" }, found.waitingDeliveries);
    backlog.set({ of: "unknown_deliveries" }, found.unknownDeliveries);
    oldest.set({ of: "message" }, found.oldestMessageSeconds);
    oldest.set({ of: "delivery" }, found.oldestDeliverySeconds);
    oldest.set({ of: "handoff" }, found.oldestHandoffSeconds);
    handoffs.set({ state: "requested" }, found.requestedHandoffs);
    handoffs.set({ state: "taken" }, found.takenHandoffs);
  };
}

/** The result of the task. Null if it fails or is too slow. */
async function withPatience<T>(task: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, null);
  });
  return await Promise.race([task.catch(() => null), late]).finally(() => clearTimeout(timer));
}
