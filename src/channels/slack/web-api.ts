import { LogLevel, type Logger as SlackLogger, WebClient, type WebClientOptions } from "@slack/web-api";
import { Agent, fetch as undiciFetch } from "undici";
import { retryAfterMs } from "../../core/time/retry-after.ts";

/** Time limit of a call. After it, the outcome counts as lost. */
const CALL_TIMEOUT_MS = 15_000;

/** The pause for a rate limit without a given time. */
const DEFAULT_RETRY_AFTER_SECONDS = 30;

const MAX_CLIENTS = 1_000;

/** Slack's libraries log whole requests and errors. errors.ts reports the important parts instead. */
export const quietSlackLogger: SlackLogger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  setName() {},
  getLevel: () => LogLevel.ERROR,
};

export interface SlackWebApi {
  /** A client that calls with this token. Each token has one client. */
  clientFor(token: string): WebClient;
  /** A client for the calls that need no token. */
  anonymous: WebClient;
  /** The same connections and limits, for a client created elsewhere. */
  clientOptions: WebClientOptions;
  /** Puts a file at the address that Slack gave for it. Rejects unless Slack took it. */
  upload(url: string, content: Buffer): Promise<void>;
  /** Closes every connection. Later calls fail as not sent. */
  close(): Promise<void>;
}

/**
 * The Web API through Slack's client, on our own connections. The client's retries are off. By default it retries for
 * half an hour within one send, and repeats calls that may have been carried out.
 */
export function createWebApi(apiUrl: string): SlackWebApi {
  const agent = new Agent({
    connections: 64,
    keepAliveTimeout: 10_000,
    connect: { timeout: 10_000 },
  });
  const clientOptions: WebClientOptions = {
    slackApiUrl: apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: CALL_TIMEOUT_MS,
    allowAbsoluteUrls: false,
    logger: quietSlackLogger,
    fetch: async (url, init) => {
      // The client's types are the standard ones; undici's differ only in name.
      const options = { ...init, dispatcher: agent } as Parameters<typeof undiciFetch>[1];
      const response = await undiciFetch(url, options);
      if (response.status !== 429) return response as unknown as Response;
      // The client does not read this body, so the body would keep its connection. Without a time to wait, the client
      // fails with an error that gives no reason.
      await response.body?.cancel();
      const given = retryAfterMs(response.headers.get("retry-after") ?? undefined, new Date()) ?? 0;
      const seconds = given > 0 ? Math.ceil(given / 1000) : DEFAULT_RETRY_AFTER_SECONDS;
      return new Response(null, { status: 429, headers: { "retry-after": String(seconds) } });
    },
  };
  const clients = new Map<string, WebClient>();
  return {
    clientFor(token) {
      const client = clients.get(token) ?? new WebClient(token, clientOptions);
      clients.delete(token);
      clients.set(token, client);
      // Rotated tokens leave their clients behind. The client unused for the longest time is removed first.
      const oldest = clients.size > MAX_CLIENTS ? clients.keys().next().value : undefined;
      if (oldest !== undefined) clients.delete(oldest);
      return client;
    },
    async upload(url, content) {
      const { protocol, origin } = new URL(url);
      if (protocol !== "https:" && origin !== new URL(apiUrl).origin)
        throw new Error("not an address of Slack");
      const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
      const options = {
        method: "POST",
        body: content,
        redirect: "error",
        signal,
        dispatcher: agent,
      } as const;
      const response = await undiciFetch(url, options);
      await response.body?.cancel();
      if (!response.ok) throw new Error(`Slack answered ${response.status} to an upload`);
    },
    anonymous: new WebClient(undefined, clientOptions),
    clientOptions,
    close: () => agent.destroy(),
  };
}
