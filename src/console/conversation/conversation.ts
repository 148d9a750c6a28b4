import type { Delivery, Execution, Message, Session, User } from "../server/wire.ts";

/** A conversation as it is shown. */
export interface Conversation {
  session: Session;
  user: User | null;
  /** The newest ones, oldest first. */
  messages: readonly Message[];
  hasEarlier: boolean;
  deliveries: readonly Delivery[];
  executions: readonly Execution[];
}
