import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** From one millisecond to two minutes: an echo and a slow model both stand in it. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** How much waits, as the database has it. */
export interface Backlog {
  waitingSessions: number;
  waitingDeliveries: number;
  /** Sent, but whether they arrived is not known: an operator's to look at. */
  unknownDeliveries: number;
  /** For how long the oldest message has been waiting for its answer, seconds; 0 where none waits. */
  oldestMessageSeconds: number;
  /** For how long the delivery that is due longest could have been sent, seconds; 0 where none is due. */
  oldestDeliverySeconds: number;
}

/** How long a scrape waits for the database: longer than it takes, shorter than scrapers wait. */
const PATIENCE_MS = 3_000;

/** How often the delay of the event loop is sampled: ten times as often would cost as much as all else of an idle service. */
const LOOP_SAMPLE_MS = 100;

export type Metrics = ReturnType<typeof createMetrics>;

/** The numbers of one process, in a registry of their own so that two applications in one process do not mix. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  let readBacklog: (() => Promise<Backlog>) | null = null;

  const backlog = new Gauge({
    name: "causeway_backlog",
    help: "What waits: sessions with an unanswered message, deliveries not sent yet, deliveries of unknown fate.",
    labelNames: ["of"] as const,
    registers,
  });
  const oldest = new Gauge({
    name: "causeway_oldest_waiting_seconds",
    help: "Age of the oldest message that waits for its answer, and of the oldest delivery that is due.",
    labelNames: ["of"] as const,
    registers,
  });
  const databaseUp = new Gauge({
    name: "causeway_database_up",
    help: "Whether Postgres answered this scrape; while it does not, what waits is not known.",
    registers,
  });

  /** What waits, as it is now; what cannot be known is left out rather than shown as it was. */
  async function lookAtBacklog(): Promise<void> {
    if (readBacklog === null) return;
    const found = await withPatience(readBacklog());
    backlog.reset();
    oldest.reset();
    databaseUp.set(found === null ? 0 : 1);
    if (found === null) return;
    backlog.set({ of: "sessions" }, found.waitingSessions);
    backlog.set({ of: "deliveries" }, found.waitingDeliveries);
    backlog.set({ of: "unknown_deliveries" }, found.unknownDeliveries);
    oldest.set({ of: "message" }, found.oldestMessageSeconds);
    oldest.set({ of: "delivery" }, found.oldestDeliverySeconds);
  }

  return {
    inbound: new Counter({
      name: "causeway_inbound_total",
      help: "Platform events by what became of them: accepted, duplicate, ignored, rejected.",
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
      help: "Sends by what became of them: sent, retry, failed, unknown.",
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
    failedFileWrites: new Counter({
      name: "causeway_failed_file_writes_total",
      help: "Files that could not be kept in their directory or bucket; they are tried again for hours.",
      registers,
    }),
    httpSeconds: new Histogram({
      name: "causeway_http_request_seconds",
      help: "HTTP requests by route pattern; their count is the number of requests.",
      labelNames: ["method", "route", "status"] as const,
      buckets: SECONDS,
      registers,
    }),
    /** Asked at every scrape; where it fails or takes too long, the scrape says that, and the rest of what it knows. */
    observeBacklog(read: () => Promise<Backlog>): void {
      readBacklog = read;
    },
    contentType: registry.contentType,
    /** The exposition text of `/metrics`. */
    async text(): Promise<string> {
      await lookAtBacklog();
      return registry.metrics();
    },
  };
}

/** What came of it in time; null where nothing did. */
async function withPatience<T>(task: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, null);
  });
  return await Promise.race([task.catch(() => null), late]).finally(() => clearTimeout(timer));
}
