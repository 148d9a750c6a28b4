import type { Pool, PoolClient } from "pg";
import type { JsonObject } from "../core/text/json.ts";
import { storableJson } from "../core/text/text.ts";
import type { Answer, Decider, RequestState } from "./decide-access.ts";
import { lockAccess } from "./grants-repository.ts";

/** SQL condition: a waiting request has expired. */
export const IS_OVER = "state = 'waiting' AND expires_at <= now()";
const EXPIRED = "state = 'expired', held = NULL, decided_at = now()";

/** A request to store, with the first event of its message. */
export interface NewRequest {
  id: string;
  workspaceId: string;
  channelId: string;
  identifier: string;
  name: string | null;
  place: number;
  code: string | null;
  text: string;
  messageId: string;
  eventKeys: readonly string[];
  albumKey: string | null;
  /** The reason why the invite in the message is not valid; null: the message is no invite. */
  invite: string | null;
  /** The message as it arrived. */
  held: unknown;
  lifetimeMs: number;
}

/** Makes room for a new request: settles the user's expired requests. */
export async function expireRequests(
  client: PoolClient,
  channelId: string,
  identifier: string,
): Promise<void> {
  await client.query(
    `UPDATE access_requests SET ${EXPIRED} WHERE channel_id = $1 AND identifier = $2 AND ${IS_OVER}`,
    [channelId, identifier],
  );
}

/** Stores a request. */
export async function openRequest(client: PoolClient, request: NewRequest): Promise<void> {
  await client.query(
    `INSERT INTO access_requests (id, workspace_id, channel_id, identifier, name, place, code, text, message_ids,
       event_keys, album_key, held, expires_at, invite)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, ARRAY[$9], $10, $11, jsonb_build_array($12::jsonb),
       now() + $13::bigint * interval '1 millisecond', $14)`,
    [
      request.id,
      request.workspaceId,
      request.channelId,
      request.identifier,
      request.name,
      request.place,
      request.code,
      request.text,
      request.messageId,
      request.eventKeys,
      request.albumKey,
      storableJson(request.held),
      request.lifetimeMs,
      request.invite,
    ],
  );
}

/** Adds an event to a waiting request. */
export async function joinRequest(
  client: PoolClient,
  requestId: string,
  event: { messageId: string; eventKeys: readonly string[]; held: unknown },
): Promise<void> {
  await client.query(
    `UPDATE access_requests SET message_ids = message_ids || $2::text, event_keys = event_keys || $3::text[],
       held = held || jsonb_build_array($4::jsonb) WHERE id = $1 AND state = 'waiting'`,
    [requestId, event.messageId, event.eventKeys, storableJson(event.held)],
  );
}

/** The new words of a held message. `of`: the part of the message that names it. */
export interface HeldEdit {
  of: JsonObject;
  eventKeys: readonly string[];
  words: JsonObject;
  text: string;
}

/** SQL condition: a held message was edited later than this edit. */
const IS_NEWER = (message: string) =>
  `coalesce(${message} #>> '{metadata,edited_at}' > $5::jsonb #>> '{metadata,edited_at}', false)`;

/**
 * Changes the words of a held message. Operators see the new words, too. Returns the id of its request; null if no such
 * message waits. A repeated event changes nothing, nor does an older edit after a newer one.
 */
