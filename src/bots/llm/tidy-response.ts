import { createParser } from "eventsource-parser";
import { parseJson } from "../../core/text/json.ts";
import { errorIn, isLoose, type TidyChat, tidyChat } from "./tidy-chat.ts";

/** Maximum wait for the token count after a complete answer, milliseconds. */
const AFTER_FINISH_MS = 2_000;
/** Maximum size of an answer without a stream, because it is read as a whole. In bytes. */
const MOST_BYTES = 20_000_000;

/**
 * Converts a server's answer to the form that the packages accept. After the finish reason, nothing can invalidate the
 * answer. A broken connection or an odd token count is ignored, and the wait for either is short.
 */
export async function tidyResponse(response: Response, wantsStream: boolean): Promise<Response> {
  const { status, headers, body } = response;
  const type = headers.get("content-type") ?? "";
  if (status !== 200 || body === null) return response;
  if (/^text\/event-stream\b/i.test(type)) return answerWith(response, tidyStream(body));
  if (!/\bjson\b/i.test(type)) return response;
  const text = await readText(body);
  const value = parseJson(text);
  if (!isLoose(value)) return answerWith(response, text);
  const tidy = errorIn(value) ?? tidyChat(value);
  if (!wantsStream) return answerWith(response, JSON.stringify(tidy), statusOf(tidy));
  // A server without streaming may answer a stream request with plain JSON.
  const events = "error" in tidy ? [event(tidy)] : [event(asChunk(tidy, false)), DONE];
  return answerWith(response, events.join(""), status, "text/event-stream");
}

/** Some gateways answer an error with a success status, and put the real status into the body. */
function statusOf(tidy: ReturnType<typeof errorIn> | TidyChat): number {
  if (tidy === null || !("error" in tidy)) return 200;
  const code = Number(tidy.error.code);
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : 502;
}

const DONE = "data: [DONE]\n\n";

function event(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** A complete choice replaces its pieces, unless those came before. */
function asChunk({ choices, usage }: TidyChat, hasText: boolean): TidyChat {
  return {
    choices: choices.map(({ message, ...choice }) => {
      const delta = choice.delta ?? (hasText ? undefined : message);
      return { ...choice, ...(delta && { delta }) };
    }),
    ...(usage && { usage }),
  };
}

function tidyStream(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  let ready = "";
  let finished = false;
  let giveUpAt = Number.POSITIVE_INFINITY;
  let over = false;
  let hasText = false;

  /** The text that the packages receive for one event. */
  function tidy(data: string): string {
    if (data === "[DONE]") {
      over = true;
      return DONE;
    }
    const value = parseJson(data);
    const error = isLoose(value) ? errorIn(value) : null;
    if (finished && (error !== null || !isLoose(value))) return "";
    if (error !== null) return event(error);
    // Data that cannot be parsed goes to the package, which reports the error.
    if (!isLoose(value)) return `data: ${data.replaceAll("\n", "")}\n\n`;
    const chunk = asChunk(tidyChat(value), hasText);
    hasText ||= chunk.choices.some(({ delta }) => typeof delta?.["content"] === "string");
    if (finished) for (const choice of chunk.choices) choice.finish_reason = null;
    if (!finished && chunk.choices.some(({ finish_reason: reason }) => reason !== null)) {
      finished = true;
      giveUpAt = performance.now() + AFTER_FINISH_MS;
    }
    return event(chunk);
  }
  const parser = createParser({
    onEvent({ data }) {
      if (!over && data !== "") ready += tidy(data);
    },
  });

  async function readNext(): Promise<void> {
    const next = await (finished ? withinTime(reader.read(), giveUpAt) : reader.read());
    if (next.done) over = true;
    // The last line may lack its line break.
    parser.feed(next.done ? `${decoder.decode()}\n\n` : decoder.decode(next.value, { stream: true }));
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          while (ready === "" && !over) await readNext();
        } catch (error) {
          if (!finished) throw error;
          over = true;
        }
        if (ready !== "") controller.enqueue(encoder.encode(ready));
        ready = "";
        if (!over) return;
        controller.close();
        await reader.cancel().catch(() => {});
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** The next chunk before the deadline, or the end of the stream. */
async function withinTime<T>(
  reading: Promise<T>,
  until: number,
): Promise<T | { done: true; value: undefined }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ done: true; value: undefined }>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, until - performance.now()), { done: true, value: undefined });
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}

function answerWith(
  { headers }: Response,
  body: string | ReadableStream<Uint8Array>,
  status = 200,
  type = headers.get("content-type") ?? "application/json",
): Response {
  const kept = new Headers(headers);
  // Length and encoding belong to the original body.
  for (const name of ["content-length", "content-encoding"]) kept.delete(name);
  kept.set("content-type", type);
  return new Response(body, { status, headers: kept });
}

async function readText(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString("utf8");
}
