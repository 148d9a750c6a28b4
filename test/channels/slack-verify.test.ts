import { isValidSlackRequest } from "@slack/bolt";
import { describe, expect, test } from "vitest";
import { createVerifier } from "../../src/channels/slack/verify.ts";
import { signedHeaders } from "../support/fake-slack.ts";

const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const NOW = 1_790_000_000;

/** Our verdict and the verdict of Slack's own library on the same request. */
function judge(body: string, headers: Record<string, string>) {
  const verify = createVerifier([SECRET], { now: () => new Date(NOW * 1000) });
  const ours = verify({ method: "POST", url: "/webhooks/slack", headers, body: Buffer.from(body) });
  const slacks = isValidSlackRequest({
    signingSecret: SECRET,
    body,
    headers: {
      "x-slack-signature": headers["x-slack-signature"] ?? "",
      "x-slack-request-timestamp": Number(headers["x-slack-request-timestamp"]),
    },
    nowMilliseconds: NOW * 1000,
  });
  return { ours: !("kind" in ours), slacks };
}

describe("Slack's signature", () => {
  test("is accepted if Slack's own library accepts it, whatever the body is", () => {
    for (const body of ["{}", '{"text":"Grüße 👋🏽 \\u00e9"}', '{ "spaced" : 1 }\n', "a=b&c=%20d"])
      for (const age of [0, 30, 299, -1])
        expect(judge(body, signedHeaders(body, SECRET, NOW - age))).toEqual({ ours: true, slacks: true });
  });

  test("is refused if Slack's own library refuses it", () => {
    const body = '{"type":"event_callback"}';
    const good = signedHeaders(body, SECRET, NOW);
    const bad = [
      signedHeaders(body, SECRET, NOW - 301),
      signedHeaders(body, "another", NOW),
      signedHeaders(`${body} `, SECRET, NOW),
      { ...good, "x-slack-request-timestamp": String(NOW - 1) },
      { ...good, "x-slack-signature": (good["x-slack-signature"] ?? "").replace("v0", "v1") },
      { ...good, "x-slack-signature": "v0=" },
      { ...good, "x-slack-signature": `${good["x-slack-signature"]}00` },
    ];
    for (const headers of bad) expect(judge(body, headers)).toEqual({ ours: false, slacks: false });
  });

  test("from the future is refused, although Slack's own library accepts it", () => {
    const body = "{}";
    expect(judge(body, signedHeaders(body, SECRET, NOW + 3600))).toEqual({ ours: false, slacks: true });
  });

  test("is accepted with either secret while the secret is changed, and with no other", () => {
    const verify = createVerifier([SECRET, "the one before"], { now: () => new Date(NOW * 1000) });
    const accepts = (secret: string) => {
      const headers = signedHeaders("{}", secret, NOW);
      return !("kind" in verify({ method: "POST", url: "/", headers, body: Buffer.from("{}") }));
    };
    expect([SECRET, "the one before", "another"].map(accepts)).toEqual([true, true, false]);
  });

  test("is not checked without a signing secret", () => {
    const body = "{}";
    const request = { method: "POST", url: "/", headers: signedHeaders(body, ""), body: Buffer.from(body) };
    expect(createVerifier([])(request)).toMatchObject({ kind: "rejected", status: 404 });
  });
});
