import { expect, test } from "vitest";
import { createMetrics } from "../../src/observability/metrics.ts";

test("a scrape shows what was counted and the backlog as it is at that moment", async () => {
  const metrics = createMetrics();
  let waitingSessions = 1;
  metrics.observeBacklog(async () => ({ waitingSessions, waitingDeliveries: 2, unknownDeliveries: 0 }));
  metrics.inbound.inc({ channel: "web", outcome: "accepted" });
  metrics.turnSeconds.observe({ agent: "echo" }, 0.004);
  waitingSessions = 7;
  const text = await metrics.text();
  expect(text).toContain('causeway_inbound_total{channel="web",outcome="accepted"} 1');
  expect(text).toContain('causeway_turn_seconds_bucket{le="0.005",agent="echo"} 1');
  expect(text).toContain('causeway_backlog{of="sessions"} 7');
});

test("two applications in one process count apart", async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.deliveries.inc({ channel: "web", status: "sent" });
  expect(await other.text()).not.toContain('status="sent"');
});
