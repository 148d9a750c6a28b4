import { expect, test } from "vitest";
import { createMetrics } from "../../src/observability/metrics.ts";

const nothingWaits = {
  waitingSessions: 0,
  waitingDeliveries: 0,
  unknownDeliveries: 0,
  oldestMessageSeconds: 0,
  oldestDeliverySeconds: 0,
  requestedHandoffs: 0,
  takenHandoffs: 0,
  oldestHandoffSeconds: 7,
};

test("a scrape shows the counters and the current backlog", async () => {
  const metrics = createMetrics();
  let waitingSessions = 1;
  metrics.observeBacklog(async () => ({ ...nothingWaits, waitingSessions, oldestMessageSeconds: 1.5 }));
  metrics.inbound.inc({ channel: "web", outcome: "accepted" });
  metrics.turnSeconds.observe({ agent: "echo" }, 0.004);
  waitingSessions = 7;
  const text = await metrics.text();
  expect(text).toContain('causeway_inbound_total{channel="web",outcome="accepted"} 1');
  expect(text).toContain('causeway_turn_seconds_bucket{le="0.005",agent="echo"} 1');
  expect(text).toContain('causeway_backlog{of="sessions"} 7');
  expect(text).toContain('causeway_oldest_waiting_seconds{of="message"} 1.5');
  expect(text).toContain('causeway_oldest_waiting_seconds{of="handoff"} 7');
  expect(text).toContain("causeway_database_up 1");
});

test("a scrape without the database shows the process's own metrics, and no old backlog", async () => {
  const metrics = createMetrics();
  let away = false;
  metrics.observeBacklog(() =>
    away ? Promise.reject(new Error("connection refused")) : Promise.resolve(nothingWaits),
  );
  metrics.inbound.inc({ channel: "web", outcome: "accepted" });
  expect(await metrics.text()).toContain('causeway_backlog{of="sessions"} 0');
  away = true;
  const text = await metrics.text();
  expect(text).toContain("causeway_database_up 0");
  expect(text).toContain('causeway_inbound_total{channel="web",outcome="accepted"} 1');
  expect(text).not.toContain("causeway_backlog{");
  expect(text).not.toContain("causeway_oldest_waiting_seconds{");
});

test("two applications in one process count separately", async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.deliveries.inc({ channel: "web", status: "sent" });
  expect(await other.text()).not.toContain('status="sent"');
});
