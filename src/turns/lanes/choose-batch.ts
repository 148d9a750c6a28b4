import type { TurnSettings } from "../../core/session/agent-definition.ts";
import type { PendingMessage } from "./pending-messages-repository.ts";

/** The next work of a lane, oldest first: a command, or one answer to one or several messages. */
export type Batch =
  | { kind: "command"; message: PendingMessage }
  | { kind: "turn"; messages: [PendingMessage, ...PendingMessage[]] };

/**
 * One message per turn under `queue`. Under `collect` and `interrupt`: every user message up to the next command or
 * instruction. An instruction (a prompt to the bot) always has its own turn.
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
