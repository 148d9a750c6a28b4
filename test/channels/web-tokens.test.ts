import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { webConfigSchema } from "../../src/channels/web/config.ts";
import { createVisitorAuth } from "../../src/channels/web/visitor-auth.ts";

const SECRET = "identity-secret-0123456789abcdef";
const OLD = "the-secret-before-0123456789abcd";
const NOW = new Date("2026-11-20T12:00:00.000Z");
const seconds = NOW.getTime() / 1000;

const auth = (options: { channel?: string; identitySecret?: unknown; now?: Date } = {}) =>
  createVisitorAuth({
    channel: options.channel ?? "web",
    config: webConfigSchema.parse({ identitySecret: options.identitySecret ?? SECRET }),
    clock: { now: () => options.now ?? NOW },
  });

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** An identity token as a host site makes it. The fields under test are overridden. */
function jwt(
  claims: Record<string, unknown> = {},
  options: { header?: Record<string, unknown>; secret?: string; digest?: string } = {},
): string {
  const header = part({ alg: "HS256", typ: "JWT", ...options.header });
  const payload = part({ sub: "ada", name: "Ada", aud: "web", exp: seconds + 600, ...claims });
  const signature = createHmac(options.digest ?? "sha256", options.secret ?? SECRET)
    .update(`${header}.${payload}`)
    .digest("base64url");
  return `${header}.${payload}.${signature}`;
}

const passFor = (token: string, at = auth()) => {
  const admission = at.admitIdentified(token);
  if (admission.kind === "refused") throw new Error(admission.code);
  return admission.pass;
};

describe("an identity token", () => {
  test("admits the person whom the host site names", () => {
    const pass = passFor(jwt());
    expect(pass).toMatchObject({ identifier: "id:ada", name: "Ada", anonymous: false });
    expect(auth().identifierOf(pass.token)).toBe("id:ada");
  });

  test("may name several audiences, and leave the name out", () => {
    expect(passFor(jwt({ aud: ["shop", "web"], name: undefined }))).toMatchObject({ name: null });
  });

  test("is refused once it has expired", () => {
    expect(auth().admitIdentified(jwt({ exp: seconds - 1 }))).toMatchObject({ kind: "refused", status: 401 });
  });

  const payload = jwt().split(".")[1];
  const unsigned = `${part({ alg: "none" })}.${payload}.`;
  test.each([
    ["signed with another secret", jwt({}, { secret: "another-secret-0123456789abcdef0" })],
    ["without a signature", unsigned],
    ["with an empty signature and HS256 claimed", `${jwt().split(".").slice(0, 2).join(".")}.`],
    ["that says alg none but is signed", jwt({}, { header: { alg: "none" } })],
    ["signed HS512", jwt({}, { header: { alg: "HS512" }, digest: "sha512" })],
    ["that says RS256", jwt({}, { header: { alg: "RS256" } })],
    ["with a critical extension", jwt({}, { header: { crit: ["exp"] } })],
    ["for another channel", jwt({ aud: "web-two" })],
    ["without an audience", jwt({ aud: undefined })],
    ["without an expiry", jwt({ exp: undefined })],
    ["valid for two hours", jwt({ exp: seconds + 7200 })],
    ["with an expiry in words", jwt({ exp: "tomorrow" })],
    ["not valid yet", jwt({ nbf: seconds + 300 })],
    ["without a subject", jwt({ sub: undefined })],
    ["with an empty subject", jwt({ sub: "" })],
    ["with a number for a subject", jwt({ sub: 7 })],
    ["with four parts", `${jwt()}.x`],
    ["whose signature got one more character", `${jwt()}A`],
    ["that is no token", "hello"],
    ["that is empty", ""],
  ])("%s is refused", (_what, token) => {
    expect(auth().admitIdentified(token)).toMatchObject({ kind: "refused", code: "identity_token_invalid" });
  });

  test("whose claims were changed after signing is refused", () => {
    const [header, , signature] = jwt().split(".");
    const forged = `${header}.${part({ sub: "eve", aud: "web", exp: seconds + 600 })}.${signature}`;
    expect(auth().admitIdentified(forged)).toMatchObject({ kind: "refused" });
  });

  test("is refused with an error that does not contain the secret", () => {
    expect(JSON.stringify(auth().admitIdentified("x.y.z"))).not.toContain(SECRET);
  });

  test("is refused by a channel without a secret", () => {
    const anonymousOnly = createVisitorAuth({ channel: "web", config: webConfigSchema.parse({}) });
    expect(anonymousOnly.admitIdentified(jwt())).toMatchObject({ code: "identity_not_configured" });
  });
});

