import { LogLevel, type Logger as SlackLogger, WebClient, type WebClientOptions } from "@slack/web-api";
import { Agent, fetch as undiciFetch } from "undici";

/** The longest a call may take before its outcome counts as lost. */
const CALL_TIMEOUT_MS = 15_000;

/** Where Slack limits us without saying for how long. */
const DEFAULT_RETRY_AFTER_SECONDS = 30;

const MAX_CLIENTS = 1_000;

/** Slack's libraries log whole requests and errors; what matters of them is reported by errors.ts instead. */
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
  /** A client that calls with this token; one token, one client. */
  clientFor(token: string): WebClient;
  /** For the calls that need no token. */
  anonymous: WebClient;
  /** The same connections and limits, for a client that somebody else makes. */
  clientOptions: WebClientOptions;
  /** Cuts every connection; later calls fail as not sent. */
  close(): Promise<void>;
}

/**
 * The Web API through Slack's client, on connections of our own. The client's retries are off: by default it tries for
 * half an hour, inside one send, and repeats what may have been carried out.
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
      // The client's types are the standard ones; undici's differ in name only.
      const options = { ...init, dispatcher: agent } as Parameters<typeof undiciFetch>[1];
      const response = await undiciFetch(url, options);
      if (response.status !== 429) return response as unknown as Response;
      // The client does not read this body, which would keep its connection; and without a time to wait it gives up
      // with an error that says nothing.
      await response.body?.cancel();
      const given = Number(response.headers.get("retry-after") ?? Number.NaN);
      const seconds = given > 0 ? given : DEFAULT_RETRY_AFTER_SECONDS;
      return new Response(null, { status: 429, headers: { "retry-after": String(seconds) } });
    },
  };
  const clients = new Map<string, WebClient>();
  return {
    clientFor(token) {
      const client = clients.get(token) ?? new WebClient(token, clientOptions);
      clients.delete(token);
      clients.set(token, client);
      // Tokens that rotate leave theirs behind; the one used longest ago goes first.
      const oldest = clients.size > MAX_CLIENTS ? clients.keys().next().value : undefined;
      if (oldest !== undefined) clients.delete(oldest);
      return client;
    },
    anonymous: new WebClient(undefined, clientOptions),
    clientOptions,
    close: () => agent.destroy(),
  };
}
