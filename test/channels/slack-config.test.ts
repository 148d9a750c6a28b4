import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { botDefinitions } from "../../src/bots/registry.ts";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigError, type ConfigProblem } from "../../src/core/faults/errors.ts";

const GOOD = { botToken: "xoxb-1-abc", signingSecret: "0123456789abcdef" };
const OAUTH = { clientId: "1.2", clientSecret: "0123456789", secret: "s".repeat(32) };

/** The paths of problems in a Slack channel's configuration, relative to the channel. */
const problemsAt = (slack: Record<string, unknown>, env: Record<string, string> = {}) =>
  problemsOf(slack, env).map(({ path }) => path.replace(/^.*channels\.slack\.?/, ""));

function problemsOf(slack: Record<string, unknown>, env: Record<string, string> = {}): ConfigProblem[] {
  const directory = mkdtempSync(join(tmpdir(), "causeway-slack-"));
  const agents = { echo: { bot: { type: "echo" } } };
  const channels = { slack: { kind: "slack", agent: "echo", ...slack } };
  writeFileSync(
    join(directory, "channels.config.json"),
    JSON.stringify({ workspace: "default", agents, channels }),
  );
  try {
    loadConfig({ env, directory, bots: botDefinitions, channels: channelDefinitions });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...error.problems];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("a Slack channel is accepted in each of its forms", () => {
  expect(problemsAt(GOOD)).toEqual([]);
  expect(problemsAt({ botToken: GOOD.botToken, mode: "socket", appToken: "xapp-1-abc" })).toEqual([]);
  expect(problemsAt({ oauth: OAUTH, signingSecret: GOOD.signingSecret })).toEqual([]);
  expect(problemsAt({ ...GOOD, agents: { echo: { keywords: ["hi"] } } })).toEqual([]);
});

test("a Slack channel without signing secret or token, or with a wrong kind of token, is refused", () => {
  expect(problemsAt({ botToken: GOOD.botToken })).toEqual(["signingSecret"]);
  expect(problemsAt({ ...GOOD, mode: "socket" })).toEqual(["appToken"]);
  expect(problemsAt({ signingSecret: GOOD.signingSecret })).toEqual(["botToken"]);
  expect(problemsAt({ ...GOOD, oauth: OAUTH })).toEqual(["botToken"]);
  expect(problemsAt({ ...GOOD, botToken: "xoxp-1-abc" })).toEqual(["botToken"]);
});

test("a token that expires is refused, and the error names the alternatives", () => {
  const [problem, ...rest] = problemsOf({ ...GOOD, botToken: "xoxe.xoxb-1-MS0yLWFiYw" });
  expect(rest).toEqual([]);
  expect(problem?.fix).toMatch(/expires in 12 hours; use `oauth`, or switch token rotation off/);
  expect(problemsOf({ ...GOOD, botToken: "xoxp-1-abc" })[0]?.fix).toContain("begins with xoxb-");
});

test("two signing secrets are accepted while the secret is changed", () => {
  expect(problemsAt({ ...GOOD, signingSecret: ["0123456789abcdef", "fedcba9876543210"] })).toEqual([]);
  for (const signingSecret of [[], ["0123456789abcdef", "with space"], 1])
    expect(problemsAt({ ...GOOD, signingSecret })[0]).toMatch(/^signingSecret/);
});

test("a variable must be set only if the mode uses it", () => {
  const socket = { botToken: GOOD.botToken, mode: "socket", appToken: "xapp-1-abc" };
  expect(problemsAt({ ...socket, signingSecret: "$SLACK_SIGNING_SECRET" })).toEqual([]);
  expect(problemsAt({ ...socket, signingSecret: ["$SLACK_SIGNING_SECRET", "$OLD"] })).toEqual([]);
  expect(problemsAt({ ...socket, mode: "$MODE", signingSecret: "$SECRET" }, { MODE: "socket" })).toEqual([]);
  expect(problemsAt({ ...socket, appToken: "$SLACK_APP_TOKEN" })).toEqual(["appToken"]);
  expect(problemsAt({ ...GOOD, appToken: "$SLACK_APP_TOKEN" })).toEqual([]);
  expect(problemsAt({ ...GOOD, signingSecret: "$SLACK_SIGNING_SECRET" })).toEqual(["signingSecret"]);
});

test("a Slack channel can choose only among agents that exist", () => {
  expect(problemsAt({ ...GOOD, agents: { sales: { keywords: ["sales"] } } })).toEqual(["agents.sales"]);
});
