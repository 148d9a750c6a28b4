import { fromWire, toWire } from "./case.ts";
import { CausewayError, errorOf } from "./errors.ts";

export interface CausewayOptions {
  /** Leave it out in a browser, because keys must not be there. Your own server adds the key. */
  apiKey?: string;
  /** Address of Causeway, such as `https://chat.example.org`. The client adds `/api/v1`. */
  baseUrl: string;
  /** Time limit until the answer begins, per attempt, in milliseconds. Default: five minutes, for bots that think. */
  timeoutMs?: number;
  /** Retries after the first attempt. Default 2. */
  maxRetries?: number;
  /** The workspace that an operator key selects if there are several. */
  workspace?: string;
  /** Replaces the platform's `fetch`. */
  fetch?: typeof fetch;
}

export interface RequestOptions {
  signal?: AbortSignal;
  /** Default: a new key per call, which all its retries use. */
  idempotencyKey?: string;
  timeoutMs?: number;
  maxRetries?: number;
}

export interface Call {
  method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  path: string;
  query?: Readonly<Record<string, unknown>>;
  body?: unknown;
  /** Sent instead of a JSON body. Its type is the content type. */
  file?: Blob;
  /** The whole body is the caller's own JSON, so no name in it is changed. */
  verbatim?: boolean;
  headers?: Readonly<Record<string, string>>;
}

export interface Transport {
  /** Returns the JSON of the answer in camelCase; undefined if there is none. */
  request<T>(call: Call, options?: RequestOptions): Promise<T>;
  /** Returns the response when it begins and is not an error. Retries like `request`. */
  open(call: Call, options?: RequestOptions): Promise<Response>;
}

const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const TIMEOUT_MS = 5 * 60_000;

/** Transport of the client: keys, JSON, timeouts, and retries with one Idempotency-Key. */
export function createTransport(settings: CausewayOptions): Transport {
  const base = `${settings.baseUrl.replace(/\/+$/, "")}/api/v1`;
  const send = settings.fetch ?? fetch;

  async function open(call: Call, options: RequestOptions = {}): Promise<Response> {
    const retries = options.maxRetries ?? settings.maxRetries ?? 2;
    const headers = headersOf(call, options);
    for (let attempt = 0; ; attempt++) {
      const outcome = await attemptOnce(call, headers, options);
      if (outcome instanceof Response) return outcome;
      options.signal?.throwIfAborted();
      if (attempt >= retries || !isWorthRetrying(outcome.error)) throw outcome.error;
      await pause(outcome.waitMs ?? backoff(attempt), options.signal);
    }
  }

  async function attemptOnce(
    call: Call,
    headers: Record<string, string>,
    options: RequestOptions,
  ): Promise<Response | { error: CausewayError; waitMs: number | null }> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), options.timeoutMs ?? settings.timeoutMs ?? TIMEOUT_MS);
    // The time limit ends when the answer begins. A stream has no limit.
    const signal = options.signal ? AbortSignal.any([options.signal, timeout.signal]) : timeout.signal;
    try {
      const response = await send(urlOf(base, call), {
        method: call.method,
        headers,
        signal,
        ...bodyOf(call),
      });
      if (response.ok) return response;
      return { error: await errorOf(response), waitMs: retryAfter(response) };
    } catch (cause) {
      options.signal?.throwIfAborted();
      const [code, message] = timeout.signal.aborted
        ? ["timeout", "No answer came in time."]
        : ["connection_failed", "The server could not be reached."];
      return { error: new CausewayError(message, { status: 0, code, cause }), waitMs: null };
    } finally {
      clearTimeout(timer);
    }
  }

  function headersOf(call: Call, options: RequestOptions): Record<string, string> {
    return {
      ...(settings.apiKey === undefined ? {} : { Authorization: `Bearer ${settings.apiKey}` }),
      Accept: "application/json",
      ...(settings.workspace === undefined ? {} : { "X-Workspace": settings.workspace }),
      ...contentTypeOf(call),
      ...(call.method === "POST" ? { "Idempotency-Key": options.idempotencyKey ?? crypto.randomUUID() } : {}),
      ...call.headers,
    };
  }

  return {
    open,
    async request<T>(call: Call, options?: RequestOptions): Promise<T> {
      const response = await open(call, options);
      const text = await response.text();
      // An untyped boundary: the types describe the documented answers of the server.
      return (text === "" ? undefined : fromWire(JSON.parse(text))) as T;
    },
  };
}

function urlOf(base: string, { path, query = {} }: Call): string {
  const parameters = new URLSearchParams();
  const wire = toWire(query) as Record<string, unknown>;
  for (const [name, value] of Object.entries(wire)) {
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) parameters.set(name, value.join(","));
    else parameters.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  const text = parameters.toString();
  return `${base}${path}${text === "" ? "" : `?${text}`}`;
}

function bodyOf({ file, body, verbatim }: Call): { body?: Blob | string } {
  if (file) return { body: file };
  return body === undefined ? {} : { body: JSON.stringify(verbatim ? body : toWire(body)) };
}

function contentTypeOf({ file, body }: Call): Record<string, string> {
  if (file) return { "Content-Type": file.type || "application/octet-stream" };
  return body === undefined ? {} : { "Content-Type": "application/json" };
}

/** These errors are final answers: the bot failed, or it was not called. A retry would get the same one. */
const FINAL_ERRORS = new Set(["bot_failed", "budget_exceeded"]);

/** True if a retry may succeed. */
export function isWorthRetrying(error: CausewayError): boolean {
  return error.status === 0 || (RETRIED.has(error.status) && !FINAL_ERRORS.has(error.code));
}

/** Converts `Retry-After` to milliseconds, from seconds or a date. */
function retryAfter(response: Response): number | null {
  const header = response.headers.get("retry-after");
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

function backoff(attempt: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.75 + Math.random() / 2);
}

/** Rejects with the signal's reason when it aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const aborted = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }, ms);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
