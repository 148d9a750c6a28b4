import type { Delivery, Execution, ListedFeedback } from "../server/wire.ts";
import type { Conversation } from "./conversation.ts";
import type { Records } from "./state-line.ts";

const NONE: readonly Delivery[] = [];
const UNRATED: readonly ListedFeedback[] = [];

/**
 * Gives each message its records.
 * @param before the records of the last time. Equal ones are kept, so that unchanged messages are not drawn again.
 */
export function recordsOf(
  {
    messages,
    deliveries,
    executions,
    feedback,
  }: Pick<Conversation, "messages" | "deliveries" | "executions" | "feedback">,
  before: ReadonlyMap<string, Records>,
): Map<string, Records> {
  const byMessage = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    // Copies for a desk do not show if the user got the message.
    if (delivery.message_id === null || delivery.handoff_id !== null) continue;
    byMessage.set(delivery.message_id, [delivery, ...(byMessage.get(delivery.message_id) ?? [])]);
  }
  // The bot may be asked again. Then the newest turn of a message says what became of it.
  const newest = executions.filter(({ retried_as: later }) => later === null);
  const byQuestion = new Map(newest.map((execution) => [execution.user_message_id, execution]));
  const byId = new Map(executions.map((execution) => [execution.id, execution]));
  return new Map(
    messages.map(({ id, execution_id: turn }) => {
      const parts = byMessage.get(id)?.sort((left, right) => left.part - right.part) ?? NONE;
      const execution: Execution | null = byQuestion.get(id) ?? byId.get(turn ?? "") ?? null;
      const ratings = feedback.filter(({ message_id: rated }) => rated === id);
      const records = { deliveries: parts, execution, feedback: ratings.length === 0 ? UNRATED : ratings };
      const known = before.get(id);
      return [id, known && isSame(known, records) ? known : records];
    }),
  );
}

function isSame(left: Records, right: Records): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** The turn that the bot works on now; null if there is none. */
export function runningTurn(executions: readonly Execution[]): Execution | null {
  return executions.find(({ status }) => status === "running") ?? null;
}
