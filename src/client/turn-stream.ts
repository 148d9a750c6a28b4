import { fromWire } from "./case.ts";
import { CausewayError } from "./errors.ts";
import type { TurnEvent } from "./execution-types.ts";
import { readEvents, type ServerEvent } from "./sse.ts";
import { type Call, isWorthRetrying, pause, type RequestOptions, type Transport } from "./transport.ts";

const RECONNECT_TRIES = 5;
const RECONNECT_MS = 300;

/**
 * Yields the events of a turn until its last one. A broken connection is reopened at the same event, so that no event
 * is lost or repeated. Throws `stream_interrupted` if the end of the stream cannot be reached.
 *
 * @param start the call that opens the stream. It is safe to repeat (a GET, or a POST with one key).
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
  for (let attemptsWithoutEvent = 0; attemptsWithoutEvent <= RECONNECT_TRIES; attemptsWithoutEvent++) {
    if (attemptsWithoutEvent > 0) await pause(RECONNECT_MS * 2 ** (attemptsWithoutEvent - 1), options.signal);
    try {
      for await (const event of connection(transport, resumed(call, lastId), fixed)) {
        const known = turnEvent(event);
        if (event.id !== "") lastId = event.id;
        if (known === null) continue;
        attemptsWithoutEvent = 0;
        if (known.type === "execution" && known.executionId !== null) {
          // From now on, follow the turn with a GET, so that no message can be sent twice.
          call = { method: "GET", path: `/executions/${known.executionId}/stream` };
        }
        yield known;
        if (known.type === "done" || known.type === "error") return;
      }
    } catch (error) {
      // A stream that had started may continue when the server is back. Otherwise the caller gets the error at once.
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

/**
 * Yields the events of one connection. Ends without an error if the connection breaks. Throws if the server refuses the
 * call.
 */
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
        // The connection broke. Errors from the caller's code do not reach this point.
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

/** Null for an event of a newer server version, which this client does not know. */
function turnEvent({ event, data }: ServerEvent): TurnEvent | null {
  if (!NAMES.has(event)) return null;
  const fields = fromWire(JSON.parse(data));
  // An untyped boundary: the types describe the documented answers of the server.
  return { type: event, ...(fields as object) } as TurnEvent;
}
