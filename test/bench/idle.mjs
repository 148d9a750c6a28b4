import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { startProcess, startRedis } from "./service.mjs";
import { residentMegabytes, watchProcesses } from "./usage.mjs";

/** The effects of a start (garbage, code to optimise) end within the first minutes. */
const SETTLE_SECONDS = 120;

/**
 * The load of an idle service with the shipped configuration, in percent of one processor. Null without such a queue.
 */
export async function measureIdle(queue, seconds) {
  const redis = queue === "redis" ? await startRedis() : null;
  if (queue === "redis" && redis === null) return null;
  const service = await startProcess({
    configuration: shippedConfiguration(),
    variables: redis ? { REDIS_URL: redis.url } : {},
  });
  try {
    await delay(SETTLE_SECONDS * 1000);
    const watched = watchProcesses({
      app: service.pid,
      postgres: service.postgresPid(),
      ...(redis ? { redis: redis.pid } : {}),
    });
    await delay(seconds * 1000);
    return { share: watched.percent(), megabytes: residentMegabytes(service.pid) };
  } finally {
    await service.stop();
    await redis?.stop();
  }
}

export function shippedConfiguration() {
  const { $schema: _, ...configuration } = JSON.parse(
    readFileSync(new URL("../../channels.config.json", import.meta.url), "utf8"),
  );
  return configuration;
}
