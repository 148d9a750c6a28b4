import type { TurnEvent } from "../../../core/session/turn-log.ts";
import type { ServerSentEvent } from "../../streams/event-stream.ts";
import { toOpenHandoff } from "../handoffs/handoff-resource.ts";
import type { Conversation, Sent } from "./conversation.ts";

/** The events of a sent message. A message without a bot's turn has the same kinds of events. */
export async function* eventsOf(
  conversation: Conversation,
  sent: Sent,
  afterId: number,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent> {
  if (sent.kind === "turn") return yield* conversation.events(sent.executionId, afterId, signal);
  if (sent.kind === "handoff") return yield* answeredByPerson(sent).filter((event) => event.id > afterId);
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

/** A person answers at any later time, so the stream reports that and ends. */
function answeredByPerson({ userMessageId, handoff }: Extract<Sent, { kind: "handoff" }>): TurnEvent[] {
  return [
    { id: 1, type: "execution", data: { execution_id: null, user_message_id: userMessageId } },
    {
      id: 2,
      type: "done",
      data: {
        output: { content: "" },
        message_id: null,
        token_usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
        time: 0,
        handoff: handoff && toOpenHandoff(handoff),
      },
    },
  ];
}

export async function* asServerSent(events: AsyncIterable<TurnEvent>): AsyncGenerator<ServerSentEvent> {
  for await (const { id, type, data } of events) yield { id, event: type, data: JSON.stringify(data) };
}
