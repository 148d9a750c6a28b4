import type { Settings } from "../config/settings.ts";
import { startEventRules } from "../events/event-rules.ts";
import type { Outreach } from "../triggers/outreach.ts";
import { startScheduledMessages } from "../triggers/scheduled-messages.ts";
import type { ServiceParts } from "./service.ts";

/** Interval of checks for due work, milliseconds. */
const POLL_MS = 500;

/** Runs everything that sends unprompted messages: event rules and schedules. */
export function createProactiveLoops(
  parts: Pick<ServiceParts, "engine" | "agents" | "pipeline" | "log">,
  outreach: Outreach,
  { role, eventLogDays }: Pick<Settings, "role" | "eventLogDays">,
) {
  const { engine, agents, pipeline, log } = parts;
  let loops: { stop(): Promise<void> }[] = [];
  return {
    async start(): Promise<void> {
      if (role === "web") return;
      const { owner } = pipeline;
      const { pool } = engine.database;
      const times = { pollMs: POLL_MS, keepDays: eventLogDays };
      loops = [
        await startEventRules({ engine, agents, outreach, pipeline, times, log }),
        await startScheduledMessages({ pool, owner, alone: engine.alone, outreach, pollMs: POLL_MS, log }),
      ];
    },
    async stop(): Promise<void> {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
