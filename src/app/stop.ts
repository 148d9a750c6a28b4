import type { Settings } from "../config/settings.ts";
import type { Logger } from "../core/process/logger.ts";
import { createStopSteps } from "../core/process/stop-steps.ts";
import { wait } from "../core/time/wait.ts";
import type { HttpServer } from "../http/server/server.ts";
import type { Engine } from "./engine.ts";
import type { Pipeline } from "./pipeline.ts";

/** A part of the service that ends with it. */
type End = () => Promise<void>;

export interface StopDeps {
  settings: Pick<Settings, "stopSeconds" | "role">;
  service: { engine: Engine; pipeline: Pipeline; http: HttpServer };
  /**
   * Stops new work: `refuse` ends streams and sockets, `release` the channels' loops, `rules` event rules and
   * schedules.
   */
  intake: { refuse(): void; release: End; rules: End };
  /** Closes the connections in the order of this list. */
  connections: readonly [platforms: End, bots: End, simulator: End, traces: End];
  /** Aborts the waits of all work that is still under way. */
  giveUp: AbortController;
  log: Logger;
}

/** Hands back work that cannot finish in time. Even during an outage, the stop ends within its seconds. */
export async function stopApp(deps: StopDeps): Promise<void> {
  const { settings, intake, giveUp, log } = deps;
  const { engine, pipeline, http } = deps.service;
  log.info({ seconds: settings.stopSeconds }, "stopping");
  const steps = createStopSteps(settings.stopSeconds * 1_000, log);
  const { step, leftUntil, unfinished } = steps;
  const outOfTime = setTimeout(() => giveUp.abort(), leftUntil(0.85));
  intake.refuse();
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const closed = http.close(2_000, answered);
  await step("channels to let go of", 0.2, intake.release);
  await step("event rules and scheduled messages", 0.4, intake.rules);
  // The turns that callers wait for run in other processes.
  if (settings.role === "web") await Promise.race([closed, wait(leftUntil(0.6))]);
  await pipeline.stop(steps);
  answer();
  await step("requests under way", 0.8, () => closed);
  await step("replies that are being sent", 0.82, pipeline.sent);
  await step("deliveries under way", 0.85, () => engine.queues.close(leftUntil(0.83)));
  giveUp.abort();
  await pipeline.flush(steps);
  // Last, because stopping a channel cuts its connections, and a send in progress would have an unknown outcome.
  const [platforms, bots, simulator, traces] = deps.connections;
  await step("connections to platforms", 0.92, platforms);
  await step("connections to bots", 0.92, bots);
  await step("the simulator's connections", 0.92, simulator);
  await step("traces to send", 0.93, traces);
  await engine.close(steps);
  clearTimeout(outOfTime);
  if (unfinished().length === 0) log.info({}, "stopped");
  else log.warn({ unfinished: unfinished() }, "stopped; the next process continues the unfinished work");
}
