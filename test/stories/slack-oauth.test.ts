import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ADA, callback, DM, nextTs } from "../channels/slack-subject.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { type Agreement, type FakeSlack, signedHeaders, startFakeSlack } from "../support/fake-slack.ts";

let fake: FakeSlack;
let app: TestApp;

beforeEach(async () => {
  fake = await startFakeSlack();
  fake.people.set(ADA, { name: "ada" });
  app = await startTestApp({
    channels: {
      slack: {
        kind: "slack",
        agent: "echo",
        oauth: { ...fake.oauth, secret: "0123456789abcdef0123456789abcdef" },
        signingSecret: fake.signingSecret,
        apiUrl: fake.apiUrl,
      },
    },
  });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await fake.close();
});

/** Begins an installation. Returns Slack's URL, the state, and the browser's cookie. */
async function begin() {
  const response = await fetch(`${app.url}/webhooks/slack/install`, { redirect: "manual" });
  expect(response.status).toBe(302);
  const url = new URL(response.headers.get("location") ?? "");
  const cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  return { url, state: url.searchParams.get("state") ?? "", cookie };
}

async function finish(query: Record<string, string>, cookie: string): Promise<number> {
  const url = `${app.url}/webhooks/slack/oauth?${new URLSearchParams(query)}`;
  const response = await fetch(url, { headers: { cookie } });
  await response.text();
  return response.status;
}

async function install(team: string, options: Agreement = {}): Promise<void> {
  const { state, cookie } = await begin();
  expect(await finish({ code: fake.agree(team, options), state }, cookie)).toBe(200);
}

function eventOf(team: string, event: Record<string, unknown>) {
  const authorizations = [{ enterprise_id: null, team_id: team, user_id: fake.us.userId, is_bot: true }];
  return { ...callback(fake, event), team_id: team, authorizations };
}

async function post(body: unknown): Promise<number> {
  const text = JSON.stringify(body);
  const headers = signedHeaders(text, fake.signingSecret);
  const response = await fetch(`${app.url}/webhooks/slack`, { method: "POST", headers, body: text });
  await response.arrayBuffer();
  return response.status;
}

const say = (team: string, text: string, ts = nextTs()) =>
  post(eventOf(team, { type: "message", channel: DM, channel_type: "im", user: ADA, ts, text }));

async function storedValues(): Promise<Buffer[]> {
  const client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  const { rows } = await client.query<{ value: Buffer }>(
    "SELECT value FROM channel_values WHERE key LIKE 'installation:%' ORDER BY key",
  );
  await client.end();
  return rows.map(({ value }) => value);
}

