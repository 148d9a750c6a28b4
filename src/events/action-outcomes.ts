import type { ActionOutcome, RunningAction } from "./carry-out.ts";

/** Delay before an action that waits for a running answer checks again, milliseconds. */
const POLL_AGAIN_MS = 200;

/** The action is tried again soon. */
export function waits(reason: string): ActionOutcome {
  return { kind: "wait", ms: POLL_AGAIN_MS, reason };
}

export function waitsForBot(): ActionOutcome {
  return waits("waits for a message that an earlier action asked for");
}

export function overtaken(): ActionOutcome {
  return { kind: "overtaken", reason: "the user has written since" };
}

/** The user's silence means nothing while a person answers, and the bot has nothing to say then. */
export function personAnswers(): ActionOutcome {
  return { kind: "overtaken", reason: "a person answers this conversation" };
}

export function malformed(action: RunningAction): ActionOutcome {
  return { kind: "failed", reason: `the action ${action.action} cannot be read` };
}
