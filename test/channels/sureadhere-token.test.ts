import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHttpClient, type HttpClient } from "../../src/channels/http-client.ts";
import { type AccessTokens, createAccessTokens } from "../../src/channels/sureadhere/access-token.ts";
import { withoutToken } from "../../src/channels/sureadhere/errors.ts";
import {
  type FakeSureadhere,
  type SureadhereFault,
  startFakeSureadhere,
} from "../support/fake-sureadhere.ts";
import { sureadhereKeys } from "./sureadhere-subject.ts";

const START_MS = Date.parse("2026-01-01T00:00:00Z");

let fake: FakeSureadhere;
let client: HttpClient;
let tokens: AccessTokens;
let nowMs: number;

beforeEach(async () => {
  nowMs = START_MS;
  fake = await startFakeSureadhere();
  client = createHttpClient();
  const clock = { now: () => new Date(nowMs) };
  tokens = createAccessTokens({ client, config: sureadhereKeys(fake), clock });
});
afterEach(async () => {
  await client.close();
  await fake.close();
});

async function token(): Promise<string> {
  const answer = await tokens.current();
  if (answer.kind !== "token") throw new Error(`no token: ${JSON.stringify(answer.fault)}`);
  return answer.token;
}

/** The seconds for which the first token is used. */
async function usedFor(candidates: readonly number[]): Promise<number[]> {
  const first = await token();
  const used: number[] = [];
  for (const seconds of candidates) {
    nowMs = START_MS + seconds * 1000;
    if ((await token()) === first) used.push(seconds);
  }
  return used;
}

describe("an access token", () => {
  test("is used until a minute before it expires, then replaced", async () => {
    expect(await usedFor([1, 1000, 3539, 3541, 3600])).toEqual([1, 1000, 3539]);
    expect(fake.requests).toHaveLength(2);
  });

  test("that lives shorter is used for nine tenths of its life", async () => {
    fake.tokenFields.expires_in = "100";
    expect(await usedFor([89, 91])).toEqual([89]);
  });

  test.each([undefined, null, 0, -5, "soon"])(
    "that lives for %s seconds is used for minutes",
    async (life) => {
      fake.tokenFields.expires_in = life;
      expect(await usedFor([200, 300])).toEqual([200]);
    },
  );

  test("that was refused is replaced, but not the one that replaced it already", async () => {
    const first = await token();
    tokens.refused(first);
    const second = await token();
    tokens.refused(first);
    expect(await token()).toBe(second);
    expect(fake.requests).toHaveLength(2);
  });

  test("is asked for again after it could not be had", async () => {
    fake.fail({ answer: 503 }, { endpoint: "token" });
    expect(await tokens.current()).toMatchObject({ kind: "no_token" });
    expect(await token()).toContain(fake.tokenMark);
  });
});

describe("without a token a message stays, and what is wrong is the channel's", () => {
  const gone: [string, SureadhereFault, object][] = [
    ["the server fails", { answer: 500 }, { kind: "retry", scope: "channel" }],
    ["the server does not answer", { cut: "after" }, { kind: "retry", scope: "channel" }],
    ["the answer breaks off", { truncate: true }, { kind: "retry", scope: "channel" }],
    ["there is no such address", { answer: 404 }, { kind: "retry", scope: "channel" }],
    ["a page comes instead", { answer: 200 }, { kind: "retry", scope: "channel" }],
    [
      "the token could not stand in a header",
      { answer: 200, body: '{"access_token":"a\\r\\nb: c"}' },
      { kind: "retry" },
    ],
    ["there is a limit", { answer: 429 }, { kind: "retry", scope: "channel", afterMs: 30_000 }],
    [
      "there is a limit with a time",
      { answer: 429, headers: { "retry-after": "3" } },
      { kind: "retry", scope: "channel", afterMs: 3000 },
    ],
    [
      "the scope is refused",
      { answer: 400, body: '{"error":"invalid_scope"}' },
      { kind: "failed", scope: "channel", code: "sureadhere_token_invalid_scope" },
    ],
    [
      "the client is refused by a page",
      { answer: 403 },
      { kind: "failed", scope: "channel", code: "sureadhere_token_http_403" },
    ],
  ];
  test.each(gone)("where %s", async (_, fault, expected) => {
    fake.fail(fault, { endpoint: "token" });
    const answer = await tokens.current();
    if (answer.kind === "token") throw new Error("there was a token");
    const result = withoutToken(answer.fault);
    expect(result).toMatchObject(expected);
    expect(JSON.stringify(result)).not.toContain(encodeURIComponent(fake.clientSecret));
  });
});
