import { Agent, type Dispatcher } from "undici";

interface AnswerHead {
  status: number;
  retryAfter: string | null;
  /** Names in lower case. Several headers of one name are joined by a comma. */
  headers: Readonly<Record<string, string>>;
}

/** The outcome of a request. */
export type HttpOutcome =
  /** `body` is null if the answer broke off or is longer than we need. */
  | (AnswerHead & { kind: "answered"; body: string | null })
  /** Certain: no byte of the request was written. */
  | { kind: "not_sent"; code: string }
  /** The request may have reached the other side. */
  | { kind: "unanswered"; code: string };

/** The abort signal of any implementation. */
export interface Abortable {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: URL;
  headers: Record<string, string>;
  body: string | Buffer | null;
  timeoutMs: number;
  signal?: Abortable | undefined;
}

export interface HttpClient {
  /** Sends a request once and never throws. It follows no redirects, so credentials go only to `url`. */
  call(request: HttpRequest): Promise<HttpOutcome>;
  /** Closes every connection. Later requests are not sent. */
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Longer answers are cut. Neither a token nor an error needs more than 64 KiB. */
  maxBodyBytes?: number;
  connections?: number;
}

/**
 * HTTP over one pool of kept-alive connections. It knows if a request was written before it failed. This decides
 * between a retry and `unknown`.
 */
export function createHttpClient({
  maxBodyBytes = 64 * 1024,
  connections = 64,
}: HttpClientOptions = {}): HttpClient {
  const agent = new Agent({
    connections,
    keepAliveTimeout: 10_000,
    connect: { timeout: 10_000 },
    // Each request has its own deadline.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return { call: (request) => dispatch(agent, request, maxBodyBytes), close: () => agent.destroy() };
}

function dispatch(agent: Dispatcher, request: HttpRequest, maxBodyBytes: number): Promise<HttpOutcome> {
  const { method, url, headers, body, timeoutMs, signal } = request;
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | null = null;
    let head: AnswerHead | null = null;
    let settled = false;
    let length = 0;
    const chunks: Buffer[] = [];

    const settle = (outcome: HttpOutcome) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve(outcome);
    };
    /** A received status stays valid, even if the rest of the answer is lost. */
    const broken = (code: string): HttpOutcome => {
      if (head !== null) return { kind: "answered", ...head, body: null };
      return { kind: controller === null ? "not_sent" : "unanswered", code };
    };
    const giveUp = (code: string) => {
      settle(broken(code));
      controller?.abort(new Error(code));
    };
    const onAbort = () => giveUp("aborted");
    const timer = setTimeout(() => giveUp("timeout"), timeoutMs);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) return onAbort();

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        // undici calls this with a connection ready, just before it writes the first byte.
        if (settled) started.abort(new Error("aborted"));
        else controller = started;
      },
      onResponseStart(_, status, given) {
        const headers = headersOf(given);
        // A 1xx status is not yet the answer.
        if (status >= 200) head = { status, retryAfter: headers["retry-after"] ?? null, headers };
      },
      onResponseData(_, chunk) {
        length += chunk.length;
        if (length > maxBodyBytes) giveUp("too_long");
        else chunks.push(chunk);
      },
      onResponseEnd() {
        if (head === null) settle(broken("no_status"));
        else settle({ kind: "answered", ...head, body: Buffer.concat(chunks).toString("utf8") });
      },
      onResponseError(_, error) {
        settle(broken(codeOf(error)));
      },
    };
    try {
      const path = `${url.pathname}${url.search}`;
      agent.dispatch({ origin: url.origin, path, method, headers, body }, handler);
    } catch (error) {
      settle(broken(codeOf(error)));
    }
  });
}

function headersOf(given: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), [value].flat().join(", ")]],
    ),
  );
}

/** The system's error code (`ECONNREFUSED`), never the error's text, because the text may quote the request. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]{3,60}$/.test(code) ? code : "connection_failed";
}
