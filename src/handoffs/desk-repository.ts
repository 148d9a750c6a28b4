import type { Pool, PoolClient } from "pg";
import { newId } from "../core/ids.ts";
import type { DeskMessage, DeskPress } from "../core/message/desk-event.ts";
import type { ReplyLimits } from "../core/message/reply-parts.ts";
import type { HandoffSettings } from "../core/session/handoff-settings.ts";
import { claimEvent } from "../sessions/event-keys-repository.ts";
import { inTransaction } from "../storage/transaction.ts";
import { type DeskWords, readDeskWords } from "./desk-words.ts";
import type { HandoffSession, Person } from "./handoff.ts";
import { lockSession } from "./handoff-rows-repository.ts";
import { releaseHandoff } from "./release-repository.ts";
import type { Changed } from "./request-repository.ts";
import { type Refused, replyInHandoff, takeHandoff } from "./take-and-reply-repository.ts";

/** A handoff that a thread belongs to. */
interface Thread {
  handoffId: string;
  session: HandoffSession;
}

interface Context {
  sessionId: string;
  settings: HandoffSettings;
  limits: ReplyLimits;
}

/** The result of a member's words or press. `nothing`: it stays at the desk. */
type Acted = ({ kind: "taken" | "replied" | "released" } & Changed) | Refused | { kind: "nothing" };

export type DeskOutcome =
  | { kind: "acted"; sessionId: string; outcome: Acted }
  /** Stored before. */
  | { kind: "repeated" }
  /** The thread belongs to no handoff. */
  | { kind: "elsewhere" }
  /** A card is being posted, and its thread is not known yet. */
  | { kind: "not_yet" };

const OVER = "This handoff is over, so nothing was sent to the user.";
const EMPTY = "Nothing was sent to the user: this message has neither text nor a file.";

/** Carries out what members write and press in threads. */
export function createDeskRepository(pool: Pool, contextOf: (session: HandoffSession) => Promise<Context>) {
  async function handle(
    channel: { id: string; kind: string },
    event: DeskMessage | DeskPress,
  ): Promise<DeskOutcome> {
    const thread = await findThread(pool, channel.id, event);
    if (thread === null) return { kind: (await isPosting(pool, channel.id)) ? "not_yet" : "elsewhere" };
    const context = await contextOf(thread.session);
    const { identifier, name = null } = event.member;
    const by = { id: `${channel.kind}:${identifier}`, name: name ?? identifier, via: channel.kind };
    return inTransaction(pool, async (client) => {
      const messageId = newId();
      // The session's lock comes first, as in every other commit about a handoff.
      const session = await lockSession(client, thread.session.id);
      if (!(await claimEvent(client, channel.id, event.eventKeys, messageId))) return { kind: "repeated" };
      const isOpen = session?.handoff?.id === thread.handoffId;
      const outcome = await act(client, { channelId: channel.id, event, messageId, by, context, isOpen });
      const answer = answerTo(outcome, event, by);
      if (answer !== null) await deskSay(client, thread.handoffId, answer);
      return { kind: "acted", sessionId: thread.session.id, outcome };
    });
  }

  return { handle };
}

interface Doing {
  channelId: string;
  event: DeskMessage | DeskPress;
  messageId: string;
  by: Person;
  context: Context;
  /** True if the thread's own handoff is open. */
  isOpen: boolean;
}

async function act(client: PoolClient, doing: Doing): Promise<Acted> {
  const { channelId, event, messageId, by, context, isOpen } = doing;
  const words = wordsOf(event);
  if (words.kind === "inside") return { kind: "nothing" };
  if (!isOpen) return { kind: "no_handoff" };
  if (words.kind === "take") return takeHandoff(client, { ...context, by, force: false });
  if (words.kind === "release") {
    return releaseHandoff(client, { ...context, by, resume: words.resume, prompt: null, text: null });
  }
  const files = event.type === "desk_message" ? (event.attachments ?? []) : [];
  if (words.text === "" && files.length === 0) return { kind: "nothing" };
  const reply = { messageId, content: words.text, buttons: [], uploads: [], deskFiles: { channelId, files } };
  return replyInHandoff(client, { ...context, by, reply });
}

function wordsOf(event: DeskMessage | DeskPress): DeskWords {
  if (event.type === "desk_message") return readDeskWords(event.text);
  return event.act === "take" ? { kind: "take" } : { kind: "release", resume: "next" };
}

/** The words for the thread; null if the outcome needs none, because the handoff's own change tells it. */
function answerTo(outcome: Acted, event: DeskMessage | DeskPress, by: Person): string | null {
  const words = wordsOf(event);
  switch (outcome.kind) {
    case "no_handoff":
    case "session_gone":
      return OVER;
    case "nothing":
      return words.kind === "reply" ? EMPTY : null;
    case "held":
      return heldWords(words, `${outcome.holder.name} (${outcome.holder.via})`, by);
    default:
      return null;
  }
}

function heldWords({ kind }: DeskWords, holder: string, { name }: Person): string {
  if (kind === "take") return `${name}: ${holder} answers this conversation already.`;
  if (kind === "release")
    return `${name}: ${holder} answers this conversation, and only they can hand it back.`;
  return `${name}: ${holder} answers this conversation, so your words were not sent to the user.`;
}

async function findThread(
  pool: Pool,
  channelId: string,
  event: DeskMessage | DeskPress,
): Promise<Thread | null> {
  const card = event.type === "desk_press" ? event.card : null;
  const { rows } = await pool.query<HandoffSession & { handoff_id: string }>(
    `SELECT h.id AS handoff_id, s.id, s.channel_id AS "channelId", s.agent_id AS "agentId",
       s.agent_version AS "agentVersion"
     FROM handoffs h JOIN sessions s ON s.id = h.session_id
     WHERE h.desk_channel_id = $1 AND (h.desk_thread = $2 OR h.desk_card = $3) ORDER BY h.desk_thread = $2 DESC LIMIT 1`,
    [channelId, event.thread, card],
  );
  const row = rows[0];
  if (!row) return null;
  const { handoff_id: handoffId, ...session } = row;
  return { handoffId, session };
}

/** True while the platform may show a card that the database does not know yet. */
async function isPosting(pool: Pool, channelId: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT 1 FROM deliveries d JOIN handoffs h ON h.id = d.handoff_id
     WHERE d.channel_id = $1 AND d.desk_part = 'card' AND d.status IN ('sending', 'unknown')
       AND d.address = 'desk:' || h.id AND h.desk_thread IS NULL
       AND (d.status = 'sending' OR d.next_attempt_at IS NOT NULL) LIMIT 1`,
    [channelId],
  );
  return rowCount === 1;
}

/** Plans words in the thread of a handoff. */
export async function deskSay(client: PoolClient, handoffId: string, words: string): Promise<void> {
  await client.query("SELECT desk_say(h, NULL, $2) FROM handoffs h WHERE h.id = $1", [handoffId, words]);
}
