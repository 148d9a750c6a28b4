import { placeOf } from "../core/network/server-place.ts";
import { hideSecrets } from "../core/text/hide-secrets.ts";
import { excerpt } from "../core/text/text.ts";
import { retryAfterMs } from "../core/time/retry-after.ts";

/** A server with OpenAI's calls for sound. */
export interface SpeechServer {
  /** Address of the API with its version, without a slash at its end. */
  baseUrl: string;
  apiKey: string | null;
}

/** The reason why a server of sound did not help, for operators. */
export interface SpeechFault {
  kind: "failed";
  code: string;
  reason: string;
  /** True if the same request may work later. */
  retryable: boolean;
  retryAfterMs: number | null;
}

/** An answer of a server of sound, read completely. */
export type SpeechAnswer = { kind: "answered"; content: Buffer; contentType: string } | SpeechFault;

export interface SpeechCall {
  path: string;
  body: FormData | string;
  mostBytes: number;
  /** The code if the server refuses this request and would refuse it again. */
  refusal: "sound_refused" | "text_refused";
  signal: AbortSignal;
}

/** Temporary statuses: timeout, conflict, too early, too many. Every other 4xx would come again. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** Calls a server of sound once. The key goes to this address only, so redirects are not followed. */
export async function callSpeechServer(server: SpeechServer, call: SpeechCall): Promise<SpeechAnswer> {
  const place = placeOf(server.baseUrl);
  const { host, url, query } = place;
  const authorization = server.apiKey === null ? place.authorization : `Bearer ${server.apiKey}`;
  try {
    const response = await fetch(`${url}${call.path}${query.size === 0 ? "" : `?${query}`}`, {
      method: "POST",
      redirect: "manual",
      signal: call.signal,
      body: call.body,
      headers: {
        "user-agent": "causeway",
        ...(authorization !== null && { authorization }),
        ...(typeof call.body === "string" && { "content-type": "application/json" }),
      },
    });
    const content = await readWithin(response, call.mostBytes);
    if (content === null)
      return fault("bad_answer", `${host} answered more than ${call.mostBytes} bytes`, { retryable: false });
    const secrets = [...place.secrets, ...(server.apiKey === null ? [] : [server.apiKey])];
    if (!response.ok) return refused(host, response, hideSecrets(messageIn(content), secrets), call.refusal);
    return { kind: "answered", content, contentType: response.headers.get("content-type") ?? "" };
  } catch (error) {
    if (call.signal.aborted) return fault("timeout", `${host} did not answer in time`);
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code).slice(0, 40)})` : "";
    return fault("server_unreachable", `${host} cannot be reached or hung up${code}`);
  }
}

/** A reason that may pass, unless the options say otherwise. */
export function fault(
  code: string,
  reason: string,
  { retryable = true, retryAfterMs = null }: Partial<Pick<SpeechFault, "retryable" | "retryAfterMs">> = {},
): SpeechFault {
  return { kind: "failed", code, reason, retryable, retryAfterMs };
}

/** @param message the server's own words, without secrets. */
function refused(
  host: string,
  { status, headers }: Response,
  message: string,
  refusal: SpeechCall["refusal"],
): SpeechFault {
  if (status === 401 || status === 403)
    return fault("invalid_credentials", `${host} did not accept the key (${status})`, { retryable: false });
  if (status === 404)
    return fault("not_found", `${host} knows no such address or model (404)`, { retryable: false });
  const said = excerpt(message, 300);
  const words = said === "" ? "" : `: "${said}"`;
  if (status >= 500 || PASSING.has(status))
    return fault("server_unavailable", `${host} cannot answer now (${status})${words}`, {
      retryAfterMs: retryAfterMs(headers.get("retry-after") ?? undefined, new Date()),
    });
  return fault(refusal, `${host} refused the request (${status})${words}`, { retryable: false });
}

/** The message of an error in OpenAI's form, or else the text itself. */
function messageIn(body: Buffer): string {
  const text = body.toString("utf8");
  const quoted = /"message"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  if (quoted === undefined) return text;
  try {
    return String(JSON.parse(quoted));
  } catch {
    return text;
  }
}

/** Null if the body is larger than the limit. */
async function readWithin(response: Response, limit: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
