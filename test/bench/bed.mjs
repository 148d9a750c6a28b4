import { startBotApi } from "./bot-api.mjs";
import { startOther, startRedis, startService } from "./service.mjs";
import { usageOf } from "./usage.mjs";

/**
 * Runs `work` against a fresh service with the given queue, then stops everything. `system` is `{ queue }`, with `build`
 * for another build of the service. Or it is another bot (`{ command, path }`), which gets a separate Redis. Returns null
 * if this machine does not have the queue.
 * `onMessage(chatId, text)` is called for every message that the service sends.
 */
export async function onBed(system, onMessage, work) {
  const needsRedis = system.queue !== "postgres";
  const redis = needsRedis ? await startRedis() : null;
  if (needsRedis && redis === null) return null;
  const botApi = await startBotApi(onMessage);
  let service = null;
  try {
    const around = { botApiUrl: botApi.url, redisUrl: redis?.url };
    service = await (system.command === undefined
      ? startService({ build: system.build, ...around })
      : startOther({ ...system, ...around }));
    const processes = {
      app: service.pid,
      ...(service.postgresPid ? { postgres: service.postgresPid() } : {}),
      ...(redis ? { redis: redis.pid } : {}),
    };
    const usages = () =>
      Object.fromEntries(Object.entries(processes).map(([name, pid]) => [name, usageOf(pid)]));
    return await work(service, usages);
  } finally {
    await service?.stop();
    await redis?.stop();
    await botApi.close();
  }
}

/** The resources that each process used between two measurements, as text. */
export function spent(before, after) {
  return Object.keys(before)
    .map((name) => {
      const [from, to] = [before[name], after[name]];
      if (!from || !to) return `${name} ?`;
      return `${name} ${(to.cpuSeconds - from.cpuSeconds).toFixed(1)} s, ${Math.round(to.megabytes)} MB`;
    })
    .join("; ");
}

/** The problems with the messages of a ledger, as text; null: none. */
export async function faultsOf(ledger) {
  await ledger.allAnswered();
  const counts = Object.entries({ lost: ledger.lost(), ...ledger.faults }).filter(([, count]) => count > 0);
  return counts.length === 0 ? null : counts.map(([name, count]) => `${count} ${name}`).join(", ");
}
