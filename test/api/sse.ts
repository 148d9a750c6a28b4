/** One event as received. */
export interface SeenEvent {
  id: number;
  event: string;
  data: Record<string, unknown>;
}

/** Reads a stream of events to its end, or until `enough` returns true. Then it closes the connection. */
export async function readStream(
  response: Response,
  enough: (event: SeenEvent) => boolean = () => false,
): Promise<SeenEvent[]> {
  const seen: SeenEvent[] = [];
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  if (!reader) throw new Error("the response has no body");
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return seen;
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      if (block.startsWith(":")) continue;
      const event = parse(block);
      seen.push(event);
      if (enough(event)) {
        await reader.cancel();
        return seen;
      }
    }
  }
}

/** Strict on purpose: every event of ours has these three lines in this order. */
function parse(block: string): SeenEvent {
  const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block) ?? [];
  if (data === undefined) throw new Error(`not an event: ${block}`);
  return { id: Number(id), event: event ?? "", data: JSON.parse(data) };
}

/** The text of all deltas of a stream. */
export function textOf(events: readonly SeenEvent[]): string {
  return events.flatMap(({ event, data }) => (event === "content" ? [String(data.content)] : [])).join("");
}
