import type { PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { ButtonSpec } from "../core/message/button.ts";
import { nameLine } from "../core/message/name-line.ts";
import type { ReplyLimits } from "../core/message/reply-parts.ts";
import { type HandoffSettings, namingText } from "../core/session/handoff-settings.ts";
import type { Holder, Person } from "./handoff.ts";
import { holds, type LockedSession, lockSession, readHandoff } from "./handoff-rows-repository.ts";
import { type Changed, changed } from "./request-repository.ts";
import { type Said, say } from "./say-repository.ts";

/** The reason why a person may not act on a session's handoff. */
export type Refused =
  /** No handoff is open. */
  { kind: "no_handoff" } | { kind: "held"; holder: Holder } | { kind: "session_gone" };

export interface Act {
  sessionId: string;
  by: Person;
  settings: HandoffSettings;
  limits: ReplyLimits;
}

/** Makes a person the holder. The present holder changes nothing. Another holder is replaced only with `force`. */
export async function takeHandoff(
  client: PoolClient,
  act: Act & { force: boolean },
): Promise<({ kind: "taken" } & Changed) | Refused> {
  const session = await lockSession(client, act.sessionId);
  if (!session) return { kind: "session_gone" };
  const { handoff } = session;
  if (!handoff) return { kind: "no_handoff" };
  if (handoff.state === "taken") {
    if (holds(handoff, act.by)) return { kind: "taken", ...changed(handoff, session, {}) };
    if (!act.force) return { kind: "held", holder: holderOf(handoff) };
  }
  const deliveryIds = await hold(client, session, handoff.id, act);
  return { kind: "taken", ...changed(await readHandoff(client, handoff.id), session, { deliveryIds }) };
}

export interface PersonReply {
  messageId: string;
  content: string;
  buttons: readonly ButtonSpec[];
  uploads: readonly string[];
  deskFiles?: NonNullable<Said["deskFiles"]>;
}

/**
 * Stores a person's message to the user. The person becomes the holder if there is none. Several members of a desk may
 * answer, but nobody else may answer while a person answers elsewhere.
 */
export async function replyInHandoff(
  client: PoolClient,
  act: Act & { reply: PersonReply },
): Promise<({ kind: "replied" } & Changed) | Refused> {
  const session = await lockSession(client, act.sessionId);
  if (!session) return { kind: "session_gone" };
  const { handoff } = session;
  const { reply } = act;
  if (await isSaid(client, reply.messageId)) {
    const row = handoff ?? (await lastHandoff(client, session.id));
    if (row) return { kind: "replied", ...changed(row, session, {}) };
  }
  if (!handoff) return { kind: "no_handoff" };
  const isBeside = act.reply.deskFiles !== undefined && handoff.holder_via === act.by.via;
  if (handoff.state === "taken" && !isBeside && !holds(handoff, act.by)) {
    return { kind: "held", holder: holderOf(handoff) };
  }
  const announced =
    handoff.state === "requested" ? await hold(client, session, handoff.id, act) : ([] as string[]);
  const held = await readHandoff(client, handoff.id);
  const author = holds(held, act.by) ? holderOf(held) : { name: act.by.name ?? act.by.via, via: act.by.via };
  const said = { ...reply, origin: "operator", author } as const;
  const deliveryIds = [...announced, ...(await say(client, session, said, act.limits))];
  await client.query(
    "UPDATE handoffs SET idle_at = now() + idle_ms * interval '1 millisecond' WHERE id = $1",
    [handoff.id],
  );
  return { kind: "replied", ...changed(await readHandoff(client, handoff.id), session, { deliveryIds }) };
}

/** Makes a person the holder, and tells the user. A person without a name gets the name of the API key. */
async function hold(
  client: PoolClient,
  session: LockedSession,
  handoffId: string,
  { by, settings, limits }: Act,
): Promise<string[]> {
  const { rows } = await client.query<{ holder_name: string }>(
    `UPDATE handoffs SET state = 'taken', holder_id = $2, holder_via = $4, taken_at = now(),
       holder_name = coalesce($3, (SELECT name FROM api_keys WHERE id = $2), $4),
       idle_at = now() + idle_ms * interval '1 millisecond'
     WHERE id = $1 RETURNING holder_name`,
    [handoffId, by.id, by.name === null ? null : nameLine(by.name) || null, by.via],
  );
  const { taken } = settings.texts;
  if (taken === null) return [];
  const content = namingText(taken, rows[0]?.holder_name ?? by.via);
  return say(client, session, { messageId: newId(), origin: "notice", content, author: null }, limits);
}

export function holderOf({
  holder_name: name,
  holder_via: via,
}: {
  holder_name: string | null;
  holder_via: string | null;
}): Holder {
  return { name: name ?? "", via: via ?? "" };
}

/** True if the reply is stored already, because the request is repeated. */
async function isSaid(client: PoolClient, messageId: string): Promise<boolean> {
  return (await client.query("SELECT 1 FROM messages WHERE id = $1", [messageId])).rowCount === 1;
}

async function lastHandoff(client: PoolClient, sessionId: string) {
  const { rows } = await client.query<{ id: string }>(
    "SELECT id FROM handoffs WHERE session_id = $1 ORDER BY from_seq DESC, requested_at DESC LIMIT 1",
    [sessionId],
  );
  return rows[0] ? readHandoff(client, rows[0].id) : null;
}
