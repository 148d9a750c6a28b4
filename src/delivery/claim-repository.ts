import type { Pool } from "pg";
import { type Button, readButtons } from "../core/message/button.ts";
import type { Answered, OutboundFile } from "../core/message/outbound.ts";
import { CLAIM, CLAIM_ALONG, PARK_BEHIND, WAITING } from "./claim-statements.ts";
import type { DeskPart } from "./desk-delivery-repository.ts";
import type { ForDesk } from "./send-to-desk.ts";

/** A delivery this process has claimed and must send now. */
export interface ClaimedDelivery {
  id: string;
  channelId: string;
  /** Null: a text to a person without access, so there is no session. */
  sessionId: string | null;
  /** Null: a text that belongs to no message, such as a text at a desk or to a person without access. */
  messageId: string | null;
  /** The thread of a desk that gets it; null: the user gets it. */
  desk: ForDesk | null;
  address: string;
  part: number;
  content: string;
  /** `text`: sent as written. Null: Markdown. */
  format: "text" | null;
  /** Reference of the preview that the platform already shows for it. */
  preview: string | null;
  /** Buttons below it; empty for most deliveries. */
  buttons: Button[];
  /** The file of this delivery. Then `content` is the text that replaces it. */
  file: DeliveredFile | null;
  attempts: number;
  /** An earlier send of it may have arrived. */
  possibleDuplicate: boolean;
  createdAt: Date;
  /** The user's messages that it answers; null for unprompted messages. */
  answers: Answered | null;
  /** The code and the time of an earlier send that failed or that the platform could not deliver; null: none. */
  earlier: { code: string; at: Date } | null;
}

interface ClaimedRow {
  id: string;
  channel_id: string;
  session_id: string | null;
  message_id: string | null;
  handoff_id: string | null;
  /** Null only without a handoff. */
  desk_part: DeskPart;
  address: string;
  part: number;
  content: string;
  format: "text" | null;
  preview: string | null;
  buttons: unknown;
  file: DeliveredFile | null;
  attempts: number;
  possible_duplicate: boolean;
  created_at: Date;
  /** A bigint, which Postgres sends as a text. */
  ordinal: string;
  answers: Answered | null;
  error_code: string | null;
  parked_since: Date | null;
}

/** A file of a delivery: at an address of its own, or else one that we keep. */
export type DeliveredFile = Omit<OutboundFile, "url" | "voice"> & {
  id: string;
  url: string | null;
  /** It is a reply that was spoken. */
  spoken: boolean;
};

/** The result of a claim: the deliveries to send now, in order, and those that have to wait. */
export interface Claim {
  claimed: ClaimedDelivery[];
  /** They are behind another delivery of their conversation, or their channel is paused. */
  waiting: { id: string; address: string; retryInMs: number }[];
}

/** Claims deliveries for sending, and gives claims back. */
export function createClaimRepository(pool: Pool, identity: { owner: string; sendLeaseMs: number }) {
  async function waiting(ids: string[], held: readonly string[]): Promise<Claim["waiting"]> {
    const { rows } = await pool.query<{
      id: string;
      address: string;
      wait_ms: number | null;
      parked: boolean;
    }>(WAITING, [ids, identity.owner, held]);
    const behindParked = rows.filter((row) => row.parked).map((row) => row.id);
    // They wait for the same user as the delivery before them, and no job needs to check them until then.
    if (behindParked.length > 0) await pool.query(PARK_BEHIND, [behindParked]);
    return rows
      .filter((row) => !row.parked)
      .map((row) => ({ id: row.id, address: row.address, retryInMs: row.wait_ms ?? 0 }));
  }

  return {
    /**
     * @param held ids that this process has claimed and not recorded.
     * @param along true to claim the deliveries behind too, because their jobs may have come too early.
     */
    async claim(ids: string[], held: readonly string[], along: boolean): Promise<Claim> {
      const { rows } = await pool.query<ClaimedRow>({
        name: along ? "claim_along" : "claim_deliveries",
        text: along ? CLAIM_ALONG : CLAIM,
        values: [JSON.stringify(ids), identity.owner, identity.sendLeaseMs, JSON.stringify(held)],
      });
      const claimed = rows
        .sort((a, b) => Number(BigInt(a.ordinal) - BigInt(b.ordinal)))
        .map(
          (row): ClaimedDelivery => ({
            id: row.id,
            channelId: row.channel_id,
            sessionId: row.session_id,
            messageId: row.message_id,
            desk: row.handoff_id === null ? null : { handoffId: row.handoff_id, part: row.desk_part },
            address: row.address,
            part: row.part,
            content: row.content,
            format: row.format,
            preview: row.preview,
            buttons: readButtons(row.buttons),
            file: row.file,
            attempts: row.attempts,
            possibleDuplicate: row.possible_duplicate,
            createdAt: row.created_at,
            answers: row.answers,
            earlier:
              row.error_code === null || row.parked_since === null
                ? null
                : { code: row.error_code, at: row.parked_since },
          }),
        );
      const taken = new Set(claimed.map((delivery) => delivery.id));
      const rest = ids.filter((id) => !taken.has(id));
      return { claimed, waiting: rest.length > 0 ? await waiting(rest, held) : [] };
    },

    /**
     * Returns deliveries whose claim by this owner got no answer. They were never sent. Call it only between two
     * claims, because a running claim has rows that this process does not know yet.
     */
    async releaseOthers(held: readonly string[]): Promise<{ id: string; channelId: string }[]> {
      const { rows } = await pool.query<{ id: string; channel_id: string }>({
        name: "take_back_deliveries",
        text: `UPDATE deliveries SET status = 'queued', attempts = attempts - 1, claimed_by = NULL, claimed_until = NULL,
            updated_at = now()
          WHERE status = 'sending' AND claimed_by = $1 AND id <> ALL($2) RETURNING id, channel_id`,
        values: [identity.owner, held],
      });
      return rows.map((row) => ({ id: row.id, channelId: row.channel_id }));
    },
  };
}
