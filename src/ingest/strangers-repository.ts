import type { PoolClient } from "pg";
import { findGranted } from "../access/grants-repository.ts";
import { findWaiting } from "../access/sender-facts-repository.ts";
import type { ConversationRef } from "../core/message/inbound-message.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import { namesOf } from "./event-row.ts";
import type { InboundRow } from "./inbound-row.ts";

/**
 * Messages of senders without access, and of senders with access whose earlier messages still wait. Only these need the
 * channel's lock. For all others two short queries are enough.
 */
export async function findStrangers(
  client: PoolClient,
  rows: readonly InboundRow[],
): Promise<Set<InboundRow>> {
  const strangers = new Set<InboundRow>();
  const guarded = rows.filter(({ access }) => access !== null);
  for (const channelId of new Set(guarded.map((row) => row.channelId))) {
    const here = guarded.filter((row) => row.channelId === channelId);
    const granted = await findGranted(client, channelId, here.flatMap(namesIn));
    const waiting = await findWaiting(
      client,
      channelId,
      here.map(({ userIdentifier }) => userIdentifier),
    );
    for (const row of here) {
      const isLetIn = isListed(row) || namesIn(row).some((name) => granted.has(name));
      if (!isLetIn || waiting.has(row.userIdentifier)) strangers.add(row);
    }
  }
  return strangers;
}

/** Decides if a person who arrived without a message may talk to the bot. There is no message to hold. */
export async function mayArrive(
  client: PoolClient,
  { id, access }: ChannelRef,
  conversation: ConversationRef,
): Promise<boolean> {
  const names = namesOf(conversation);
  if (access === undefined || names.some((name) => access.allow.has(name))) return true;
  return (await findGranted(client, id, names)).size > 0;
}

function namesIn({ access }: InboundRow): readonly string[] {
  return access?.names ?? [];
}

/** True if the sender is in the configured list. */
export function isListed({ access }: InboundRow): boolean {
  return access?.names.some((name) => access.settings.allow.has(name)) ?? false;
}
