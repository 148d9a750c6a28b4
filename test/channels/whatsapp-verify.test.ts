import { getExpectedTwilioSignature, validateRequest } from "twilio/lib/webhooks/webhooks.js";
import { describe, expect, test } from "vitest";
import { createVerifier } from "../../src/channels/twilio/verify.ts";

const TOKEN = "5ecre7ab1e70ken0123456789abcdef0";
const SECOND = "an0therab1e70ken0123456789abcdef";
const PUBLIC_URL = "https://causeway.example.org";
const PATH = "/webhooks/whatsapp";
const PARAMS = {
  MessageSid: "SM1",
  Body: "Grüße 👋🏽 + 5% & <b> it's",
  From: "whatsapp:+49170",
  b: "",
  B: "2",
};

/** If each name costs as much as all values before it, these take minutes. Otherwise they take moments. */
const MANY = 100_000;
const CONTENT_TYPE = "application/x-www-form-urlencoded";
/** In the right format, but not made with a token of ours. */
const MADE_UP = Buffer.alloc(20, 7).toString("base64");

interface Case {
  params?: Record<string, string | string[]>;
  /** The URL that Twilio was given; ours by default. */
  signedUrl?: string;
  publicUrl?: string;
  path?: string;
  signedWith?: string;
  signature?: string;
}

/** Our verdict and the verdict of Twilio's own library on the same request. */
function judge({
  params = PARAMS,
  publicUrl = PUBLIC_URL,
  path = PATH,
  signedUrl = publicUrl + path,
  signedWith = TOKEN,
  signature = getExpectedTwilioSignature(signedWith, signedUrl, params),
}: Case) {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    for (const each of [value].flat()) form.append(name, each);
  const verify = createVerifier({ authTokens: [TOKEN], publicUrl });
  const ours = verify({
    method: "POST",
    url: path,
    headers: { "content-type": CONTENT_TYPE, "x-twilio-signature": signature },
    body: Buffer.from(form.toString()),
  });
  return { ours: !("kind" in ours), twilios: validateRequest(TOKEN, signature, publicUrl + path, params) };
}

describe("Twilio's signature", () => {
  test.each<[string, Case]>([
    ["of a message with every kind of character", {}],
    ["over a query", { path: `${PATH}?a=b&c=%20d` }],
    ["over a field that is given several times", { params: { MessageSid: "SM1", x: ["b", "a", "b"] } }],
    ["over an unknown field", { params: { ...PARAMS, SomethingNew: "1" } }],
    ["with the standard port named", { signedUrl: `${PUBLIC_URL}:443${PATH}` }],
    ["without the port of the address", { publicUrl: `${PUBLIC_URL}:8443`, signedUrl: PUBLIC_URL + PATH }],
    ["with the port of the address", { publicUrl: `${PUBLIC_URL}:8443` }],
    ["below a path of a proxy", { publicUrl: `${PUBLIC_URL}/bots` }],
  ])("%s is accepted, as by Twilio's own library", (_, request) => {
    expect(judge(request)).toEqual({ ours: true, twilios: true });
  });

  test.each<[string, Case]>([
    ["with another token", { signedWith: SECOND }],
    ["for another scheme", { signedUrl: `http://causeway.example.org${PATH}` }],
    ["for another path", { signedUrl: `${PUBLIC_URL}${PATH}/` }],
    ["for another query", { path: `${PATH}?a=c`, signedUrl: `${PUBLIC_URL}${PATH}?a=b` }],
    ["for another port", { signedUrl: `${PUBLIC_URL}:8443${PATH}` }],
    ["that is missing", { signature: "" }],
    [
      "that is cut short",
      { signature: getExpectedTwilioSignature(TOKEN, PUBLIC_URL + PATH, PARAMS).slice(1) },
    ],
  ])("%s is refused, as by Twilio's own library", (_, request) => {
    expect(judge(request)).toEqual({ ours: false, twilios: false });
  });

  test("is accepted from either token while the token is changed, and from no other", () => {
    const verify = createVerifier({ authTokens: [TOKEN, SECOND], publicUrl: PUBLIC_URL });
    const isAccepted = (token: string) =>
      "params" in
      verify({
        method: "POST",
        url: PATH,
        headers: {
          "content-type": CONTENT_TYPE,
          "x-twilio-signature": getExpectedTwilioSignature(token, PUBLIC_URL + PATH, PARAMS),
        },
        body: Buffer.from(new URLSearchParams(PARAMS).toString()),
      });
    expect([TOKEN, SECOND, "yetanotherb1e70ken0123456789abcd"].map(isAccepted)).toEqual([true, true, false]);
  });

  test.each([
    ["the same name many times", "a&".repeat(MANY)],
    ["one name with values", "a=1&".repeat(MANY)],
    ["another name each time", Array.from({ length: MANY }, (_, index) => `a${index}`).join("&")],
    ["nothing but separators", "&".repeat(4 * 1024 * 1024)],
    ["one value as large as a body may be", `Body=${"+".repeat(4 * 1024 * 1024 - 5)}`],
  ])("is checked before a form is read that has %s", (_, form) => {
    const verify = createVerifier({ authTokens: [TOKEN, SECOND], publicUrl: PUBLIC_URL });
    const send = (signature?: string) =>
      verify({
        method: "POST",
        url: PATH,
        headers: {
          "content-type": CONTENT_TYPE,
          ...(signature === undefined ? {} : { "x-twilio-signature": signature }),
        },
        body: Buffer.from(form),
      });
    const began = performance.now();
    const answers = [undefined, "", "x", MADE_UP, `${MADE_UP}x`].map(send);
    expect(answers.map((answer) => "status" in answer && answer.status)).toEqual([401, 401, 401, 401, 401]);
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  test.each([
    [
      "every field that Twilio sends, and more",
      Object.fromEntries(
        Array.from({ length: 190 }, (_, index) => [`MediaUrl${index}`, "https://example.org"]),
      ),
    ],
    ["the longest text of WhatsApp", { Body: "€".repeat(65_536) }],
  ])("of a form with %s is accepted", (_, params) => {
    expect(judge({ params: { ...PARAMS, ...params } })).toEqual({ ours: true, twilios: true });
  });

  test("does not depend on the host and scheme in the headers", () => {
    const verify = createVerifier({ authTokens: [TOKEN], publicUrl: PUBLIC_URL });
    const headers = {
      "content-type": CONTENT_TYPE,
      host: "evil.example.org",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "evil.example.org",
    };
    const body = Buffer.from(new URLSearchParams(PARAMS).toString());
    const signed = (url: string) => ({
      ...headers,
      "x-twilio-signature": getExpectedTwilioSignature(TOKEN, url, PARAMS),
    });
    const ask = (url: string) => verify({ method: "POST", url: PATH, headers: signed(url), body });
    expect(ask(PUBLIC_URL + PATH)).toHaveProperty("params");
    expect(ask(`http://evil.example.org${PATH}`)).toMatchObject({ kind: "rejected", status: 401 });
  });
});
