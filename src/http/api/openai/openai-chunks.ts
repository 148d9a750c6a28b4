import { readButtons, withOptions } from "../../../core/message/button.ts";
import type { TurnEvent } from "../../../core/session/turn-log.ts";
import type { ServerSentEvent } from "../../streams/event-stream.ts";

export const NO_TOKENS = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** The fields that every chunk of one completion repeats. */
interface ChunkHead {
  id: string;
  model: string;
  created: number;
}

/** The events of a turn as the chunks of a streamed completion. */
export async function* chunksOf(
  events: AsyncIterable<TurnEvent>,
  head: ChunkHead,
  withUsage: boolean,
): AsyncGenerator<ServerSentEvent> {
  const chunk = (body: object) => frame({ ...head, object: "chat.completion.chunk", ...body });
  const delta = (content: object, finish: string | null = null) =>
    chunk({ choices: [{ index: 0, delta: content, logprobs: null, finish_reason: finish }] });
  let said = "";
  yield delta({ role: "assistant", content: "" });
  for await (const event of events) {
    if (event.type === "content") {
      const text = String(event.data.content ?? "");
      said += text;
      yield delta({ content: text });
    }
    if (event.type === "error") {
      yield frame({ error: { ...event.data, type: "server_error", param: null } });
      return;
    }
    if (event.type === "done") {
      const rest = unsaid(outputOf(event), said);
      if (rest !== "") yield delta({ content: rest });
      yield delta({}, event.data.finish_reason === "length" ? "length" : "stop");
      if (withUsage) yield chunk({ choices: [], usage: event.data.token_usage ?? NO_TOKENS });
      yield { id: null, event: null, data: "[DONE]" };
      return;
    }
  }
}

/** The part of the whole answer that the deltas lack. After a failed attempt the new text comes only at the end. */
function unsaid(output: string, said: string): string {
  if (output.startsWith(said)) return output.slice(said.length);
  return `\n\n${output}`;
}

function outputOf(event: TurnEvent): string {
  const output = event.data.output;
  if (typeof output !== "object" || output === null || Array.isArray(output)) return "";
  return withOptions(String(output.content ?? ""), readButtons(output.buttons));
}

function frame(body: object): ServerSentEvent {
  return { id: null, event: null, data: JSON.stringify(body) };
}
