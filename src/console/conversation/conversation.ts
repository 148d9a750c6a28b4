import type { Delivery, Execution, ListedFeedback, Message, Session, User } from "../server/wire.ts";

/** A conversation as it is shown. */
export interface Conversation {
  session: Session;
  user: User | null;
  /** A part of them without gaps, oldest first. */
  messages: readonly Message[];
  hasEarlier: boolean;
  /** True if newer messages exist that are not loaded. Then new messages do not appear automatically. */
  hasLater: boolean;
  deliveries: readonly Delivery[];
  executions: readonly Execution[];
  /** The newest ratings of its messages. */
  feedback: readonly ListedFeedback[];
}
