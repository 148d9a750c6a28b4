import type { Pool, PoolClient } from "pg";
import { addFiles } from "../attachments/add-files-repository.ts";
import { newId } from "../core/ids.ts";
import type { Arrival, OperatorMessage } from "../core/message/channel-event.ts";
import { nameLine } from "../core/message/name-line.ts";
import { storableFile } from "../core/message/storable-file.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import { storableJson, storableText } from "../core/text/text.ts";
import { appendMessage } from "../sessions/append-repository.ts";
import { claimEvent } from "../sessions/event-keys-repository.ts";
import { resolveSession } from "../sessions/resolve-repository.ts";
import { inTransaction } from "../storage/transaction.ts";
import { ensureUser } from "../users/ensure-user-repository.ts";
import { mayArrive } from "./strangers-repository.ts";

/** The result of an event that needs no answer; null if it is repeated or has nothing new. */
export type Unanswered = { sessionId: string; messageId: string } | null;

/** Lets the writer hold the session, in the transaction that stores the words; null if the agent does not want that. */
type Hold<Held> = (
  client: PoolClient,
  sessionId: string,
  author: OperatorMessage["author"],
) => Promise<Held | null>;

/** Stores events without a turn: a person's message to the user, and a user's arrival without a message. */
export function createUnansweredRepository(pool: Pool) {
  return {
    /**
     * Stores a message that a person of the business wrote to a user. Our own sends are already known. The bot may become
     * silent first, so that it cannot answer beside the person.
     */
    storeOperatorMessage<Held>(
      channel: ChannelRef,
      event: OperatorMessage,
      hold: Hold<Held>,
    ): Promise<(NonNullable<Unanswered> & { held: Held | null }) | null> {
      return inTransaction(pool, async (client) => {
        const messageId = newId();
        if (await isOurs(client, channel.id, event.externalId)) return null;
        if (!(await claimEvent(client, channel.id, event.eventKeys, messageId))) return null;
        const userId = await ensureUser(client, channel, event.conversation.userIdentifier);
        const sessionId = await resolveSession(client, channel, userId, event.conversation);
        const held = await hold(client, sessionId, event.author);
        await appendOperatorMessage(client, sessionId, messageId, event);
        return { sessionId, messageId, held };
      });
    },

    /**
     * Opens the conversation of a user who arrived, if it is not open. Rules for its begin greet the user. Nothing is
     * stored for a person without access.
     */
    storeArrival(channel: ChannelRef, event: Arrival): Promise<Unanswered> {
      return inTransaction(pool, async (client) => {
        if (!(await mayArrive(client, channel, event.conversation))) return null;
        const messageId = newId();
        if (!(await claimEvent(client, channel.id, event.eventKeys, messageId))) return null;
        const userId = await ensureUser(client, channel, event.conversation.userIdentifier);
        await client.query(
          `UPDATE users SET arrived_at = greatest(arrived_at, coalesce($2::timestamptz, now())), updated_at = now(),
             name = coalesce($3, name), profile = CASE WHEN $3::text IS NULL THEN profile ELSE $4::jsonb END,
             unreachable_since = NULL, unreachable_code = NULL, unreachable_reason = NULL
           WHERE id = $1`,
          [
            userId,
            event.sentAt ?? null,
            event.userName ? storableText(event.userName) : null,
            storableJson(event.profile ?? {}),
          ],
        );
        return { sessionId: await resolveSession(client, channel, userId, event.conversation), messageId };
      });
    },
  };
}

async function isOurs(client: PoolClient, channelId: string, externalId: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "SELECT 1 FROM deliveries WHERE channel_id = $1 AND external_ids <> '{}' AND external_ids[1] = $2 LIMIT 1",
    [channelId, externalId],
  );
  return rowCount === 1;
}

async function appendOperatorMessage(
  client: PoolClient,
  sessionId: string,
  messageId: string,
  { text, author: { identifier, name = "", via }, sentAt, attachments = [] }: OperatorMessage,
): Promise<void> {
  const stored = await appendMessage(client, sessionId, {
    id: messageId,
    origin: "operator",
    content: storableText(text),
    author: { identifier: storableText(identifier), name: nameLine(name) || null, via },
    sentAt,
  });
  await addFiles(
    client,
    stored,
    attachments.map((attachment) => ({ ...storableFile(attachment), id: newId() })),
  );
}
