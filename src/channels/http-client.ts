import { Agent, type Dispatcher } from "undici";

/** What came of a request. */
export type HttpOutcome =
  /** `body` is null where the answer broke off, or is longer than anything we have a use for. */
  | { kind: "answered"; status: number; retryAfter: string | null; body: string | null }
  /** Certain: nothing of it was written. */
  | { kind: "not_sent"; code: string }
  /** It may have reached the other side. */
  | { kind: "unanswered"; code: string };

/** An abort signal of whichever implementation the caller brought. */
export interface Abortable {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface HttpRequest {
  method: "GET" | "POST";
  url: URL;
  headers: Record<string, string>;
  body: string | null;
  timeoutMs: number;
  signal?: Abortable | undefined;
}

export interface HttpClient {
  /** Asks once and never throws; redirects are not followed, so credentials go nowhere but to `url`. */
  call(request: HttpRequest): Promise<HttpOutcome>;
  /** Cuts every connection; later requests are not sent. */
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Longer answers are cut. Neither a token nor an error needs more than 64 KiB. */
  maxBodyBytes?: number;
  connections?: number;
}

/**
 * HTTP over one pool of kept-alive connections that knows whether a request was written before it failed, which decides
 * between trying again and `unknown`.
 */
export function createHttpClient({
  maxBodyBytes = 64 * 1024,
  connections = 64,
}: HttpClientOptions = {}): HttpClient {
  const agent = new Agent({
    connections,
    keepAliveTimeout: 10_000,
    connect: { timeout: 10_000 },
    // Each request has one deadline of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return { call: (request) => dispatch(agent, request, maxBodyBytes), close: () => agent.destroy() };
}

function dispatch(agent: Dispatcher, request: HttpRequest, maxBodyBytes: number): Promise<HttpOutcome> {
  const { method, url, headers, body, timeoutMs, signal } = request;
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | null = null;
    let head: { status: number; retryAfter: string | null } | null = null;
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
    /** A status that arrived stays true, whatever happens to the rest of the answer. */
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
        // Called with a connection at hand, just before the first byte is written.
        if (settled) started.abort(new Error("aborted"));
        else controller = started;
      },
      onResponseStart(_, status, given) {
        const retryAfter = given["retry-after"];
        // 1xx announce an answer, they are none.
        if (status >= 200) head = { status, retryAfter: typeof retryAfter === "string" ? retryAfter : null };
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

/** The system's word for it (`ECONNREFUSED`); never the error's own words, which may quote the request. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]{3,60}$/.test(code) ? code : "connection_failed";
}
