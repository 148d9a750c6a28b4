import type { TurnEvent } from "../../core/turn-log.ts";
import type { ServerSentEvent } from "../event-stream.ts";
import type { Conversation, Sent } from "./conversation.ts";

/** The events of what became of a message; a reset, which no bot carries out, is told in the same words. */
export async function* eventsOf(
  conversation: Conversation,
  sent: Sent,
  afterId: number,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent> {
  if (sent.kind === "turn") return yield* conversation.events(sent.executionId, afterId, signal);
  const content = sent.notice?.content ?? "";
  const events: TurnEvent[] = [
    { id: 1, type: "execution", data: { execution_id: null, user_message_id: null } },
    { id: 2, type: "content", data: { content } },
    {
      id: 3,
      type: "done",
      data: {
        output: { content },
        message_id: sent.notice?.id ?? null,
        token_usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
        time: 0,
      },
    },
  ];
  yield* events.filter((event) => event.id > afterId);
}

export async function* asServerSent(events: AsyncIterable<TurnEvent>): AsyncGenerator<ServerSentEvent> {
  for await (const { id, type, data } of events) yield { id, event: type, data: JSON.stringify(data) };
}
