import { assertNever } from "../core/assert-never.ts";
import { isDatabaseOutage } from "../core/faults/database-outage.ts";
import type { Logger } from "../core/process/logger.ts";
import type { EventRule } from "../core/session/agent-definition.ts";
import type { ActionResult, Firing, FiringRepository } from "./firing-repository.ts";

/** The outcome of an action. An exception is a failure that is retried. */
export type ActionOutcome =
  | { kind: "done"; result?: Omit<ActionResult, "action"> }
  /** Not possible now: nothing failed, but something else must end first. */
  | { kind: "wait"; ms: number; reason: string }
  /** A message cannot reach the user. The log records it, and the rest of the rule continues. */
  | { kind: "unreachable"; reason: string }
  /** The state that it acts on has changed, so the rest of the rule is skipped. */
  | { kind: "overtaken"; reason: string }
  /** It will never work. */
  | { kind: "failed"; reason: string };

export type RunningAction = EventRule["do"][number];

export interface CarryOutDeps {
  firings: Pick<FiringRepository, "progress" | "end" | "later">;
  /** The rule that fired; null if its agent version no longer contains it. */
  rule(firing: Firing): Promise<EventRule | null>;
  act(action: RunningAction, firing: Firing, place: number): Promise<ActionOutcome>;
  log: Logger;
}

/** Delay before the second attempt of a failed action, milliseconds; doubles with each further attempt. */
const BACKOFF_MS = 1_000;
const BACKOFF_LIMIT_MS = 10 * 60_000;

/** Runs the actions of a rule one after another, each once. A failure is recorded and retried as the rule defines. */
export async function carryOut(deps: CarryOutDeps, firing: Firing): Promise<void> {
  const { firings } = deps;
  const log = deps.log.child({ event_id: firing.id, event: firing.event, session_id: firing.sessionId });
  let attempts = 1;
  try {
    const rule = await deps.rule(firing);
    if (!rule)
      return await firings.end(firing, { status: "failed", reason: "the rule is not there any more" });
    attempts = rule.attempts;
    for (const [place, action] of rule.do.entries()) {
      if (place < firing.actionsDone) continue;
      const outcome = await deps.act(action, firing, place);
      switch (outcome.kind) {
        case "done":
          await firings.progress(firing, place, { action: action.action, ...outcome.result });
          break;
        case "unreachable":
          await firings.progress(firing, place, { action: action.action, unreachable: outcome.reason });
          break;
        case "wait":
          return await firings.later(firing, outcome.ms, outcome.reason, false);
        case "overtaken":
          log.info({ action: action.action, reason: outcome.reason }, "an event rule was overtaken");
          return await firings.end(firing, { status: "skipped", reason: outcome.reason });
        case "failed":
          throw new HopelessAction(outcome.reason);
        default:
          assertNever(outcome, "action outcome");
      }
    }
    await firings.end(firing, { status: "completed", reason: null });
    log.info({ rule: firing.rule }, "an event rule was carried out");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // A database outage is not an error of the rule, so it uses up no attempt.
    if (isDatabaseOutage(error)) return await firings.later(firing, BACKOFF_MS, reason, false);
    const hopeless = error instanceof HopelessAction || firing.attempts >= attempts;
    log.warn({ reason, attempt: firing.attempts, gives_up: hopeless }, "an event rule failed");
    if (hopeless) await firings.end(firing, { status: "failed", reason });
    else {
      const ms = Math.min(BACKOFF_LIMIT_MS, BACKOFF_MS * 2 ** (firing.attempts - 1));
      await firings.later(firing, ms, reason, true);
    }
  }
}

class HopelessAction extends Error {}
