import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHttpClient, type HttpClient } from "../../src/channels/http-client.ts";
import { type AccessTokens, createAccessTokens } from "../../src/channels/sureadhere/access-token.ts";
import type { SureadhereConfig } from "../../src/channels/sureadhere/config.ts";
import { tokenSendResult } from "../../src/channels/sureadhere/errors.ts";
import { createSharedToken } from "../../src/channels/sureadhere/shared-token.ts";
import { memoryValues } from "../support/channel-values.ts";
import {
  type FakeSureadhere,
  type SureadhereFault,
  startFakeSureadhere,
} from "../support/fake-sureadhere.ts";
import { quietLog } from "../support/quiet-log.ts";
import { sureadhereKeys } from "./sureadhere-subject.ts";

const START_MS = Date.parse("2026-01-01T00:00:00Z");

let fake: FakeSureadhere;
let client: HttpClient;
let tokens: AccessTokens;
let nowMs: number;
let values: ReturnType<typeof memoryValues>;

beforeEach(async () => {
  nowMs = START_MS;
  fake = await startFakeSureadhere();
  client = createHttpClient();
  values = memoryValues(() => nowMs);
  tokens = createProcess();
});
afterEach(async () => {
  await client.close();
  await fake.close();
});

/** The tokens as another process of the channel has them. */
function createProcess(overrides: Partial<SureadhereConfig> = {}): AccessTokens {
  const config = { ...sureadhereKeys(fake), ...overrides };
  const clock = { now: () => new Date(nowMs) };
  return createAccessTokens({
    client,
    config,
    clock,
    shared: createSharedToken({ values, config, log: quietLog() }),
  });
}

async function token(from = tokens): Promise<string> {
  const answer = await from.current();
  if (answer.kind !== "token") throw new Error(`no token: ${JSON.stringify(answer.fault)}`);
  return answer.token;
}

/** The seconds after the start at which the first token is still used. */
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

  test("with a short life is used for nine tenths of it", async () => {
    fake.tokenFields.expires_in = "100";
    expect(await usedFor([89, 91])).toEqual([89]);
  });

  test.each([undefined, null, 0, -5, "soon"])(
    "with a life of %s seconds is used for minutes",
    async (life) => {
      fake.tokenFields.expires_in = life;
      expect(await usedFor([200, 300])).toEqual([200]);
    },
  );

  test("that was refused is replaced, and a second report about it does not replace the new one", async () => {
    const first = await token();
    tokens.refused(first);
    const second = await token();
    tokens.refused(first);
    expect(await token()).toBe(second);
    expect(fake.requests).toHaveLength(2);
  });

  test("is requested again after a failed request", async () => {
    fake.fail({ answer: 503 }, { endpoint: "token" });
    expect(await tokens.current()).toMatchObject({ kind: "no_token" });
    expect(await token()).toContain(fake.tokenMark);
  });
});

describe("the processes of a channel", () => {
  test("share one token, which is sealed in the database", async () => {
    const first = await token();
    expect(await token(createProcess())).toBe(first);
    expect(fake.requests).toHaveLength(1);
    expect([...values.kept.values()].map(String).join()).not.toContain(fake.tokenMark);
    nowMs = START_MS + 3541 * 1000;
    expect(await token(createProcess())).not.toBe(first);
  });

  test("replace a refused token only once, whichever process learns of it first", async () => {
    const other = createProcess();
    const first = await token();
    expect(await token(other)).toBe(first);
    tokens.refused(first);
    const second = await token();
    other.refused(first);
    expect([await token(other), second === first]).toEqual([second, false]);
    expect(fake.requests).toHaveLength(2);
  });

  test("request new tokens after the client, its secret, its scope or its server changed", async () => {
    await token();
    const changed = { clientId: "other", clientSecret: "other", clientScope: "other" };
    for (const [key, value] of Object.entries(changed))
      expect(await createProcess({ [key]: value }).current()).toMatchObject({ kind: "no_token" });
    expect(await createProcess({ authUrl: `${fake.authUrl}/gone` }).current()).toMatchObject({
      kind: "no_token",
    });
  });

  test("use separate tokens while the database is down", async () => {
    const away = () => Promise.reject(new Error("the database is away"));
    values.read = away;
    values.write = away;
    const first = await token();
    expect(await token()).toBe(first);
    expect(await token(createProcess())).not.toBe(first);
  });
});

describe("without a token a message waits, and the channel reports the problem", () => {
  const gone: [string, SureadhereFault, object][] = [
    ["the server fails", { answer: 500 }, { kind: "retry", scope: "connection" }],
    ["the server does not answer", { cut: "after" }, { kind: "retry", scope: "connection" }],
    ["the answer breaks off", { truncate: true }, { kind: "retry", scope: "connection" }],
    ["there is no such address", { answer: 404 }, { kind: "retry", scope: "connection" }],
    ["a web page comes instead", { answer: 200 }, { kind: "retry", scope: "connection" }],
    [
      "the token is not allowed in a header",
      { answer: 200, body: '{"access_token":"a\\r\\nb: c"}' },
      { kind: "retry" },
    ],
    ["there is a rate limit", { answer: 429 }, { kind: "retry", scope: "connection", afterMs: 30_000 }],
    [
      "there is a rate limit with a time",
      { answer: 429, headers: { "retry-after": "3" } },
      { kind: "retry", scope: "connection", afterMs: 3000 },
    ],
    [
      "the scope is refused",
      { answer: 400, body: '{"error":"invalid_scope"}' },
      { kind: "failed", scope: "connection", code: "sureadhere_token_invalid_scope" },
    ],
    [
      "a web page refuses the client",
      { answer: 403 },
      { kind: "failed", scope: "connection", code: "sureadhere_token_http_403" },
    ],
  ];
  test.each(gone)("if %s", async (_, fault, expected) => {
    fake.fail(fault, { endpoint: "token" });
    const answer = await tokens.current();
    if (answer.kind === "token") throw new Error("there was a token");
    const result = tokenSendResult(answer.fault);
    expect(result).toMatchObject(expected);
    expect(JSON.stringify(result)).not.toContain(encodeURIComponent(fake.clientSecret));
  });
});
