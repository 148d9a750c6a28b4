import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHttpClient, type HttpClient } from "../../src/channels/http-client.ts";
import { type FakeSureadhere, startFakeSureadhere } from "../support/fake-sureadhere.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";

let fake: FakeSureadhere;
let client: HttpClient;

beforeEach(async () => {
  fake = await startFakeSureadhere();
  client = createHttpClient();
});
afterEach(async () => {
  await client.close();
  await fake.close();
});

const post = (timeoutMs = 10_000, headers: Record<string, string> = {}) =>
  client.call({ method: "POST", url: new URL(fake.authUrl), headers, body: "x", timeoutMs });

test("a request that is not answered in time may have arrived", async () => {
  fake.fail({ hang: true }, { endpoint: "token" });
  expect(await post(100)).toEqual({ kind: "unanswered", code: "timeout" });
});

test("a request that was aborted before it was written did not arrive", async () => {
  const request = { url: new URL(fake.authUrl), headers: {}, body: "x", timeoutMs: 10_000 };
  expect(await client.call({ method: "POST", ...request, signal: AbortSignal.abort() })).toEqual({
    kind: "not_sent",
    code: "aborted",
  });
  expect(fake.requests).toEqual([]);
});

test("a request that cannot be written returns an error value that does not quote the request", async () => {
  expect(await post(10_000, { authorization: "Bearer a\r\nb" })).toEqual({
    kind: "not_sent",
    code: "UND_ERR_INVALID_ARG",
  });
});

test("only the status is kept of an answer that is too long", async () => {
  fake.fail({ answer: 200, body: "x".repeat(100_000) }, { endpoint: "token" });
  expect(await post()).toMatchObject({ kind: "answered", status: 200, retryAfter: null, body: null });
});

test("a redirect is returned as an answer, and is not followed", async () => {
  fake.fail(
    { answer: 307, headers: { location: `${fake.baseUrl}/treatment/external/send-msg` } },
    { endpoint: "token" },
  );
  expect(await post()).toMatchObject({ kind: "answered", status: 307 });
  expect(fake.requests).toEqual(["token"]);
});

test("a request of any method is sent unchanged, and every header of its answer is returned", async () => {
  const heard: (string | undefined)[][] = [];
  const server = await startLoopbackServer(
    async (request, response) => {
      heard.push([request.method, await text(request)]);
      response.writeHead(200, {
        "X-RateLimit-Bucket": "b1",
        "Set-Cookie": ["a=1", "b=2"],
        "Retry-After": "7",
      });
      return response.end("done");
    },
    (response) => response.destroy(),
  );
  const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
  for (const method of methods) {
    const body = method === "GET" ? null : `by ${method}`;
    const url = new URL(server.origin);
    expect(await client.call({ method, url, headers: {}, body, timeoutMs: 10_000 })).toMatchObject({
      kind: "answered",
      retryAfter: "7",
      headers: { "x-ratelimit-bucket": "b1", "set-cookie": "a=1, b=2" },
      body: "done",
    });
  }
  expect(heard).toEqual(methods.map((method) => [method, method === "GET" ? "" : `by ${method}`]));
  await server.close();
});
