import type { ApiClientOptions } from "grammy";
import { Agent, type Dispatcher } from "undici";

/**
 * A call that got no Bot API answer. Carries no message or cause of the HTTP client: those name the URL, and the URL
 * of every Bot API call contains the token.
 */
export class TransportError extends Error {
  /** Whether the request may have reached the other side. False is certain: nothing of it was written. */
  readonly sent: boolean;
  /** What went wrong, in the words of the system (`ECONNREFUSED`), or `timeout`, `aborted`, `not_json`. */
  readonly code: string;
  /** The HTTP status, where something answered that is not the Bot API (a proxy, a gateway). */
  readonly status: number | null;

  constructor(sent: boolean, code: string, status: number | null = null) {
    super(
      status === null ? `no answer from the Bot API (${code})` : `HTTP ${status} without a Bot API answer`,
    );
    this.name = "TransportError";
    this.sent = sent;
    this.code = code;
    this.status = status;
  }
}

export interface Transport {
  /** A `fetch` for grammY, each call limited to `timeoutMs`. Rejects only with `TransportError`. */
  fetchWithin(timeoutMs: number): NonNullable<ApiClientOptions["fetch"]>;
  /** Cuts every connection; later calls fail as not sent. */
  close(): Promise<void>;
}

/** The abort signal of whichever implementation the caller brought. */
interface Abortable {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/**
 * HTTP for the Bot API over one pool of kept-alive connections: about twice the calls per second of `fetch`, and
 * it knows whether a request was written before it failed, which decides between trying again and `unknown`.
 */
export function createTransport(): Transport {
  const agent = new Agent({
    connections: 128,
    keepAliveTimeout: 10_000,
    connect: { timeout: 10_000 },
    // Each call has one deadline of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  return {
    fetchWithin(timeoutMs) {
      const call = async (url: string, init: { body: string; signal?: Abortable }) => {
        const { status, body } = await post(agent, new URL(url), init.body, timeoutMs, init.signal);
        return { json: async () => botApiAnswer(status, body) };
      };
      // grammY asks for the whole of `fetch` but passes a URL with JSON text and reads `json()`, nothing else.
      return call as unknown as NonNullable<ApiClientOptions["fetch"]>;
    },
    close: () => agent.destroy(),
  };
}

function post(
  agent: Dispatcher,
  url: URL,
  body: string,
  timeoutMs: number,
  signal: Abortable | undefined,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let status = 0;
    let settled = false;
    const chunks: Buffer[] = [];

    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      finish();
    };
    const giveUp = (code: string) => {
      const error = new TransportError(controller !== null, code);
      settle(() => reject(error));
      controller?.abort(error);
    };
    const onAbort = () => giveUp("aborted");
    const timer = setTimeout(() => giveUp("timeout"), timeoutMs);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) return onAbort();

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        // Called with a connection at hand, just before the first byte is written.
        if (settled) started.abort(new TransportError(false, "aborted"));
        else controller = started;
      },
      onResponseStart(_, statusCode) {
        status = statusCode;
      },
      onResponseData(_, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        settle(() => resolve({ status, body: Buffer.concat(chunks).toString("utf8") }));
      },
      onResponseError(_, error) {
        settle(() => reject(new TransportError(controller !== null, codeOf(error))));
      },
    };
    const headers = { "content-type": "application/json" };
    try {
      agent.dispatch({ origin: url.origin, path: url.pathname, method: "POST", headers, body }, handler);
    } catch (error) {
      settle(() => reject(new TransportError(controller !== null, codeOf(error))));
    }
  });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]{3,40}$/.test(code) ? code : "connection_failed";
}

/** The answer as the Bot API gives it, `{ ok, … }`; a refusal always with its `error_code`. */
function botApiAnswer(status: number, body: string): object {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new TransportError(true, "not_json", status);
  }
  if (typeof answer !== "object" || answer === null || !("ok" in answer) || typeof answer.ok !== "boolean")
    throw new TransportError(true, "not_bot_api", status);
  if (answer.ok || ("error_code" in answer && typeof answer.error_code === "number")) return answer;
  return { ...answer, error_code: status };
}