export async function editHeld(
  client: PoolClient,
  { channelId, identifier }: { channelId: string; identifier: string },
  edit: HeldEdit,
): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    `UPDATE access_requests r SET event_keys = CASE WHEN r.event_keys && $4::text[] THEN r.event_keys ELSE r.event_keys || $4::text[] END,
       text = CASE WHEN r.event_keys && $4::text[] OR NOT r.held -> 0 @> $3 OR ${IS_NEWER("r.held -> 0")} THEN r.text ELSE $6 END,
       held = CASE WHEN r.event_keys && $4::text[] THEN r.held ELSE (
         SELECT jsonb_agg(CASE WHEN h.message @> $3 AND h.message ->> 'origin' = 'user' AND NOT ${IS_NEWER("h.message")}
           THEN h.message || $5::jsonb ELSE h.message END ORDER BY h.n)
         FROM jsonb_array_elements(r.held) WITH ORDINALITY AS h(message, n)) END
     WHERE r.channel_id = $1 AND r.identifier = $2 AND r.state = 'waiting' AND r.expires_at > now()
       AND r.held @> jsonb_build_array($3::jsonb)
     RETURNING r.id`,
    [channelId, identifier, storableJson(edit.of), edit.eventKeys, storableJson(edit.words), edit.text],
  );
  return rows[0]?.id ?? null;
}

/** Counts a message that was not kept, if its sender waits already. */
export async function countUnkept(client: PoolClient, channelId: string, identifier: string): Promise<void> {
  await client.query(
    `UPDATE access_requests SET unkept = unkept + 1 WHERE id = (SELECT id FROM access_requests
       WHERE channel_id = $1 AND identifier = $2 ORDER BY state = 'waiting' DESC, requested_at DESC, id DESC LIMIT 1)`,
    [channelId, identifier],
  );
}

/** Settles every waiting request of a user. Returns the held messages, in the order of their arrival. */
export async function settleRequests<Held>(
  client: PoolClient,
  { channelId, identifier }: { channelId: string; identifier: string },
  answer: Answer,
  by: Decider,
): Promise<Held[]> {
  const { rows } = await client.query<{ held: Held[] }>(
    `WITH waiting AS MATERIALIZED (
       SELECT id, held, requested_at FROM access_requests
       WHERE channel_id = $1 AND identifier = $2 AND state = 'waiting' AND expires_at > now() FOR UPDATE),
     settled AS (
       UPDATE access_requests r SET state = $3, held = NULL, by_name = $4, by_via = $5, decided_at = now()
       FROM waiting w WHERE r.id = w.id)
     SELECT held FROM waiting ORDER BY requested_at, id`,
    [channelId, identifier, answer, by.name, by.via],
  );
  return rows.flatMap(({ held }) => held);
}

/** A request that an operator answers. The caller's transaction has locked it and its channel. */
export interface AnsweredRequest {
  id: string;
  workspaceId: string;
  channelId: string;
  identifier: string;
  name: string | null;
  state: RequestState;
}

/** Finds a request by its id or its code, and locks its channel. A code counts for its newest request. */
export async function lockRequest(
  client: PoolClient,
  workspaceId: string,
  named: { id: string } | { code: string },
): Promise<AnsweredRequest | null> {
  const [column, value] = "id" in named ? ["id", named.id] : ["code", named.code];
  const { rows: found } = await client.query<{ id: string; channel_id: string }>(
    `SELECT id, channel_id FROM access_requests WHERE workspace_id = $1 AND ${column} = $2
     ORDER BY requested_at DESC LIMIT 1`,
    [workspaceId, value],
  );
  const request = found[0];
  if (request === undefined) return null;
  await lockAccess(client, [request.channel_id]);
  const { rows } = await client.query<AnsweredRequest>(
    `SELECT id, workspace_id AS "workspaceId", channel_id AS "channelId", identifier, name,
       CASE WHEN state = 'waiting' AND expires_at <= now() THEN 'expired' ELSE state END AS state
     FROM access_requests WHERE id = $1`,
    [request.id],
  );
  return rows[0] ?? null;
}

/** Settles expired requests, and deletes old ones that no decision needs any more. */
export async function forgetRequests(pool: Pool): Promise<void> {
  await pool.query(`UPDATE access_requests SET ${EXPIRED} WHERE ${IS_OVER}`);
  await pool.query(
    `DELETE FROM access_requests WHERE state <> 'waiting'
       AND decided_at < now() - CASE state WHEN 'approved' THEN interval '30 days' ELSE interval '1 day' END`,
  );
}
