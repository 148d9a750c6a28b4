import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { HttpClient } from "../http-client.ts";
import type { SureadhereConfig } from "./config.ts";
import { readTokenFault, type TokenFault } from "./errors.ts";

export type TokenAnswer = { kind: "token"; token: string } | { kind: "no_token"; fault: TokenFault };

export interface AccessTokens {
  /** The token to use now; asks for one only where none is valid, and once however many ask at the same time. */
  current(): Promise<TokenAnswer>;
  /** Says that this token was refused; the next `current` asks for another. */
  refused(token: string): void;
}

const TOKEN_TIMEOUT_MS = 15_000;

/** How long a token is kept whose lifetime was not said (RFC 6749 only recommends saying it). */
const UNSTATED_LIFETIME_MS = 5 * 60_000;

/** A token is not used in the last minute of its life, or the last tenth of a short one: it has to arrive valid. */
const marginOf = (lifetimeMs: number) => Math.min(60_000, lifetimeMs / 10);

const answerSchema = z.object({
  // What stands in a header must not be able to end it.
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  // Some authorization servers write the seconds as text.
  expires_in: z.coerce.number().positive().optional().catch(undefined),
});

export interface AccessTokenDeps {
  client: HttpClient;
  config: SureadhereConfig;
  clock: Clock;
}

/** Tokens by the client credentials grant (RFC 6749, 4.4), kept until they expire. */
export function createAccessTokens({ client, config, clock }: AccessTokenDeps): AccessTokens {
  const url = new URL(config.authUrl);
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: config.clientId,
    client_secret: config.clientSecret,
    ...(config.clientScope === undefined ? {} : { scope: config.clientScope }),
  }).toString();
  let kept: { token: string; untilMs: number } | null = null;
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
    return { kind: "token", token };
  }

  return {
    async current() {
      if (kept !== null && clock.now().getTime() < kept.untilMs) return { kind: "token", token: kept.token };
      // Not bound to any one send: when that one is stopped, the others still need the token.
      asking ??= ask().finally(() => {
        asking = null;
      });
      return asking;
    },
    refused(token) {
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
