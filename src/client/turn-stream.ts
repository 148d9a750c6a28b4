import { fromWire } from "./case.ts";
import { CausewayError } from "./errors.ts";
import type { TurnEvent } from "./execution-types.ts";
import { readEvents, type ServerEvent } from "./sse.ts";
import { type Call, isWorthRetrying, pause, type RequestOptions, type Transport } from "./transport.ts";

const RECONNECT_TRIES = 5;
const RECONNECT_MS = 300;

/**
 * The events of a turn, to the one that ends it. A connection that breaks is opened again where it broke, so that
 * nothing is lost or comes twice; a stream that cannot be had to its end throws `stream_interrupted`.
 *
 * @param start the call that opens the stream; its repetition is harmless (a GET, or a POST under one key).
 */
export async function* turnEvents(
  transport: Transport,
  start: Call,
  options: RequestOptions = {},
): AsyncGenerator<TurnEvent> {
  const fixed = { ...options, idempotencyKey: options.idempotencyKey ?? crypto.randomUUID() };
  let call = start;
  let lastId = "";
  let cause: unknown;
  for (let fruitless = 0; fruitless <= RECONNECT_TRIES; fruitless++) {
    if (fruitless > 0) await pause(RECONNECT_MS * 2 ** (fruitless - 1), options.signal);
    try {
      for await (const event of connection(transport, resumed(call, lastId), fixed)) {
        const known = turnEvent(event);
        if (event.id !== "") lastId = event.id;
        if (known === null) continue;
        fruitless = 0;
        if (known.type === "execution" && known.executionId !== null) {
          // From here on the turn is followed, and nothing can be sent twice.
          call = { method: "GET", path: `/executions/${known.executionId}/stream` };
        }
        yield known;
        if (known.type === "done" || known.type === "error") return;
      }
    } catch (error) {
      // What began may go on when the server is back; what never began is the caller's to know at once.
      if (lastId === "" || !(error instanceof CausewayError) || !isWorthRetrying(error)) throw error;
      cause = error;
    }
  }
  throw new CausewayError("The stream ended before the answer did.", {
    status: 0,
    code: "stream_interrupted",
    details: { last_event_id: lastId },
    cause,
  });
}

function resumed(call: Call, lastId: string): Call {
  const headers = { Accept: "text/event-stream", ...(lastId === "" ? {} : { "Last-Event-ID": lastId }) };
  return { ...call, headers };
}

/** One connection's events. Ends without a word when the connection breaks; throws what the server refuses. */
async function* connection(
  transport: Transport,
  call: Call,
  options: RequestOptions,
): AsyncGenerator<ServerEvent> {
  const response = await transport.open(call, options);
  if (!response.body) return;
  const events = readEvents(response.body);
  try {
    for (;;) {
      const next = await events.next().catch((error: unknown) => {
        options.signal?.throwIfAborted();
        // A broken connection; anything the caller's own code throws does not come this way.
        void error;
        return null;
      });
      if (next === null || next.done) return;
      yield next.value;
    }
  } finally {
    await events.return(undefined).catch(() => undefined);
  }
}

const NAMES = new Set(["execution", "thinking", "tool_start", "tool_end", "content", "done", "error"]);

/** Null for an event of a later version of the server, which this client knows nothing about. */
function turnEvent({ event, data }: ServerEvent): TurnEvent | null {
  if (!NAMES.has(event)) return null;
  const fields = fromWire(JSON.parse(data));
  // The edge of the typed world: what the server documents is what the types say.
  return { type: event, ...(fields as object) } as TurnEvent;
}
