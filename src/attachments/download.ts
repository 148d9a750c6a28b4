import { Agent, type Dispatcher, request } from "undici";
import type { AttachmentSource } from "../channels/channel.ts";
import { isPrivateHost, publicConnections } from "../core/network/private-addresses.ts";
import { retryAfterMs } from "../core/time/retry-after.ts";

/** Result of a download. Reasons contain hosts and statuses, but never URLs, because these may contain a token. */
export type Downloaded =
  | { kind: "downloaded"; content: Buffer; contentType: string | null }
  | { kind: "failed"; reason: string; retry: boolean; afterMs?: number };

type Source = Extract<AttachmentSource, { kind: "found" }>;

const REDIRECTS = 3;
const REDIRECT_STATUS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Connections to hosts that the operator configured. They may be private addresses. */
const trustedConnections = new Agent();

/**
 * Downloads a file from a URL that a sender supplied. It uses https and public addresses only, except for origins that
 * the operator configured. It follows redirects itself, so that credentials go only to their own origin.
 */
export async function download(
  source: Source,
  limits: { bytes: number; signal: AbortSignal },
): Promise<Downloaded> {
  const trusted = new Set(source.trustedOrigins);
  let url = new URL(source.url);
  const home = url.origin;
  for (let redirects = 0; redirects <= REDIRECTS; redirects += 1) {
    const isTrusted = trusted.has(url.origin);
    const refusal = isTrusted ? null : refused(url);
    if (refusal !== null) return { kind: "failed", reason: refusal, retry: false };
    const headers = url.origin === home ? source.headers : {};
    let response: Dispatcher.ResponseData;
    try {
      response = await request(url, {
        headers: { "user-agent": "causeway", ...headers },
        dispatcher: isTrusted ? trustedConnections : publicConnections,
        signal: limits.signal,
      });
    } catch (error) {
      return unreachable(url, error, limits.signal);
    }
    const { location } = response.headers;
    if (!REDIRECT_STATUS.has(response.statusCode) || typeof location !== "string") {
      return readAnswer(source, url, response, limits);
    }
    await response.body.dump();
    if (!URL.canParse(location, url.href)) break;
    url = new URL(location, url);
  }
  return { kind: "failed", reason: `${new URL(source.url).host} redirects too often`, retry: false };
}

function refused(url: URL): string | null {
  if (url.protocol !== "https:") return `${url.host} does not use https`;
  if (url.username !== "" || url.password !== "") return `the address at ${url.host} contains credentials`;
  return isPrivateHost(url) ? `${url.host} is a private address` : null;
}

/** Reports the error code of the system. Messages of the HTTP client may contain the URL. */
function unreachable(url: URL, error: unknown, signal: AbortSignal): Downloaded {
  if (signal.aborted) return { kind: "failed", reason: `${url.host} took too long`, retry: true };
  const isPrivate = error instanceof Error && / is a private address$/.test(error.message);
  if (isPrivate) return { kind: "failed", reason: `${url.host} is a private address`, retry: false };
  const code = error instanceof Error && "code" in error ? ` (${String(error.code).slice(0, 40)})` : "";
  return { kind: "failed", reason: `${url.host} could not be reached${code}`, retry: true };
}

async function readAnswer(
  source: Source,
  url: URL,
  { statusCode, headers, body }: Dispatcher.ResponseData,
  limits: { bytes: number; signal: AbortSignal },
): Promise<Downloaded> {
  const contentType = typeof headers["content-type"] === "string" ? headers["content-type"] : null;
  if (statusCode < 200 || statusCode >= 300) {
    await body.dump();
    const retry = statusCode === 408 || statusCode === 429 || statusCode >= 500;
    const afterMs = retryAfterMs(String(headers["retry-after"] ?? ""), new Date());
    const reason = `${url.host} answered ${statusCode}`;
    return { kind: "failed", reason, retry, ...(afterMs === null ? {} : { afterMs }) };
  }
  if (source.ifHtml !== undefined && /^text\/html\b/i.test(contentType ?? "")) {
    await body.dump();
    return { kind: "failed", reason: source.ifHtml, retry: false };
  }
  try {
    const content = await readWithin(body, Number(headers["content-length"] ?? 0), limits.bytes);
    if (content === null) return { kind: "failed", reason: tooLarge(limits.bytes), retry: false };
    return { kind: "downloaded", content, contentType };
  } catch (error) {
    return unreachable(url, error, limits.signal);
  }
}

/**
 * Null if the body is larger than the limit, whatever length was announced. A return inside the loop closes the
 * connection.
 */
async function readWithin(
  body: Dispatcher.ResponseData["body"],
  announced: number,
  limit: number,
): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (announced <= limit) {
    for await (const chunk of body) {
      const part = Buffer.from(chunk);
      bytes += part.length;
      if (bytes > limit) return null;
      chunks.push(part);
    }
    return Buffer.concat(chunks);
  }
  body.destroy();
  return null;
}

/** The reason for people why a file was refused. */
export function tooLarge(limitBytes: number): string {
  return `it is larger than ${Math.floor(limitBytes / 1_048_576)} MiB`;
}
