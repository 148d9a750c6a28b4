import { shippedConfiguration } from "./idle.mjs";
import { startProcess, startRedis } from "./service.mjs";
import { residentMegabytes, usageOf } from "./usage.mjs";

/**
 * Starts and stops the service repeatedly on one data directory, with the shipped configuration. It measures the time
 * and the processor time until `/readyz` answers 200. The first start creates the database and does not count. Null
 * without such a queue.
 */
export async function measureStarts(queue, times) {
  const redis = queue === "redis" ? await startRedis() : null;
  if (queue === "redis" && redis === null) return null;
  const options = {
    configuration: shippedConfiguration(),
    variables: redis ? { REDIS_URL: redis.url } : {},
  };
  const first = await startProcess({ ...options, keep: true });
  await first.stop();
  const starts = [];
  try {
    for (let n = 0; n < times; n += 1) {
      const startedAt = performance.now();
      const service = await startProcess({ ...options, directory: first.directory, keep: true });
      const readyMs = performance.now() - startedAt;
      const app = usageOf(service.pid, { alone: true });
      starts.push({ readyMs, cpuMs: app.cpuSeconds * 1000, megabytes: residentMegabytes(service.pid) });
      await service.stop();
    }
  } finally {
    first.remove();
    await redis?.stop();
  }
  const sorted = (name) => starts.map((start) => start[name]).sort((a, b) => a - b);
  return { readyMs: sorted("readyMs"), cpuMs: sorted("cpuMs"), megabytes: sorted("megabytes") };
}
