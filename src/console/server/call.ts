import { CallError } from "../../web-chat/chat/call-error.ts";
import { createStore } from "./store.ts";

/** The time of the first call that the server left without an answer. Null while it answers. */
export const unreachableSince = createStore<Date | null>(null);

/** Grows with each call that was refused because nobody is signed in. */
export const refusals = createStore(0);

export interface CallOptions {
  body?: unknown;
  signal?: AbortSignal;
  /** Makes a repeated POST harmless. */
  idempotencyKey?: string;
  /** Writes only if nobody wrote since this revision. */
  ifMatch?: string;
  /** The body is this file. */
  file?: File;
}

/** Calls the public API, as whoever is signed in. Throws a `CallError` with the server's words. */
export async function callApi<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  return answerOf<T>(await reachApi(method, path, options));
}

/** The same for what has revisions. */
export async function callForRevision<T>(
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<{ data: T; revision: string }> {
  const response = await reachApi(method, path, options);
  return { data: await answerOf<T>(response), revision: response.headers.get("etag") ?? "*" };
}

async function reachApi(method: string, path: string, options: CallOptions): Promise<Response> {
  const response = await reach(method, `/api/v1${path}`, options);
  if (response.status === 401) refusals.set(refusals.get() + 1);
  return response;
}

/** Stores a file. Throws a `CallError` with the server's words. */
export function uploadFile<T>(path: string, file: File): Promise<T> {
  const name = file.name === "" ? "" : `?${new URLSearchParams({ name: file.name })}`;
  return callApi<T>("POST", `${path}${name}`, { file });
}

/** Calls the console's own routes: signing in and out. */
export async function callConsole<T>(method: string, path: string, body?: unknown): Promise<T> {
  return answerOf<T>(await reach(method, `/console${path}`, body === undefined ? {} : { body }));
}

/** The words of a failure, for people. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A key that no other call has. `crypto.randomUUID` is missing on plain HTTP. */
export function newIdempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

async function reach(method: string, url: string, options: CallOptions): Promise<Response> {
  const { body, signal, idempotencyKey, ifMatch, file } = options;
  const headers = {
    ...(method === "GET" ? {} : { "X-Console": "1" }),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(file === undefined ? {} : { "Content-Type": file.type || "application/octet-stream" }),
    ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey }),
    ...(ifMatch === undefined ? {} : { "If-Match": ifMatch }),
  };
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(file === undefined ? {} : { body: file }),
      ...(signal === undefined ? {} : { signal }),
    });
    unreachableSince.set(null);
    return response;
  } catch (error) {
    if (signal?.aborted) throw error;
    if (unreachableSince.get() === null) unreachableSince.set(new Date());
    throw new CallError(0, "unreachable", "The server cannot be reached.");
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  if (!response.ok) throw await failureOf(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

async function failureOf(response: Response): Promise<CallError> {
  const answer: unknown = await response.json().catch(() => null);
  const { code, message } = (answer as { error?: { code?: string; message?: string } } | null)?.error ?? {};
  return new CallError(
    response.status,
    code ?? "unknown",
    message ?? `The server answered ${response.status}.`,
  );
}
