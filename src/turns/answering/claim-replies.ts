import { readButtons } from "../../core/message/button.ts";
import { storableJson, storableText } from "../../core/text/text.ts";
import type { ClaimedDelivery } from "../../delivery/claim-repository.ts";
import type { ReserveClaim } from "../../delivery/commit-claims.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import type { TurnCommit, TurnCommitted } from "./turn-commit.ts";

/**
 * Commits turns. If it can, a commit also claims the deliveries that it stores, and their sends begin at once. Otherwise
 * their job claims them.
 */
export function createClaimingCommits(
  finish: (commit: TurnCommit) => Promise<TurnCommitted>,
  reserve: ReserveClaim,
) {
  return async (commit: TurnCommit, lane: Lane): Promise<TurnCommitted> => {
    const parts = commit.replies.flatMap(({ deliveries }) => deliveries);
    // The content of a file is read with the claim of its job.
    const isPlain = parts.length > 0 && parts.every(({ attachmentId }) => attachmentId === undefined);
    const claim = isPlain
      ? reserve(
          lane.channelId,
          parts.map(({ id }) => id),
        )
      : null;
    if (claim === null) return await finish(commit);
    let claimedAt: string | undefined;
    try {
      const result = await finish({ ...commit, claims: true });
      if (result.kind === "committed") claimedAt = result.claimedAt;
      return result;
    } finally {
      if (claimedAt === undefined) claim.release();
      else claim.begin(claimedDeliveries(commit, lane.channelId, claimedAt));
    }
  };
}

/** The deliveries as a claim would read them. */
function claimedDeliveries(commit: TurnCommit, channelId: string, address: string): ClaimedDelivery[] {
  const createdAt = new Date();
  return commit.replies.flatMap((reply) =>
    reply.deliveries.map(
      (delivery, part): ClaimedDelivery => ({
        id: delivery.id,
        channelId,
        sessionId: commit.sessionId,
        messageId: reply.id,
        desk: null,
        address,
        part,
        content: storableText(delivery.content),
        format: null,
        preview: delivery.preview ?? null,
        buttons: delivery.buttons === null ? [] : readButtons(JSON.parse(storableJson(delivery.buttons))),
        file: null,
        attempts: 1,
        possibleDuplicate: false,
        createdAt,
        answers: commit.answers ?? null,
        earlier: null,
      }),
    ),
  );
}
