import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** From one millisecond to two minutes: an echo and a slow model both stand in it. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** How much waits, as the database has it. */
export interface Backlog {
  waitingSessions: number;
  waitingDeliveries: number;
  /** Sent, but whether they arrived is not known: an operator's to look at. */
  unknownDeliveries: number;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** The numbers of one process, in a registry of their own so that two applications in one process do not mix. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  let readBacklog: (() => Promise<Backlog>) | null = null;

  const backlog = new Gauge({
    name: "causeway_backlog",
    help: "What waits: sessions with an unanswered message, deliveries not sent yet, deliveries of unknown fate.",
    labelNames: ["of"] as const,
    registers,
    async collect() {
      if (readBacklog === null) return;
      const found = await readBacklog();
      this.set({ of: "sessions" }, found.waitingSessions);
      this.set({ of: "deliveries" }, found.waitingDeliveries);
      this.set({ of: "unknown_deliveries" }, found.unknownDeliveries);
    },
  });

  return {
    backlog,
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
    httpSeconds: new Histogram({
      name: "causeway_http_request_seconds",
      help: "HTTP requests by route pattern; their count is the number of requests.",
      labelNames: ["method", "route", "status"] as const,
      buckets: SECONDS,
      registers,
    }),
    /** Asked at every scrape; where it throws, the scrape fails and says so. */
    observeBacklog(read: () => Promise<Backlog>): void {
      readBacklog = read;
    },
    contentType: registry.contentType,
    /** The exposition text of `/metrics`. */
    text: (): Promise<string> => registry.metrics(),
  };
}
