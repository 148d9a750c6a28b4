import type { OutboundPart, SendResult } from "../../core/message/outbound.ts";
import { split, TEXT_LIMIT } from "./limits.ts";

/** Unfinished parts that are remembered. More of them at one time are never expected. */
const MOST_UNFINISHED = 1_000;

/**
 * Sends a part that is longer than a plain message in pieces, one after another. Such a part was meant for a rich message,
 * which the server refused. After a failure, a later attempt of this process goes on behind the pieces that are sent.
 */
export function createPieces() {
  const unfinished = new Map<string, string[]>();

  async function send(
    part: OutboundPart,
    sendPiece: (piece: OutboundPart) => Promise<SendResult>,
  ): Promise<SendResult> {
    const { text, format, deliveryId } = part;
    if (text.length <= TEXT_LIMIT) return sendPiece(part);
    const pieces = split(text, format);
    const sent = unfinished.get(deliveryId) ?? [];
    for (const [index, piece] of pieces.entries()) {
      if (index < sent.length) continue;
      const result = await sendPiece(
        pieceOf(part, piece, { isFirst: index === 0, isLast: index === pieces.length - 1 }),
      );
      if (result.kind !== "sent") {
        if (sent.length === 0) return result;
        remember(deliveryId, sent);
        return result.kind === "retry" ? begun(result, sent.length, pieces.length) : result;
      }
      sent.push(...result.externalIds.slice(0, 1));
    }
    unfinished.delete(deliveryId);
    return { kind: "sent", externalIds: sent };
  }

  function remember(deliveryId: string, sent: string[]): void {
    unfinished.set(deliveryId, sent);
    const oldest = unfinished.size > MOST_UNFINISHED ? unfinished.keys().next().value : undefined;
    if (oldest !== undefined) unfinished.delete(oldest);
  }

  return { send, hasBegun: ({ deliveryId }: OutboundPart) => unfinished.has(deliveryId) };
}

/** Another process does not know the pieces that are sent. It may repeat them, so the delivery must say so. */
function begun(
  { reason, code, afterMs }: Extract<SendResult, { kind: "retry" }>,
  sent: number,
  all: number,
): SendResult {
  return {
    kind: "unknown",
    reason: `${reason} (${sent} of ${all} pieces are sent)`,
    code,
    ...(afterMs === undefined ? {} : { afterMs }),
  };
}

/** The preview becomes the first piece, and the buttons stand below the last one. */
function pieceOf(
  { preview, buttons, ...part }: OutboundPart,
  text: string,
  { isFirst, isLast }: { isFirst: boolean; isLast: boolean },
): OutboundPart {
  return {
    ...part,
    text,
    ...(isFirst && preview !== undefined ? { preview } : {}),
    ...(isLast && buttons !== undefined ? { buttons } : {}),
  };
}
