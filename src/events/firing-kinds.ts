import type { Firing } from "./firing-repository.ts";

/**
 * For a timeout: the seq of the user message after which the silence began. A later user message cancels the firing. A
 * timeout that counts from the first message measures no silence, so it is never cancelled.
 */
export function silenceSince(firing: Firing): number | null {
  const { seq, from } = firing.data;
  return isTimeout(firing) && from !== "first_message" && typeof seq === "number" ? seq : null;
}

/** True for a rule that greets at the begin of a session. */
export function isGreeting({ event }: Firing): boolean {
  return event === "session_started" || event === "user_joined";
}

export function isTimeout({ event }: Firing): boolean {
  return event === "timeout" || event === "last_timeout";
}
