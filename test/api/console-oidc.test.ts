import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { begunLogin, consolePath, oidcCookie } from "../../src/http/api/console/oidc-cookie.ts";
import { roleNamed } from "../../src/keys/role.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { signIn } from "../support/console.ts";
import { LOGOUT, type OidcDouble, startOidcDouble } from "../support/oidc-double.ts";
import { testPool } from "../support/postgres.ts";

let provider: OidcDouble;
let app: TestApp;
let pool: pg.Pool;

/** The cookies of the two hosts in a browser, and its current address. */
interface Visit {
  cookie: string;
  location: string;
}

const cookieOf = (response: Response, name: string) =>
  response.headers
    .getSetCookie()
    .find((cookie) => cookie.startsWith(`${name}=`))
    ?.split(";")[0] ?? "";

/** Follows the links to the provider and back, but does not go there. */
async function begin(to = "/console/people"): Promise<Visit> {
  const started = await fetch(`${app.url}/console/oidc/start?to=${encodeURIComponent(to)}`, {
    redirect: "manual",
  });
  expect(started.status).toBe(302);
  const asked = await fetch(started.headers.get("location") ?? "", { redirect: "manual" });
  return { cookie: cookieOf(started, "causeway_oidc"), location: asked.headers.get("location") ?? "" };
}

const finish = ({ cookie, location }: Visit) => fetch(location, { redirect: "manual", headers: { cookie } });

/** Signs in with the current claims. */
async function enter() {
  const answer = await finish(await begin());
  const cookie = cookieOf(answer, "causeway_console");
  const call = async (path: string) => {
    const response = await fetch(`${app.url}${path}`, { headers: { cookie } });
    const body = (await response.json()) as { role?: string };
    return { status: response.status, body };
  };
  return { cookie, location: answer.headers.get("location"), call };
}

const FAILED = "/console#sign-in=failed";

