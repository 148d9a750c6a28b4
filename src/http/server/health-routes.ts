import { Router } from "express";
import { shareAnswer } from "../../core/process/shared-answer.ts";
import type { ChannelHealth } from "./channel-health.ts";

export interface HealthDeps {
  /** Each dependency with its problem; null if it is healthy. */
  dependencies(): Promise<Record<string, string | null>>;
  /** Each channel with its problem. A channel's problem does not make the service unready. */
  channels(): Promise<Record<string, ChannelHealth>>;
  /** The names of channels that are connected to the simulator. */
  simulated: readonly string[];
  /** The reason why files cannot be stored, or null. Like a channel's problem, it does not stop messages. */
  files(): string | null;
  metrics(): Promise<{ contentType: string; text: string }>;
  draining(): boolean;
}

/** One answer serves all callers for this long, because it costs queries and anybody may ask. Milliseconds. */
const FRESH_MS = 250;

/** `/livez`, `/readyz` (lists each dependency and channel) and `/metrics`. */
export function healthRoutes(deps: HealthDeps): Router {
  const router = Router();
  const state = shareAnswer(async () => {
    const dependencies = await deps.dependencies();
    return { dependencies, channels: await deps.channels() };
  }, FRESH_MS);
  const metrics = shareAnswer(deps.metrics, FRESH_MS);
  router.get("/livez", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    const { dependencies, channels } = await state();
    const files = deps.files();
    const ready = !deps.draining() && Object.values(dependencies).every((trouble) => trouble === null);
    response.status(ready ? 200 : 503).json({
      status: ready ? "ready" : deps.draining() ? "stopping" : "not_ready",
      dependencies: Object.fromEntries(
        Object.entries(dependencies).map(([name, trouble]) => [name, trouble ?? "ok"]),
      ),
      channels: Object.fromEntries(
        Object.entries(channels).map(([name, channel]) => [
          name,
          deps.simulated.includes(name) ? { ...channel, simulated: true } : channel,
        ]),
      ),
      ...(deps.simulated.length === 0 ? {} : { simulator: { page: "/simulator", channels: deps.simulated } }),
      files: { state: files === null ? "ok" : "error", last_error: files },
    });
  });
  router.get("/metrics", async (_request, response) => {
    const { contentType, text } = await metrics();
    response.setHeader("Content-Type", contentType);
    response.end(text);
  });
  return router;
}
