import { expect, test } from "vitest";
import { shareAnswer } from "../../src/core/process/shared-answer.ts";
import { healthRoutes } from "../../src/http/server/health-routes.ts";
import { createHttpServer } from "../../src/http/server/server.ts";
import { quietLog } from "../support/quiet-log.ts";

test("a thousand simultaneous callers, and those a moment later, get one answer", async () => {
  let asked = 0;
  const answer = shareAnswer(async () => ++asked, 60_000);
  expect(new Set(await Promise.all(Array.from({ length: 1_000 }, answer)))).toEqual(new Set([1]));
  expect(await answer()).toBe(1);
});

test("an answer that is old or failed is computed again", async () => {
  let asked = 0;
  const stale = shareAnswer(async () => ++asked, 0);
  expect([await stale(), await stale()]).toEqual([1, 2]);
  const failing = shareAnswer(async () => {
    if (++asked < 5) throw new Error("away");
    return asked;
  }, 60_000);
  await expect(failing()).rejects.toThrow("away");
  await expect(failing()).rejects.toThrow("away");
  expect(await failing()).toBe(5);
});

test.each(["/readyz", "/metrics"])("many requests for %s cause few queries", async (path) => {
  let asked = 0;
  const ask = async <T>(answer: T) => {
    asked += 1;
    return answer;
  };
  const health = healthRoutes({
    dependencies: () => ask({ database: null }),
    channels: async () => ({}),
    simulated: [],
    files: () => null,
    metrics: () => ask({ contentType: "text/plain", text: "" }),
    draining: () => false,
  });
  const http = createHttpServer({ webhooks: () => {}, health, mounts: [] }, quietLog());
  // A connection that could not be accepted must not affect others.
  const port = await http.listen("127.0.0.1", 0);
  for (let n = 0; n < 2; n++) http.server.emit("error", new Error("accept EMFILE"));
  const flood = Array.from({ length: 300 }, async () => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    await response.text();
    return response.status;
  });
  expect(new Set(await Promise.all(flood))).toEqual(new Set([200]));
  expect(asked).toBeLessThan(100);
  await http.close(0);
});
