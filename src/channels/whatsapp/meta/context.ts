import type { MessageReference } from "../../../core/message/inbound-message.ts";
import type { MetaMessage } from "./payload.ts";

/** Types that answer a message of ours by a press on it. The pressed text needs no reference. */
const PRESSES: ReadonlySet<string> = new Set(["interactive", "button"]);

/** The messages and products that a message refers to. */
export function referencesOf({ type, context, reaction }: MetaMessage): MessageReference[] {
  if (reaction?.message_id !== undefined) return [{ kind: "reply", externalId: reaction.message_id }];
  if (context === undefined) return [];
  const { id, forwarded, frequently_forwarded: often, referred_product: product } = context;
  const item = product?.product_retailer_id;
  return [
    ...(forwarded || often ? [{ kind: "forward" as const }] : []),
    ...(item === undefined
      ? []
      : [{ kind: "quote" as const, author: "the catalogue", text: `[product] ${item}` }]),
    ...(id === undefined || PRESSES.has(type) ? [] : [{ kind: "reply" as const, externalId: id }]),
  ];
}

/** The time of a message. A clock ahead of ours must not keep a window open for longer. */
export function sentAtOf({ timestamp }: Pick<MetaMessage, "timestamp">, now: Date): Date | undefined {
  const seconds = Number(timestamp);
  if (!Number.isFinite(seconds) || seconds <= 0) return undefined;
  return new Date(Math.min(seconds * 1000, now.getTime()));
}
