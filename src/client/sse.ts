/** One event of a Server-Sent Events stream. */
export interface ServerEvent {
  /** The last id of this or an earlier event; empty if there was none. */
  id: string;
  event: string;
  data: string;
}

/**
 * Parses a stream according to the standard: any line ending, events split anywhere, comments, several `data` lines. An
 * incomplete event at the end of the stream is dropped.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const parser = createParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        yield* parser.end();
        return;
      }
      yield* parser.take(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Close the connection when the caller stops reading.
    await reader.cancel().catch(() => undefined);
  }
}

function createParser(): { take(text: string): ServerEvent[]; end(): ServerEvent[] } {
  let rest = "";
  let id = "";
  let event = "";
  let data: string[] = [];

  function dispatch(): ServerEvent[] {
    const complete = data.length > 0 ? [{ id, event: event || "message", data: data.join("\n") }] : [];
    event = "";
    data = [];
    return complete;
  }

  function line(text: string): ServerEvent[] {
    if (text === "") return dispatch();
    const colon = text.indexOf(":");
    if (colon === 0) return [];
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    return [];
  }

  function take(text: string): ServerEvent[] {
    rest += text;
    // A carriage return at the end may be the first half of a line ending. So it waits for the next text.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    return lines.flatMap(line);
  }

  return { take, end: () => (rest.endsWith("\r") ? take("\n") : []) };
}
