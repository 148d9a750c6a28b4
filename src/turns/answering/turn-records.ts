import type { TurnCommit } from "./turn-commit.ts";

/* The parameters of the statement that ends turns: one record for each row that it writes. */

export function laneRecord(commit: TurnCommit, turn: number) {
  const spoken = commit.replies.findLast(({ origin }) => origin === "bot" || origin === "operator");
  return {
    turn,
    session_id: commit.sessionId,
    lease_token: commit.leaseToken,
    answered_seq: commit.answeredSeq,
    agent_version: commit.agentVersion ?? null,
    replies: commit.replies.length,
    // An apology withdraws nothing: earlier choices stay valid.
    speaks: spoken !== undefined,
    offer: spoken?.choices ?? null,
    claims: commit.claims ?? false,
  };
}

export function executionRecords(commit: TurnCommit, turn: number) {
  return commit.executions.map((execution) => ({
    turn,
    id: execution.id,
    status: execution.status,
    attempts: execution.attempts,
    error_code: execution.errorCode,
    error: execution.error,
    merged_into: execution.mergedInto,
    prompt_tokens: execution.promptTokens,
    completion_tokens: execution.completionTokens,
    total_tokens: execution.totalTokens,
    finish_reason: execution.finishReason,
    log: execution.log,
    started_at: execution.startedAt,
    preview_taken: execution.previewTaken ?? false,
  }));
}

export function replyRecords(commit: TurnCommit, turn: number) {
  return commit.replies.map((reply, idx) => ({
    turn,
    id: reply.id,
    idx,
    role: reply.role,
    origin: reply.origin,
    content: reply.content,
    buttons: reply.buttons,
    metadata: reply.metadata,
    execution_id: reply.executionId,
  }));
}

export function deliveryRecords(commit: TurnCommit, turn: number) {
  return commit.replies.flatMap((reply) =>
    reply.deliveries.map((delivery, part) => ({
      turn,
      id: delivery.id,
      message_id: reply.id,
      part,
      content: delivery.content,
      preview: delivery.preview ?? null,
      buttons: delivery.buttons,
      attachment_id: delivery.attachmentId ?? null,
      answers: commit.answers ?? null,
    })),
  );
}

export function fileRecords(commit: TurnCommit, turn: number) {
  return commit.replies.flatMap((reply) =>
    reply.files.map((file, place) => ({
      turn,
      id: file.id,
      message_id: reply.id,
      place,
      kind: file.kind,
      name: file.name,
      content_type: file.contentType,
      source_url: file.url,
    })),
  );
}
