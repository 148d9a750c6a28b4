import type { ChannelRef } from "../../core/session/runtime.ts";
import { shortened } from "../../core/text/text.ts";
import type { Span, TraceSource, Tracing } from "../../core/trace/span.ts";
import { spanIdOf } from "../../core/trace/trace-ids.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import type { ExecutionResult, ReplyRow } from "./turn-commit.ts";
import type { LoadedAgent } from "./turn-deps.ts";

/** Characters of one text in a span. */
const TEXT_LIMIT = 16_000;

/** Begins the span of a turn; null if tracing is off. */
export type BeginTurnSpan = (
  lane: Lane,
  agent: LoadedAgent,
  messages: readonly [PendingMessage, ...PendingMessage[]],
) => Span | null;

/**
 * Makes the spans of turns. A turn's span has one id for all its attempts. If another process takes a turn over, only
 * that process ends the span. The calls of both processes are below it.
 */
export function createTurnSpans(
  tracing: Tracing | null,
  channel: (channelId: string) => Pick<ChannelRef, "name" | "kind">,
): BeginTurnSpan {
  if (tracing === null) return () => null;
  return (lane, { definition, version }, messages) => {
    const main = messages.at(-1) ?? messages[0];
    const span = tracing.begin({
      name: "causeway.turn",
      kind: "internal",
      source: sourceOf(main),
      id: spanIdOf("turn", main.executionId ?? main.id),
      // An instruction arrives by no channel, so its turn is the first step.
      parent: main.origin === "instruction" ? null : arrivalOf(main),
      alsoAfter: messages
        .slice(0, -1)
        .map((message) => ({ source: sourceOf(message), id: arrivalOf(message) })),
      attributes: {
        "gen_ai.operation.name": "invoke_agent",
        "causeway.execution.id": main.executionId ?? undefined,
        "causeway.message.id": main.id,
        "causeway.channel": channel(lane.channelId).name,
      },
      shared: {
        "gen_ai.conversation.id": lane.sessionId,
        "gen_ai.agent.id": lane.agentId,
        "gen_ai.agent.name": definition.name ?? definition.slug,
        "causeway.agent.version": version,
        "session.id": lane.sessionId,
        "user.id": lane.user?.id,
      },
    });
    if (span.showsText)
      span.set({
        "gen_ai.input.messages": asMessages(
          "user",
          messages.map(({ content }) => content),
        ),
      });
    return span;
  };
}

/** Ends the span of a turn that is committed. */
export function endTurnSpan(
  span: Span | null,
  execution: ExecutionResult | undefined,
  replies: readonly Pick<ReplyRow, "role" | "content">[],
): void {
  if (span === null) return;
  if (execution) {
    span.set({
      "causeway.turn.status": execution.status,
      "causeway.turn.attempts": execution.attempts,
      "gen_ai.usage.input_tokens": execution.promptTokens ?? undefined,
      "gen_ai.usage.output_tokens": execution.completionTokens ?? undefined,
    });
    if (execution.status === "failed") failTurn(span, execution.errorCode ?? "failed", execution.error);
  }
  if (span.showsText)
    span.set({
      "gen_ai.output.messages": asMessages(
        "assistant",
        replies.flatMap(({ role, content }) => (role === "assistant" ? [content] : [])),
      ),
    });
  span.end();
}

/** A reason may quote what was said. */
function failTurn(span: Span, code: string, reason: string | null): void {
  span.fail(code, span.showsText && reason !== null ? reason : code);
}

function sourceOf({ id, traceparent }: PendingMessage): TraceSource {
  return { messageId: id, traceparent };
}

/** The id of the span in which a message was stored. */
function arrivalOf({ id }: PendingMessage): string {
  return spanIdOf("ingest", id);
}

/** Texts in the form of the GenAI conventions. */
function asMessages(role: "user" | "assistant", texts: readonly string[]): string {
  return JSON.stringify(
    texts.map((text) => ({ role, parts: [{ type: "text", content: shortened(text, TEXT_LIMIT) }] })),
  );
}
