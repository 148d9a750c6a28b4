import { EventSourceParserStream } from "eventsource-parser/stream";

export interface ServerSent {
  id: number | null;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape
  data: any;
}

/** The events of a stream, until it ends or the reader leaves the loop. */
export async function* serverSent(response: Response): AsyncGenerator<ServerSent> {
  if (response.status !== 200 || !response.body) {
    throw new Error(`no stream: ${response.status} ${await response.text()}`);
  }
  const texts = response.body.pipeThrough(new TextDecoderStream());
  for await (const { id, event, data } of texts.pipeThrough(new EventSourceParserStream())) {
    yield { id: id === undefined ? null : Number(id), event: event ?? "message", data: JSON.parse(data) };
  }
}

/** The text of a stream's `content` events, joined. */
export function contentOf(events: readonly ServerSent[]): string {
  return events.flatMap(({ event, data }) => (event === "content" ? [data.content] : [])).join("");
}
