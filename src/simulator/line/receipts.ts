import type { World } from "../world.ts";
import { addMessage, type Chat, type Failure, type Receipt, type StoredMessage } from "./line.ts";

/** The pause between two reports, milliseconds. */
const STEP_MS = 30;

export interface DeliverDeps {
  world: World;
  chat: Chat;
  message: StoredMessage;
  /** The reason why it does not reach the phone; null: it does. */
  failure: Failure | null;
  /** The receipts in their order. */
  ladder: readonly Receipt[];
  report(receipt: Receipt, failure: Failure | null): void;
}

/** Brings an accepted message to the user's phone and reports each step, or reports why it failed. */
export function deliver({ world, chat, message, failure, ladder, report }: DeliverDeps): void {
  addMessage(chat, message);
  message.receipt = failure === null ? "sent" : "failed";
  if (failure === null) chat.typingUntil = 0;
  world.changed();
  if (failure !== null) {
    world.after(STEP_MS, () => report("failed", failure));
    return;
  }
  for (const [index, receipt] of ladder.entries())
    world.after(STEP_MS * (index + 1), () => {
      message.receipt = receipt;
      report(receipt, null);
      world.changed();
    });
}