describe("a sign-in with OpenID Connect", () => {
  beforeAll(async () => {
    provider = await startOidcDouble();
    app = await startTestApp({
      env: {
        CAUSEWAY_OIDC_ISSUER: provider.issuer,
        CAUSEWAY_OIDC_CLIENT_ID: provider.clientId,
        CAUSEWAY_OIDC_ROLE_CLAIM: "realm.roles",
      },
    });
    pool = testPool(app.database.url);
  });
  afterAll(async () => {
    await pool?.end();
    await app?.[Symbol.asyncDispose]();
    await provider?.[Symbol.asyncDispose]();
  });

  it("assigns the role from the claim at each sign-in, and a name that colleagues know", async () => {
    provider.claims = { name: "Ada Lovelace", realm: { roles: ["staff", "causeway-agent", "viewer"] } };
    const ada = await enter();
    expect(ada.location).toBe("/console/people");
    const { body } = await ada.call("/console/session");
    expect(body).toMatchObject({ role: "agent", key: { name: "Ada Lovelace", operator: false } });
    const { body: chat } = await app.api("POST", "/chat/sessions", { agent_id: "echo" });
    const taken = await fetch(`${app.url}/api/v1/chat/sessions/${chat.id}/handoff`, {
      method: "POST",
      headers: { cookie: ada.cookie, "X-Console": "1", "content-type": "application/json" },
      body: "{}",
    });
    expect(taken.status).toBe(201);
    const { body: audit } = await app.api("GET", "/audit?actor=Ada%20Lovelace");
    expect(audit.data).toMatchObject([
      { operation: "requestHandoff", actor: { via: "console" } },
      { operation: "createConsoleSession", after: { role: "agent" } },
    ]);

    provider.claims = { name: "Ada Lovelace", realm: { roles: "owner" } };
    const promoted = await enter();
    expect((await promoted.call("/console/session")).body.role).toBe("owner");
    const keys = await app.api("GET", "/api_keys");
    expect(keys.body.data.filter(({ name }: { name: string }) => name === "Ada Lovelace")).toHaveLength(1);

    // A person who lost the role cannot sign in, and existing sign-ins end.
    provider.claims = { realm: { roles: ["staff"] } };
    expect((await enter()).location).toBe("/console#sign-in=no-role");
    expect((await promoted.call("/console/session")).status).toBe(401);
  });

  it("still works after the provider has rotated its keys", async () => {
    provider.claims = { realm: { roles: ["viewer"] } };
    await enter();
    await provider.rotate();
    const entered = await enter();
    expect((await entered.call("/console/session")).body.role).toBe("viewer");
  });

  it("is refused with a wrong state, nonce, code or key, or from another browser", async () => {
    provider.claims = { realm: { roles: ["owner"] } };
    const change = (visit: Visit, name: string): Visit => {
      const url = new URL(visit.location);
      url.searchParams.set(name, "another");
      return { ...visit, location: url.href };
    };
    const wrong: Visit[] = [
      change(await begin(), "state"),
      change(await begin(), "code"),
      { ...(await begin()), cookie: "" },
      { ...(await begin()), cookie: (await begin()).cookie },
    ];
    for (const visit of wrong) expect((await finish(visit)).headers.get("location")).toBe(FAILED);
    provider.nonce = "another";
    expect((await enter()).location).toBe(FAILED);
    provider.nonce = null;
    const used = await begin();
    expect((await finish(used)).headers.get("location")).toBe("/console/people");
    expect((await finish(used)).headers.get("location")).toBe(FAILED);
    const visit = await begin();
    const stolen = await provider.sign({ sub: "ada" });
    await provider.rotate();
    const logout = await fetch(`${app.url}/console/oidc/logout`, {
      method: "POST",
      body: new URLSearchParams({ logout_token: stolen }),
    });
    expect(logout.status).toBe(400);
    expect((await finish(visit)).headers.get("location")).toBe("/console/people");
    expect(JSON.stringify(app.log)).not.toContain(stolen);
  });

  it("ends when the provider ends its session, or after twelve hours", async () => {
    provider.claims = { realm: { roles: ["viewer"] }, sid: "one" };
    const one = await enter();
    provider.claims = { realm: { roles: ["viewer"] }, sid: "two" };
    const two = await enter();
    const operator = await signIn(app.url, { key: app.apiKey });
    const status = async ({ call }: { call(path: string): Promise<{ status: number }> }) =>
      (await call("/console/session")).status;
    const logout = async (token: string) =>
      (
        await fetch(`${app.url}/console/oidc/logout`, {
          method: "POST",
          body: new URLSearchParams({ logout_token: token }),
        })
      ).status;
    expect(await logout(await provider.sign({ ...LOGOUT, sid: "one" }))).toBe(200);
    expect([await status(one), await status(two)]).toEqual([401, 200]);
    // An ID token is not a logout token, and a logout token has no nonce.
    expect(await logout(await provider.sign({ sub: "ada", sid: "two" }))).toBe(400);
    expect(await logout(await provider.sign({ ...LOGOUT, sid: "two", nonce: "n" }))).toBe(400);
    await pool.query("UPDATE console_sessions SET expires_at = now() + interval '1 hour'");
    expect(await status(two)).toBe(200);
    const { rows } = await pool.query(
      "SELECT expires_at < now() + interval '2 hours' AS is_fixed FROM console_sessions WHERE provider_session = 'two'",
    );
    expect(rows).toEqual([{ is_fixed: true }]);
    expect(await logout(await provider.sign({ ...LOGOUT, sub: "ada" }))).toBe(200);
    expect(await status(two)).toBe(401);
    expect((await operator.call("GET", "/console/session")).status).toBe(200);
  });

  it("reports a failure while the provider is unreachable, and keys still open the console", async () => {
    const { issuer } = provider;
    await provider[Symbol.asyncDispose]();
    const started = await fetch(`${app.url}/console/oidc/start`, { redirect: "manual" });
    expect(started.headers.get("location")).toBe(FAILED);
    expect(await (await fetch(`${app.url}/console/oidc`)).json()).toEqual({ provider: new URL(issuer).host });
    expect((await signIn(app.url, { key: app.apiKey })).cookie).not.toBe("");
  });
});

it("a role needs an exact name in a claim, and the highest matching role counts", () => {
  expect(roleNamed(["viewer", "causeway-operator", "causeway:agent"])).toBe("operator");
  expect(roleNamed("owner")).toBe("owner");
  for (const claim of ["Product owner", ["owners", "co-owner"], { role: "owner" }, true, null, undefined])
    expect(roleNamed(claim)).toBeNull();
});

it("a sign-in redirects only to console screens, and reads only its own cookie", () => {
  for (const path of ["/console", "/console/people/a?q=b%20c", "/console?channel=web"])
    expect(consolePath(path)).toBe(path);
  for (const path of [
    "",
    "//example.org",
    "/console//example.org",
    "/consoles",
    "https://example.org",
    "/console\n",
  ])
    expect(consolePath(path)).toBe("/console");
  const login = { state: "s", nonce: "n", verifier: "v", to: "/console/people" };
  const cookie = oidcCookie(login, { secure: true });
  expect(cookie).toMatch(/; Path=\/console\/oidc; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/);
  expect(begunLogin(`other=1; ${cookie.split(";")[0]}`)).toEqual(login);
  for (const other of [undefined, "", "causeway_oidc=e30", "causeway_oidc=bm8"])
    expect(begunLogin(other)).toBeNull();
});
