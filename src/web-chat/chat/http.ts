import { CallError } from "./call-error.ts";

/** Time limit of a call, milliseconds. After it the call counts as failed. */
const CALL_MS = 20_000;

/** Fetches a URL. Any status other than success is thrown as a CallError. */
export async function reach(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, credentials: "omit", cache: "no-store" });
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
    {
      retryAfterMs: seconds > 0 ? seconds * 1000 : null,
      sessionId: typeof error?.details?.session_id === "string" ? error.details.session_id : null,
    },
  );
}

/** A call with a JSON body and a JSON answer. */
export async function call<T>(
  method: string,
  url: string,
  options: { token?: string; body?: unknown } = {},
): Promise<T> {
  const { token, body } = options;
  const over = new AbortController();
  const init = {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: over.signal,
  };
  const timer = setTimeout(() => over.abort(), CALL_MS);
  try {
    const response = await reach(url, init);
    return response.status === 204 ? (undefined as T) : await response.json();
  } catch (error) {
    if (error instanceof CallError) throw error;
    throw new CallError(0, "unreachable", "The answer could not be read.");
  } finally {
    clearTimeout(timer);
  }
}
