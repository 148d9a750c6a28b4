import { expect, test } from "vitest";
import { createInstallations } from "../../src/channels/slack/installations.ts";
import { createWebApi } from "../../src/channels/slack/web-api.ts";
import { memoryValues } from "../support/channel-values.ts";
import { startFakeSlack } from "../support/fake-slack.ts";
import { createSubjectTools, partOf } from "./conformance-subject.ts";
import { slackChannel } from "./slack-subject.ts";

test("the channel names at its start the workspaces whose tokens were sealed with another secret", async () => {
  const fake = await startFakeSlack();
  const values = memoryValues();
  const oauthWith = (secret: string) => ({ clientId: "1.2", clientSecret: "client-secret", secret });
  const [oldSecret, newSecret] = [oauthWith("0".repeat(32)), oauthWith("1".repeat(32))];
  const api = createWebApi(fake.apiUrl);
  const install = async (oauth: typeof oldSecret, id: string) =>
    createInstallations({
      oauth,
      client: api.anonymous,
      values,
      onTrouble: () => undefined,
    }).storeInstallation({
      team: { id },
      enterprise: undefined,
      user: { id: "U0ADMIN001", token: undefined, scopes: undefined },
      bot: { token: `xoxb-${id}`, scopes: [], id: "B0BOT00001", userId: "U0BOT00001" },
    });
  await install(oldSecret, "T0ONE");
  await install(oldSecret, "T0TWO");
  await install(newSecret, "T0NEW");
  const overrides = { config: { botToken: undefined, oauth: newSecret }, values };
  const channel = slackChannel(fake, overrides);
  const context = createSubjectTools().startContext();
  await channel.start?.(context);
  expect(context.errors.at(-1)).toMatch(/T0ONE.*install the app there again; .*T0TWO/);
  expect(context.errors.at(-1)).not.toContain("T0NEW");
  await channel.stop?.();
  await api.close();
  await fake.close();
});

test("the page of a failed installation says whether Causeway or Slack has the problem", async () => {
  await using fake = await startFakeSlack();
  const { log, logged } = createSubjectTools();
  const away = () => Promise.reject(new Error("the database is away"));
  const oauth = { ...fake.oauth, secret: "0".repeat(32) };
  /** A visit of both pages, as a browser makes it. */
  async function install(values: ReturnType<typeof memoryValues>, code: string): Promise<unknown> {
    const channel = slackChannel(fake, { config: { botToken: undefined, oauth }, values, log });
    const visit = async (path: string, headers = {}) => {
      const received = await channel.receive({
        method: "GET",
        url: `/webhooks/slack/${path}`,
        headers,
        body: Buffer.alloc(0),
      });
      return received.kind === "accepted" ? received.response : undefined;
    };
    const begun = await visit("install");
    const state = new URL(begun?.headers?.Location ?? "").searchParams.get("state") ?? "";
    const cookie = begun?.headers?.["Set-Cookie"]?.split(";")[0] ?? "";
    const page = await visit(`oauth?${new URLSearchParams({ code, state })}`, { cookie });
    await channel.stop?.();
    return page;
  }
  for (const method of ["write", "add"] as const) {
    const page = await install({ ...memoryValues(), [method]: away }, fake.agree("T0ONE"));
    expect(page).toMatchObject({ status: 503, body: expect.stringContaining("Slack is not the cause") });
  }
  expect(JSON.stringify(logged())).toContain("an installation of the slack app was not stored");
  expect(await install(memoryValues(), "made up")).toMatchObject({
    status: 502,
    body: expect.stringContaining("Slack did not confirm"),
  });
  expect(await install(memoryValues(), fake.agree("T0ONE"))).toMatchObject({ status: 200 });
});

test("a send whose token cannot be read is retried, and the reason does not blame Slack", async () => {
  await using fake = await startFakeSlack();
  const values = { ...memoryValues(), read: () => Promise.reject(new Error("the database is away")) };
  const oauth = { ...fake.oauth, secret: "0".repeat(32) };
  const channel = slackChannel(fake, { config: { botToken: undefined, oauth }, values });
  const part = partOf("T0ONE/C0GENERAL1:1790000100.000100", "hello");
  const result = await channel.send(part, AbortSignal.timeout(10_000));
  expect(result).toMatchObject({ kind: "retry", reason: expect.stringMatching(/could not be read here/) });
  expect(result).not.toMatchObject({ reason: expect.stringContaining("Slack") });
  await channel.stop?.();
});

test("a rotating token is used until it expires while Slack is down, and exchanged afterwards", async () => {
  await using fake = await startFakeSlack();
  const api = createWebApi(fake.apiUrl);
  let now = Date.now();
  const troubles: (string | null)[] = [];
  const oauth = { ...fake.oauth, secret: "0".repeat(32) };
  const values = memoryValues();
  const installations = createInstallations({
    oauth,
    client: api.anonymous,
    values,
    onTrouble: (_team, words) => void troubles.push(words),
    clock: { now: () => new Date(now) },
  });
  const granted = await api.anonymous.oauth.v2.access({
    client_id: oauth.clientId,
    client_secret: oauth.clientSecret,
    code: fake.agree("T0ONE", { expiresInSeconds: 12 * 60 * 60 }),
  });
  const [token = ""] = fake.granted;
  await installations.storeInstallation({
    team: { id: "T0ONE" },
    enterprise: undefined,
    user: { id: "U0ADMIN001", token: undefined, scopes: undefined },
    bot: {
      token,
      refreshToken: granted.refresh_token ?? "",
      expiresAt: now / 1000 + 12 * 60 * 60,
      scopes: [],
      id: "B0BOT00001",
      userId: "U0BOT00001",
    },
  });
  expect(await installations.tokenOf("T0ONE")).toBe(token);
  now += 11 * 60 * 60_000;
  fake.fail({ html: 503 }, { method: "oauth.v2.access", times: 2 });
  expect(await installations.tokenOf("T0ONE")).toBe(token);
  now += 2 * 60 * 60_000;
  await expect(installations.tokenOf("T0ONE")).rejects.toThrow();
  const renewed = await installations.tokenOf("T0ONE");
  expect([renewed, fake.granted.length]).toEqual([fake.granted[1], 2]);
  expect(await installations.tokenOf("T0ONE")).toBe(renewed);
  // An unreachable server is no refusal, so the operator need not act.
  expect(troubles.filter((words) => words !== null)).toEqual([]);
  await api.close();
});
