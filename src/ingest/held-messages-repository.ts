import type { PoolClient } from "pg";
import type { Decider } from "../access/decide-access.ts";
import { settleRequests } from "../access/requests-repository.ts";
import type { MessageContext } from "../core/message/message-context.ts";
import type { InboundRow } from "./inbound-row.ts";

/** The form in which a message waits. Its sender has access when it is released, so nobody is asked again. */
type HeldRow = Omit<InboundRow, "context" | "access"> & {
  context: (Omit<MessageContext, "sentAt"> & { sentAt: string | null }) | null;
};

/** A message in the form in which it waits. */
export function heldForm({ context, access: _, ...row }: InboundRow): HeldRow {
  return { ...row, context: context && { ...context, sentAt: context.sentAt?.toISOString() ?? null } };
}

/** Settles the requests of a user who gets access. Returns the waiting messages, in the order of their arrival. */
export async function release(
  client: PoolClient,
  user: { channelId: string; userIdentifier: string },
  by: Decider,
): Promise<InboundRow[]> {
  const of = { channelId: user.channelId, identifier: user.userIdentifier };
  const held = await settleRequests<HeldRow>(client, of, "approved", by);
  return held.map(({ context, ...row }) => ({
    ...row,
    access: null,
    context: context && { ...context, sentAt: context.sentAt === null ? null : new Date(context.sentAt) },
  }));
}
