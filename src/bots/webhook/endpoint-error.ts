import type { Dispatcher } from "undici";
import { BotError } from "../../core/faults/errors.ts";
import { hideSecrets } from "../../core/text/hide-secrets.ts";
import { urlSecrets } from "../../core/text/masked-url.ts";
import { excerpt } from "../../core/text/text.ts";
import { systemClock } from "../../core/time/clock.ts";
import { retryAfterMs } from "../../core/time/retry-after.ts";
import type { WebhookConfig } from "./config.ts";

/** Temporary statuses: timeout, conflict, too early, too many. Every other 4xx would come again. */
const PASSING = [408, 409, 425, 429];
/** Maximum bytes that are read of an error's body. */
const SAID_BYTES = 4_000;

/** The error for an answer that is not a success: the reason for operators, and if a retry can help. */
export async function refusal(
  config: WebhookConfig,
  {
    statusCode,
    headers,
    body,
  }: Pick<Dispatcher.ResponseData, "statusCode" | "headers"> & {
    body: AsyncIterable<Uint8Array>;
  },
): Promise<BotError> {
  const host = new URL(config.url).host;
  if (statusCode === 401 || statusCode === 403) {
    const reason = `${host} did not accept the signature (${statusCode}): is bot.secret the same on both sides?`;
    return new BotError("invalid_credentials", reason, { retryable: false });
  }
  const said = excerpt(withoutSecrets(await beginningOf(body), config), 300);
  const words = said === "" ? "" : ` ("${said}")`;
  if (statusCode >= 300 && statusCode < 400) {
    const reason = `${host} answered with a redirect (${statusCode}): write the final URL into bot.url`;
    return new BotError("redirected", reason, { retryable: false });
  }
  if (statusCode >= 500 || PASSING.includes(statusCode)) {
    const header = headers["retry-after"];
    const wait = retryAfterMs(typeof header === "string" ? header : undefined, systemClock.now());
    return new BotError("endpoint_unavailable", `${host} cannot answer now (${statusCode})${words}`, {
      ...(wait !== null && { retryAfterMs: wait }),
    });
  }
  return new BotError("request_refused", `${host} refused the request (${statusCode})${words}`, {
    retryable: false,
  });
}

/** The error for a failed connection. */
export function connectionError(config: WebhookConfig, error: unknown): BotError {
  if (error instanceof BotError) return error;
  const host = new URL(config.url).host;
  const said = error instanceof Error ? error.message : String(error);
  return new BotError("endpoint_unreachable", `${host} cannot be reached or hung up: ${excerpt(said, 200)}`);
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > SAID_BYTES) break;
    }
  } catch {
    // The part that was read so far is used.
  }
  return Buffer.concat(chunks).toString("utf8");
}

function withoutSecrets(text: string, { url, secret, headers }: WebhookConfig): string {
  return hideSecrets(text, [secret, ...Object.values(headers), ...urlSecrets(url)]);
}
