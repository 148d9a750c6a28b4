import type { Schedule } from "../server/wire.ts";

/** The times of a schedule, in words. Pure. */
export function timesOf(schedule: Pick<Schedule, "at" | "every" | "cron" | "rrule" | "timezone">): string {
  const { at, every, cron, rrule, timezone } = schedule;
  if (at !== null) return `once, at ${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  if (every !== null) return `every ${every} (${timezone})`;
  return `${cron ?? rrule ?? ""} (${timezone})`;
}

/** The body of the call that sends the message of a schedule now. Pure. */
export function sendNowBody(schedule: Schedule): Record<string, unknown> {
  const { agent_id, channel, identifier, prompt_text, message_text } = schedule;
  const to = { agent_id, channel, identifier };
  if (message_text === null) return { ...to, prompt_text };
  const { format, buttons, attachments } = schedule;
  const files = attachments.map((file) =>
    Object.fromEntries(Object.entries(file).filter(([, value]) => value !== null)),
  );
  return {
    ...to,
    message_text,
    ...(format === null ? {} : { format }),
    ...(buttons.length === 0 ? {} : { buttons }),
    ...(files.length === 0 ? {} : { attachments: files }),
  };
}
