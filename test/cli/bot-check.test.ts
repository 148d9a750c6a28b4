import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { checkBot } from "../../src/cli/bot-check.ts";
import { type Endpoint, events, json, SECRET, startEndpoint } from "../bots/endpoint.ts";
import { languages, runExample } from "../bots/run-example.ts";

async function check(url: string, secret = SECRET, timeoutMs = 5000) {
  const lines: string[] = [];
  const good = await checkBot({ url, secret, timeoutMs }, (line) => lines.push(line));
  return { good, output: lines.join("\n") };
}

/** True if the signature of a request is right; `fresh` also checks its time. */
function isSigned(headers: IncomingHttpHeaders, body: string, fresh = true): boolean {
  const [, time, digest] = /^t=(\d+),v1=(\w+)$/.exec(String(headers["x-causeway-signature"] ?? "")) ?? [];
  const expected = createHmac("sha256", SECRET).update(`${time}.${body}`).digest("hex");
  return digest === expected && (!fresh || Math.abs(Date.now() / 1000 - Number(time)) < 300);
}

type Answer = Parameters<typeof startEndpoint>[0];

/** An endpoint that checks signatures and then answers. */
function signedEndpoint(answer: Answer, fresh = true): Promise<Endpoint> {
  return startEndpoint((request, response) => {
    if (!isSigned(request.headers, request.text, fresh)) return void response.writeHead(401).end();
    if (request.body.type === "cancel") return void response.writeHead(204).end();
    return answer(request, response);
  });
}

describe("checking a bot", () => {
  it.each(languages)("finds nothing wrong with the example in %s", async (language) => {
    await using example = await runExample(language);
    const { good, output } = await check(example.url);
    expect(output).toMatch(/0 failed, 0 warnings/);
    expect(good).toBe(true);
  });

  it("finds nothing wrong with a bot that streams", async () => {
    await using endpoint = await signedEndpoint((_, response) =>
      events(response, [
        ["delta", { content: "Hel" }],
        ["delta", { content: "lo" }],
        ["final", { messages: [{ content: "Hello" }] }],
      ]),
    );
    expect((await check(endpoint.url)).output).toMatch(/0 failed, 0 warnings/);
  });

  it("fails a bot that does not check who calls it", async () => {
    await using endpoint = await startEndpoint((_, response) =>
      json(response, { messages: [{ content: "Hi" }] }),
    );
    const { good, output } = await check(endpoint.url);
    expect(good).toBe(false);
    expect(output).toMatch(/FAIL {2}refuses a request signed with another secret\n.*200/);
    expect(output).toMatch(/FAIL {2}refuses a request without a signature/);
    expect(output).toContain("HMAC-SHA256");
  });

  it("fails a bot that accepts old requests", async () => {
    const fresh = false;
    await using endpoint = await signedEndpoint(
      (_, response) => json(response, { messages: [{ content: "Hi" }] }),
      fresh,
    );
    const { output } = await check(endpoint.url);
    expect(output).toMatch(/FAIL {2}refuses a request that is an hour old/);
    expect(output).toMatch(/ 1 failed/);
  });

  it("warns of misspelt keys, different answers to one request, and deltas that do not add up", async () => {
    let count = 0;
    await using misspelt = await signedEndpoint((_, response) =>
      json(response, { messages: [{ content: `Hi ${count++}` }], endSession: true }),
    );
    const first = await check(misspelt.url);
    expect(first.good).toBe(true);
    expect(first.output).toContain("endSession");
    expect(first.output).toMatch(/warn {2}gives the same answer to the same execution/);
    await using streaming = await signedEndpoint((_, response) =>
      events(response, [
        ["delta", { content: "Draft" }],
        ["final", { messages: [{ content: "Final" }] }],
      ]),
    );
    expect((await check(streaming.url)).output).toContain("differ from its final messages");
  });

  it("shows the author of a faulty bot how an answer looks", async () => {
    await using endpoint = await signedEndpoint((_, response) => json(response, { text: "Hi" }));
    const { good, output } = await check(endpoint.url);
    expect(good).toBe(false);
    expect(output).toContain('{ "messages": [{ "content": "…" }] }');
    expect(output).toContain("no other check is possible");
  });

  it("reports a refused connection, a timeout and a wrong secret", async () => {
    await using silent = await startEndpoint(() => {});
    expect((await check(silent.url, SECRET, 200)).output).toContain("did not answer within 200 ms");
    await using endpoint = await signedEndpoint((_, response) => json(response, { no_reply: true }));
    expect((await check(endpoint.url, "another-secret-of-16")).output).toContain("--secret");
    await endpoint[Symbol.asyncDispose]();
    expect((await check(endpoint.url)).output).toContain("cannot be reached");
    expect((await check("not a url")).good).toBe(false);
  });
});
