import type { PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { OperatorMessage } from "../core/message/channel-event.ts";
import type { ReplyLimits } from "../core/message/reply-parts.ts";
import type { HandoffSettings } from "../core/session/handoff-settings.ts";
import type { HandoffSession, Person } from "./handoff.ts";
import { readHandoff } from "./handoff-rows-repository.ts";
import { type Changed, changed, type Requested, requestHandoff } from "./request-repository.ts";
import { takeHandoff } from "./take-and-reply-repository.ts";

interface Context {
  sessionId: string;
  settings: HandoffSettings;
  limits: ReplyLimits;
}

/** The owner speaks for themselves, so the user is told nothing about a handoff. */
const SILENT = { requested: null, taken: null, released: null, back: null };
const REASON = "the owner answers from their own phone";

/**
 * Lets the owner hold a session from their own phone, in the transaction that stores their words. Each further word
 * extends the handoff. Null: the agent does not hand over to phones.
 */
export async function holdFromPhone(
  client: PoolClient,
  sessionId: string,
  { identifier, name }: OperatorMessage["author"],
  contextOf: (session: HandoffSession) => Promise<Context>,
): Promise<({ kind: "held" } & Changed) | null> {
  const session = await sessionOf(client, sessionId);
  const context = await contextOf(session);
  if (!context.settings.ownPhone) return null;
  const settings = { ...context.settings, texts: SILENT };
  const by: Person = { id: `phone:${identifier}`, name: name ?? identifier, via: "phone" };
  const requested = await requestHandoff(client, {
    ...context,
    settings,
    id: newId(),
    source: "phone",
    reason: REASON,
    // Somebody answers already, so nobody is asked at a desk.
    desk: null,
    deskPlace: null,
    note: null,
    messageId: null,
  });
  await takeHandoff(client, { ...context, settings, by, force: false });
  const { rows } = await client.query<{ id: string }>(
    `UPDATE handoffs h SET idle_at = now() + h.idle_ms * interval '1 millisecond' FROM sessions s
     WHERE s.id = $1 AND h.id = s.handoff_id RETURNING h.id`,
    [sessionId],
  );
  const [open] = rows;
  if (!open) return null;
  const moved = changed(
    await readHandoff(client, open.id),
    { id: sessionId, channelId: session.channelId },
    {},
  );
  return { kind: "held", ...moved, ...workOf(requested) };
}

/** The work that follows a request: turns to stop, and a reset that waits. */
function workOf(requested: Requested): Pick<Changed, "cancelled" | "waits"> | object {
  return requested.kind === "requested" ? { cancelled: requested.cancelled, waits: requested.waits } : {};
}

async function sessionOf(client: PoolClient, sessionId: string): Promise<HandoffSession> {
  const { rows } = await client.query<HandoffSession>(
    `SELECT id, channel_id AS "channelId", agent_id AS "agentId", agent_version AS "agentVersion"
     FROM sessions WHERE id = $1`,
    [sessionId],
  );
  const [row] = rows;
  if (!row) throw new Error(`the session ${sessionId} is gone`);
  return row;
}
