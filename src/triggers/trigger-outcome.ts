import type { Reachability, Unreachable } from "../core/session/reachability.ts";
import type { Spoken } from "./speak-repository.ts";

/** A message that waits for the end of quiet hours. Its session is already open, and its data is merged. */
export interface Deferred {
  kind: "deferred";
  /** Null if its session has ended since. */
  sessionId: string | null;
  /** The schedule that will send it. */
  scheduleId: string;
  sendsAt: Date;
}

/** The result of a trigger. */
export type TriggerOutcome =
  | ((Spoken | Deferred) & { limited?: Extract<Reachability, { kind: "limited" }> })
  /** Nothing was stored, because a person answers and the bot is silent. */
  | { kind: "handoff" }
  /** Nothing was stored, because a new session of the agent needs values that nobody gave. */
  | { kind: "variables_missing"; missing: readonly string[] }
  /** Nothing was stored, because the message would not arrive. */
  | ({ kind: "unreachable"; since: Date | null } & Unreachable);
