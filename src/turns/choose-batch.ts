import type { TurnSettings } from "../core/agent-definition.ts";
import type { PendingMessage } from "./turn-repository.ts";

/** What a lane does next, oldest first: carry out a command, or answer one message or several together. */
export type Batch =
  | { kind: "command"; message: PendingMessage }
  | { kind: "turn"; messages: [PendingMessage, ...PendingMessage[]] };

/**
 * One message per turn under `queue`; under `collect` and `interrupt` every user message up to the next command or
 * instruction. An instruction (a prompt to the bot) is always a turn of its own.
 */
export function chooseBatch(
  pending: readonly PendingMessage[],
  policy: TurnSettings["policy"],
): Batch | null {
  const [first, ...rest] = pending;
  if (!first) return null;
  if (first.origin === "command") return { kind: "command", message: first };
  if (first.origin === "instruction" || policy === "queue" || first.cancelled) {
    return { kind: "turn", messages: [first] };
  }
  const end = rest.findIndex((message) => message.origin !== "user" || message.cancelled);
  return { kind: "turn", messages: [first, ...(end === -1 ? rest : rest.slice(0, end))] };
}
