import { CallError } from "./call-error.ts";
import type { WireMessage, WireSession } from "./wire.ts";

/** Where the visitor's token is kept. */
export interface TokenStore {
  get(): string | null;
  set(token: string | null): void;
}

export type ApiClient = ReturnType<typeof createApiClient>;

/** How long a call may take before it counts as failed, milliseconds. */
const CALL_MS = 20_000;

/** The calls of one web channel. A visitor is made when the first call needs one. */
export function createApiClient(options: { base: string; tokens: TokenStore }) {
  const { base, tokens } = options;
  let admission: Promise<string> | null = null;

  async function token(): Promise<string> {
    const known = tokens.get();
    if (known !== null) return known;
    admission ??= call<{ token: string }>("POST", "/visitors", null, {}).then(
      (visitor) => {
        tokens.set(visitor.token);
        admission = null;
        return visitor.token;
      },
      (error: unknown) => {
        admission = null;
        throw error;
      },
    );
    return admission;
  }

  async function asVisitor<T>(method: string, path: string, body?: unknown): Promise<T> {
    return call<T>(method, path, await token(), body);
  }

  async function call<T>(method: string, path: string, bearer: string | null, body?: unknown): Promise<T> {
    const response = await reach(`${base}${path}`, {
      method,
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_MS),
    });
    return response.json();
  }

  return {
    /** Whether a visitor is known: without one there is no history to ask for. */
    isKnown: () => tokens.get() !== null,
    openSession: () => asVisitor<WireSession>("POST", "/sessions", {}),
    listSessions: () =>
      asVisitor<{ data: WireSession[] }>("GET", "/sessions?limit=50").then(({ data }) => data),
    listMessages: (sessionId: string, query: string) =>
      asVisitor<{ data: WireMessage[]; meta: { has_more: boolean } }>(
        "GET",
        `/sessions/${sessionId}/messages?${query}`,
      ),
    sendMessage: (sessionId: string, message: { content: string; client_message_id: string }) =>
      asVisitor<WireMessage>("POST", `/sessions/${sessionId}/messages`, message),
    /** The event stream of a session behind `afterSeq`. */
    async openEvents(
      sessionId: string,
      position: { afterSeq: number; tab: string },
      signal: AbortSignal,
    ): Promise<ReadableStream<Uint8Array>> {
      const headers = {
        authorization: `Bearer ${await token()}`,
        "last-event-id": String(position.afterSeq),
      };
      const url = `${base}/sessions/${sessionId}/events?tab=${encodeURIComponent(position.tab)}`;
      const { body } = await reach(url, { headers, signal, cache: "no-store" });
      if (!body) throw new CallError(0, "no_stream", "The answer has no body.");
      return body;
    },
    forget: () => tokens.set(null),
  };
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new CallError(0, "unreachable", "The server cannot be reached.");
  }
  if (response.ok) return response;
  const seconds = Number(response.headers.get("retry-after"));
  const { error } = await response.json().catch(() => ({ error: null }));
  throw new CallError(
    response.status,
    String(error?.code ?? "http_error"),
    String(error?.message ?? `The server answered ${response.status}.`),
    seconds > 0 ? seconds * 1000 : null,
  );
}
