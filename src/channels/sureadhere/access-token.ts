import { z } from "zod";
import type { Clock } from "../../core/time/clock.ts";
import type { HttpClient } from "../http-client.ts";
import type { SureadhereConfig } from "./config.ts";
import { readTokenFault, type TokenFault } from "./errors.ts";
import type { KeptToken, SharedToken } from "./shared-token.ts";

export type TokenAnswer = { kind: "token"; token: string } | { kind: "no_token"; fault: TokenFault };

export interface AccessTokens {
  /** Returns a valid token. Requests a new one only if needed, and once for all simultaneous callers. */
  current(): Promise<TokenAnswer>;
  /** Reports that this token was refused. The next `current` requests another one. */
  refused(token: string): void;
}

const TOKEN_TIMEOUT_MS = 15_000;

/** Lifetime of a token without a stated one. RFC 6749 only recommends to state it. */
const UNSTATED_LIFETIME_MS = 5 * 60_000;

/** A token is not used in its last minute, or in the last tenth of a short life. It must still be valid on arrival. */
const marginOf = (lifetimeMs: number) => Math.min(60_000, lifetimeMs / 10);

const answerSchema = z.object({
  // The token becomes a header value, so it must not contain characters that end a header.
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  // Some authorization servers send the seconds as text.
  expires_in: z.coerce.number().positive().optional().catch(undefined),
});

export interface AccessTokenDeps {
  client: HttpClient;
  config: SureadhereConfig;
  clock: Clock;
  /** Shares a token with the other processes. Null: nothing is kept, as in a check of the configuration. */
  shared: SharedToken | null;
}

/**
 * Gets tokens with the client credentials grant (RFC 6749, 4.4), and keeps them until they expire. The
 * processes of a channel share one token. Some authorization servers limit requests, or end the earlier token
 * when they issue a new one.
 */
export function createAccessTokens({ client, config, clock, shared }: AccessTokenDeps): AccessTokens {
  const url = new URL(config.authUrl);
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: config.clientId,
    client_secret: config.clientSecret,
    ...(config.clientScope === undefined ? {} : { scope: config.clientScope }),
  }).toString();
  let kept: KeptToken | null = null;
  let refusedToken: string | null = null;
  let asking: Promise<TokenAnswer> | null = null;

  async function ask(): Promise<TokenAnswer> {
    const askedAtMs = clock.now().getTime();
    const outcome = await client.call({
      method: "POST",
      url,
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: form,
      timeoutMs: TOKEN_TIMEOUT_MS,
    });
    const answer = outcome.kind === "answered" ? answerSchema.safeParse(parse(outcome.body)) : null;
    if (outcome.kind !== "answered" || outcome.status >= 300 || !answer?.success)
      return { kind: "no_token", fault: readTokenFault(outcome) };
    const { access_token: token, expires_in: seconds } = answer.data;
    const lifetimeMs = seconds === undefined ? UNSTATED_LIFETIME_MS : seconds * 1000;
    kept = { token, untilMs: askedAtMs + lifetimeMs - marginOf(lifetimeMs) };
    await shared?.write(kept, Math.max(1, kept.untilMs - clock.now().getTime()));
    return { kind: "token", token };
  }

  /** The token of another process; null if there is none. */
  async function findShared(): Promise<KeptToken | null> {
    const found = (await shared?.read()) ?? null;
    return found !== null && isUsable(found) && found.token !== refusedToken ? found : null;
  }

  const isUsable = ({ untilMs }: KeptToken) => clock.now().getTime() < untilMs;

  async function take(): Promise<TokenAnswer> {
    kept = await findShared();
    return kept === null ? ask() : { kind: "token", token: kept.token };
  }

  return {
    async current() {
      if (kept !== null && isUsable(kept)) return { kind: "token", token: kept.token };
      // The request does not depend on one send: if that send is stopped, the others still need the token.
      asking ??= take().finally(() => {
        asking = null;
      });
      return asking;
    },
    refused(token) {
      refusedToken = token;
      // Another send may have replaced it already.
      if (kept?.token === token) kept = null;
    },
  };
}

function parse(body: string | null): unknown {
  try {
    return JSON.parse(body ?? "");
  } catch {
    return null;
  }
}
