import type { Reachability, Unreachable } from "../core/reachability.ts";
import type { Spoken } from "./speak-repository.ts";

/** A message that waits for quiet hours to end; the session is open and its data merged already. */
export interface Deferred {
  kind: "deferred";
  /** Null where the session it was put down in has ended since. */
  sessionId: string | null;
  /** The schedule that sends it. */
  scheduleId: string;
  sendsAt: Date;
}

/** What became of a trigger. */
export type TriggerOutcome =
  | ((Spoken | Deferred) & { limited?: Extract<Reachability, { kind: "limited" }> })
  /** Nothing was stored: it would not have arrived. */
  | ({ kind: "unreachable"; since: Date | null } & Unreachable);
