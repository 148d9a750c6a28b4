import type { OutboundPart, SendResult } from "../../core/message/outbound.ts";
import type { Reachability } from "../../core/session/reachability.ts";
import { stopped } from "./errors.ts";

/**
 * In UTF-16 code units. The page shows replies from the stored message, so parts only limit the size of a delivery's
 * row.
 */
export const TEXT_LIMIT = 100_000;

/**
 * A reply is committed before its delivery is created, and visitors read the stored reply. So a stored reply is a sent
 * reply. The notice of the commit has already informed all followers of the session.
 */
export async function send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
  if (signal.aborted) return stopped;
  return { kind: "sent", externalIds: [part.deliveryId], state: "delivered" };
}

/** A site knows its users by the `sub` of their tokens, and uses that value. */
export function identifierOf(written: string): string {
  return isVisitor(written) ? written : `id:${written}`;
}

const isVisitor = (user: string) => /^(anon|id):./.test(user);

/**
 * Returns reachable if a visitor can have this identifier. It is `anon:` and the hash of a token, or `id:` and a `sub`
 * that a site confirms.
 */
export async function canReach(user: string): Promise<Reachability> {
  if (isVisitor(user)) return { kind: "reachable" };
  const reason = `"${user}" is no visitor: they look like id:ada, where ada is the \`sub\` of the identity token`;
  return { kind: "limited", code: "no_visitor", reason };
}
