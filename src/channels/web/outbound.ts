import type { OutboundPart, SendResult } from "../../core/outbound.ts";
import type { Reachability } from "../../core/reachability.ts";
import { stopped } from "./errors.ts";

/** Replies are shown from the stored message, so parts matter only to the size of a delivery's row, UTF-16 units. */
export const TEXT_LIMIT = 100_000;

/**
 * A reply is committed before its delivery is made, and visitors read it from there: having it stored is having it
 * sent. Whoever looks at the session has been told by the notice of the commit.
 */
export async function send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
  if (signal.aborted) return stopped;
  return { kind: "sent", externalIds: [part.deliveryId], state: "delivered" };
}

/** A site knows its people by the `sub` of their tokens, and writes that. */
export function identifierOf(written: string): string {
  return isVisitor(written) ? written : `id:${written}`;
}

const isVisitor = (user: string) => /^(anon|id):./.test(user);

/** Whether a visitor can come to be who this is: `anon:` and the hash of a token, or `id:` and whom a site vouches for. */
export async function canReach(user: string): Promise<Reachability> {
  if (isVisitor(user)) return { kind: "reachable" };
  const reason = `"${user}" is no visitor: they look like id:ada, where ada is the \`sub\` of the identity token`;
  return { kind: "limited", code: "no_visitor", reason };
}
