import { traceHeaders } from "../../core/trace/current-span.ts";

/** Maximum size of one answer, bytes. A larger one would fill the memory, and a model reads far less. */
const MOST_BYTES = 20_000_000;

/** An answer was not read to its end. The connection still serves the calls of others. */
export class AnswerTooLong extends Error {
  override readonly name = "AnswerTooLong";
}

/** Sends a request to an MCP server. A connection serves many turns, so each request names its own trace. */
export const mcpFetch: typeof fetch = async (input, init) => {
  const { traceparent } = traceHeaders();
  const headers = new Headers(init?.headers);
  if (traceparent !== undefined) headers.set("traceparent", traceparent);
  const response = await fetch(input, { ...init, headers });
  // The stream of a server's notices goes on as long as the connection.
  if (init?.method !== "POST" || response.body === null) return response;
  return new Response(response.body.pipeThrough(limited()), response);
};

function limited(): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > MOST_BYTES) throw new AnswerTooLong(`the answer is longer than ${MOST_BYTES} bytes`);
      controller.enqueue(chunk);
    },
  });
}