describe("one Slack app in several workspaces", () => {
  test("answers each workspace with its own token, and keeps their users and threads separate", async () => {
    const { url } = await begin();
    expect(url.pathname).toBe("/oauth/v2/authorize");
    expect(url.searchParams.get("scope")).toContain("chat:write");
    await install("T0ONE");
    await install("T0TWO");
    const ts = nextTs();
    expect([await say("T0ONE", "one", ts), await say("T0TWO", "two", nextTs())]).toEqual([200, 200]);
    await eventually(() =>
      expect(new Map(fake.posted.map(({ team, text }) => [team, text]))).toEqual(
        new Map([
          ["T0ONE", "You said: one"],
          ["T0TWO", "You said: two"],
        ]),
      ),
    );
    const { body } = await app.api("GET", "/chat/sessions");
    expect(new Set(body.data.map(({ user_id }: { user_id: string }) => user_id)).size).toBe(2);
    expect(body.data.map(({ external_id }: { external_id: string }) => external_id)).toContain(
      `T0ONE/${DM}:${ts}`,
    );
  });

  test("rejects an installation that another browser began", async () => {
    const { state, cookie } = await begin();
    const code = fake.agree("T0ONE");
    const other = await begin();
    expect(await finish({ code, state }, "")).toBe(400);
    expect(await finish({ code, state }, other.cookie)).toBe(400);
    expect(await finish({ code, state: `${state}x` }, cookie)).toBe(400);
    expect(await finish({ code }, cookie)).toBe(400);
    expect(await finish({ error: "access_denied", state }, cookie)).toBe(400);
    expect(await finish({ code: "made up", state }, cookie)).toBe(502);
    expect(fake.granted).toEqual([]);
    expect(await storedValues()).toEqual([]);
  });

  test("completes an installation once, even if its state is used again", async () => {
    const { state, cookie } = await begin();
    const codes = [fake.agree("T0ONE"), fake.agree("T0TWO"), fake.agree("T0THREE")];
    const statuses = await Promise.all(codes.map((code) => finish({ code, state }, cookie)));
    expect(statuses.sort()).toEqual([200, 400, 400]);
    expect(await storedValues()).toHaveLength(1);
    await install("T0FOUR");
    expect(await storedValues()).toHaveLength(2);
  });

  test("stores its tokens encrypted, and logs none", async () => {
    await install("T0ONE", { expiresInSeconds: 12 * 60 * 60 });
    const [value] = await storedValues();
    expect(value?.length).toBeGreaterThan(20);
    const shown = `${value?.toString("latin1")}${JSON.stringify(app.log)}`;
    for (const secret of [...fake.granted, "xoxe-", fake.oauth.clientSecret])
      expect(shown).not.toContain(secret);
  });

  test("replaces an expiring token once, even if many sends need it", async () => {
    await install("T0ONE", { expiresInSeconds: 60 });
    await Promise.all(["a", "b", "c", "d"].map((text) => say("T0ONE", text)));
    await eventually(() => expect(fake.posted).toHaveLength(4));
    expect(fake.granted).toHaveLength(2);
    const exchanges = fake.calls.filter(({ payload }) => payload["grant_type"] === "refresh_token");
    expect(exchanges).toHaveLength(1);
  });

  test("fails a delivery without a token, asks for a new installation, and works after it", async () => {
    await install("T0ONE", { expiresInSeconds: -1 });
    await install("T0TWO");
    fake.fail({ error: "invalid_refresh_token" }, { method: "oauth.v2.access", times: 20 });
    await say("T0ONE", "late");
    await eventually(async () => {
      const { body } = await app.api("GET", "/deliveries");
      expect(body.data).toMatchObject([
        { status: "failed", attempts: 1, error: expect.stringContaining("install the app again") },
      ]);
      const { body: channels } = await app.api("GET", "/channels");
      expect(channels.data.find(({ kind }: { kind: string }) => kind === "slack")).toMatchObject({
        state: "error",
        last_error: expect.stringMatching(/T0ONE.*install the app again/),
      });
    });
    fake.recover("oauth.v2.access");
    await install("T0ONE");
    await say("T0ONE", "again");
    await eventually(async () => {
      expect(fake.posted.map(({ text }) => text)).toEqual(["You said: again"]);
      const { body } = await app.api("GET", "/channels");
      expect(body.data.find(({ kind }: { kind: string }) => kind === "slack")).toMatchObject({ state: "ok" });
    });
  });

  test("shows an answer to an organization's user with the workspace's own token while it is written", async () => {
    await install("T0ONE");
    const authorizations = [
      {
        enterprise_id: "E0ORG",
        team_id: "T0ONE",
        user_id: fake.us.userId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ];
    fake.people.set("W0EVE00001", { name: "eve", team_id: "T0EVE" });
    const ts = nextTs();
    const event = {
      type: "app_mention",
      channel: "C0SHARED01",
      user: "W0EVE00001",
      user_team: "T0EVE",
      team: "E0ORG",
      ts,
      text: `<@${fake.us.userId}> hello`,
    };
    await post({ ...callback(fake, event), team_id: "T0EVE", authorizations });
    await eventually(() => expect(fake.posted).toMatchObject([{ team: "T0ONE", threadTs: ts }]));
  });

  test("deletes the data of a workspace that removes it, and fails its unsent messages", async () => {
    await install("T0ONE");
    await install("T0TWO");
    await post(eventOf("T0ONE", { type: "app_uninstalled" }));
    expect(await storedValues()).toHaveLength(1);
    await say("T0ONE", "late");
    await say("T0TWO", "fine");
    await eventually(async () => {
      const { body } = await app.api("GET", "/deliveries");
      expect(body.data.map(({ status }: { status: string }) => status).sort()).toEqual(["failed", "sent"]);
    });
    expect(fake.posted.map(({ team }) => team)).toEqual(["T0TWO"]);
  });

  test("stays installed when only a person's token is revoked", async () => {
    await install("T0ONE");
    await post(eventOf("T0ONE", { type: "tokens_revoked", tokens: { oauth: [ADA], bot: [] } }));
    expect(await storedValues()).toHaveLength(1);
  });

  test("serves all workspaces of an organization with one token, after an organization-wide installation", async () => {
    await install("E0ORG", { isOrganization: true, expiresInSeconds: 60 });
    /** An event in a workspace of the organization. */
    const inWorkspace = (team: string, event: Record<string, unknown>) => {
      const installation = { enterprise_id: "E0ORG", team_id: team, is_enterprise_install: true };
      const authorizations = [{ ...installation, user_id: fake.us.userId, is_bot: true }];
      const envelope = { team_id: team, enterprise_id: "E0ORG", context_enterprise_id: "E0ORG" };
      return post({ ...callback(fake, event), ...envelope, authorizations });
    };
    const threads = [nextTs(), nextTs()];
    for (const [index, team] of ["T0ONE", "T0TWO"].entries()) {
      const [ts, text] = [threads[index], `in ${team}`];
      const direct = { type: "message", channel: `D0ADA0000${index}`, channel_type: "im", user: ADA };
      expect(await inWorkspace(team, { ...direct, ts, text })).toBe(200);
    }
    await eventually(() =>
      expect(new Map(fake.posted.map(({ team, threadTs, text }) => [threadTs, [team, text]]))).toEqual(
        new Map([
          [threads[0], ["E0ORG", "You said: in T0ONE"]],
          [threads[1], ["E0ORG", "You said: in T0TWO"]],
        ]),
      ),
    );
    // Its token rotates like that of a workspace.
    expect(fake.granted).toHaveLength(2);
    const { body } = await app.api("GET", "/chat/sessions");
    expect(body.data.map(({ external_id }: { external_id: string }) => external_id).sort()).toEqual(
      threads.map((ts, index) => `E0ORG/D0ADA0000${index}:${ts}`),
    );
    await inWorkspace("T0ONE", { type: "app_uninstalled" });
    expect(await storedValues()).toEqual([]);
  });

  test("answers once in a channel that organizations share, also to people of a third one", async () => {
    await install("T0ONE");
    await install("T0TWO");
    fake.people.set("U0EVE00001", { name: "eve", team_id: "T0EVE" });
    const botOf = { T0ONE: fake.us.userId, T0TWO: "U0BOT00002" };
    /** Slack sends an event of a shared channel to each installation. */
    const share = (event: Record<string, unknown>) =>
      Promise.all(
        (["T0TWO", "T0ONE"] as const).map((team) => {
          const authorization = { enterprise_id: null, team_id: team, user_id: botOf[team], is_bot: true };
          const shared = { channel: "C0SHARED01", user: "U0EVE00001", user_team: "T0EVE", ...event };
          return post({
            ...callback(fake, shared),
            team_id: "T0EVE",
            context_team_id: team,
            is_ext_shared_channel: true,
            authorizations: [authorization],
          });
        }),
      );
    const ts = nextTs();
    const text = `<@${botOf.T0ONE}> hello`;
    const inChannel = { type: "message", channel_type: "channel" };
    expect(await share({ ...inChannel, ts, text })).toEqual([200, 200]);
    await eventually(() => expect(fake.posted).toMatchObject([{ team: "T0ONE", text: "You said: hello" }]));
    await share({ ...inChannel, ts: nextTs(), thread_ts: ts, text: "and then?" });
    await eventually(() => expect(fake.posted).toHaveLength(2));
    // The mention of the other bot opens a thread of its own, and the first bot is not asked.
    await share({ ...inChannel, ts: nextTs(), text: `<@${botOf.T0TWO}> and you?` });
    await eventually(() => expect(fake.posted).toHaveLength(3));
    expect(fake.posted.map(({ team, text: said }) => [team, said])).toEqual([
      ["T0ONE", "You said: hello"],
      ["T0ONE", "You said: and then?"],
      ["T0TWO", "You said: and you?"],
    ]);
    const { body } = await app.api("GET", "/chat/sessions");
    expect(body.meta.total).toBe(2);
  });
});