describe("a visitor token", () => {
  test("of an anonymous visitor is new each time and cannot be read from the identifier", () => {
    const [one, two] = [auth().admitAnonymous(), auth().admitAnonymous()];
    expect(one.token).not.toBe(two.token);
    expect(one).toMatchObject({ anonymous: true, name: null, expiresAt: null });
    expect(auth().identifierOf(one.token)).toBe(one.identifier);
    expect(one.identifier).not.toContain(one.token.slice(4, 20));
  });

  test("of an identified visitor is refused on another channel with the same secret", () => {
    expect(auth({ channel: "web-two" }).identifierOf(passFor(jwt()).token)).toBeNull();
  });

  test("of an identified visitor is valid for an hour, and can be renewed for a day", () => {
    const hours = (count: number) => auth({ now: new Date(NOW.getTime() + count * 3600_000) });
    let { token } = passFor(jwt());
    expect(hours(0.9).identifierOf(token)).toBe("id:ada");
    expect(hours(1).identifierOf(token)).toBeNull();
    expect(hours(1).renew(token)).toBeNull();
    for (let at = 0.5; at < 24; at += 0.5) {
      const renewed = hours(at).renew(token);
      expect(renewed?.expiresAt?.getTime()).toBe(NOW.getTime() + Math.min(at + 1, 24) * 3600_000);
      token = renewed?.token ?? "";
    }
    expect(hours(23.9).identifierOf(token)).toBe("id:ada");
    expect(hours(24).identifierOf(token)).toBeNull();
  });

  test("of an anonymous visitor does not change when it is renewed", () => {
    const { token } = auth().admitAnonymous();
    expect(auth().renew(token)).toEqual({ token, expiresAt: null });
    expect(auth().renew("cwa_short")).toBeNull();
  });

  test("that was invented or changed is refused", () => {
    const { token } = passFor(jwt());
    const [payload = "", signature] = token.slice(4).split(".");
    const eve = part({ i: "id:eve", c: "web", e: NOW.getTime() + 60_000 });
    for (const forged of [
      `cwi_${eve}.${signature}`,
      `cwi_${payload}.${"A".repeat(43)}`,
      token.slice(0, -1),
      "",
      "cwa_short",
    ])
      expect(auth().identifierOf(forged)).toBeNull();
  });

  test("cannot be made by the host site, because its key is not the identity secret", () => {
    const payload = part({ i: "id:eve", c: "web", e: NOW.getTime() + 60_000 });
    const signature = createHmac("sha256", SECRET).update(payload).digest("base64url");
    expect(auth().identifierOf(`cwi_${payload}.${signature}`)).toBeNull();
  });

  test("and an identity token stay valid exactly as long as the old secret is listed", () => {
    const before = passFor(jwt({}, { secret: OLD }), auth({ identitySecret: OLD }));
    const during = auth({ identitySecret: [SECRET, OLD] });
    const after = auth({ identitySecret: SECRET });
    expect(during.identifierOf(before.token)).toBe("id:ada");
    expect(during.admitIdentified(jwt({}, { secret: OLD }))).toMatchObject({ kind: "admitted" });
    expect(after.identifierOf(passFor(jwt({}, { secret: OLD }), during).token)).toBe("id:ada");
    expect(after.identifierOf(before.token)).toBeNull();
    expect(after.admitIdentified(jwt({}, { secret: OLD }))).toMatchObject({ kind: "refused" });
  });
});

test.each([
  ["an origin with a path", { allowedOrigins: ["https://example.org/chat"] }],
  ["an origin with a trailing slash", { allowedOrigins: ["https://example.org/"] }],
  ["a star for an origin", { allowedOrigins: ["*"] }],
  ["a secret that can be guessed", { identitySecret: "short" }],
  ["three secrets", { identitySecret: [SECRET, OLD, SECRET] }],
  ["a key it does not know", { identitySecrets: [SECRET] }],
])("a configuration with %s is refused", (_what, config) => {
  expect(webConfigSchema.safeParse(config).success).toBe(false);
});
