import { Agent, type Dispatcher } from "undici";

/** A call that got no answer. Without the cause: that of an HTTP client may show the request, and with it the token. */
export class TransportError extends Error {
  /** Whether the request may have reached the other side. False is certain: nothing of it was written. */
  readonly sent: boolean;
  /** What went wrong, in the words of the system (`ECONNREFUSED`), or `aborted`. */
  readonly code: string;

  constructor(sent: boolean, code: string) {
    super(`no answer from the REST API (${code})`);
    this.name = "TransportError";
    this.sent = sent;
    this.code = code;
  }
}

export interface Call {
  method: "GET" | "POST";
  url: URL;
  headers: Record<string, string>;
  body: string | null;
}

export interface Answer {
  status: number;
  /** As `Retry-After` has it; null without one. */
  retryAfterMs: number | null;
  body: string;
}

export interface Transport {
  /** Rejects only with `TransportError`. */
  call(call: Call, signal: AbortSignal): Promise<Answer>;
  /** Cuts every connection; later calls fail as not sent. */
  close(): Promise<void>;
}

/** HTTP over kept-alive connections that knows whether a request was written before it failed. Never tries twice. */
export function createTransport(): Transport {
  const agent = new Agent({
    connections: 64,
    keepAliveTimeout: 10_000,
    connect: { timeout: 10_000 },
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  });
  return {
    call: (call, signal) => dispatch(agent, call, signal),
    close: () => agent.destroy(),
  };
}

function dispatch(agent: Dispatcher, call: Call, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let answer: Omit<Answer, "body"> = { status: 0, retryAfterMs: null };
    const chunks: Buffer[] = [];
    const fail = (code: string) => {
      signal.removeEventListener("abort", onAbort);
      reject(new TransportError(controller !== null, code));
    };
    const onAbort = () => {
      fail("aborted");
      controller?.abort(new TransportError(true, "aborted"));
    };
    if (signal.aborted) return fail("aborted");
    signal.addEventListener("abort", onAbort);
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        // Called with a connection at hand, just before the first byte is written.
        if (signal.aborted) started.abort(new TransportError(false, "aborted"));
        else controller = started;
      },
      onResponseStart(_, status, headers) {
        answer = { status, retryAfterMs: readRetryAfter(headers["retry-after"]) };
      },
      onResponseData(_, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        signal.removeEventListener("abort", onAbort);
        resolve({ ...answer, body: Buffer.concat(chunks).toString("utf8") });
      },
      onResponseError(_, error) {
        fail(codeOf(error));
      },
    };
    const { url, method, headers, body } = call;
    try {
      agent.dispatch({ origin: url.origin, path: url.pathname + url.search, method, headers, body }, handler);
    } catch (error) {
      fail(codeOf(error));
    }
  });
}

/** Seconds; a date is not something Twilio sends. */
function readRetryAfter(value: string | string[] | undefined): number | null {
  return typeof value === "string" && /^\d{1,6}(\.\d+)?$/.test(value)
    ? Math.ceil(Number(value) * 1000)
    : null;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]{3,40}$/.test(code) ? code : "connection_failed";
}
