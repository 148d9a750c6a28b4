import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { botDefinitions } from "../../src/bots/registry.ts";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigError } from "../../src/core/errors.ts";

const GOOD = { botToken: "xoxb-1-abc", signingSecret: "0123456789abcdef" };
const OAUTH = { clientId: "1.2", clientSecret: "0123456789", secret: "s".repeat(32) };

/** Where a Slack channel's configuration has problems, below the channel. */
function problemsAt(slack: Record<string, unknown>): string[] {
  const directory = mkdtempSync(join(tmpdir(), "causeway-slack-"));
  const agents = { echo: { bot: { type: "echo" } } };
  const channels = { slack: { kind: "slack", agent: "echo", ...slack } };
  writeFileSync(
    join(directory, "channels.config.json"),
    JSON.stringify({ workspace: "default", agents, channels }),
  );
  try {
    loadConfig({ env: {}, directory, bots: botDefinitions, channels: channelDefinitions });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path }) => path.replace(/^.*channels\.slack\.?/, ""));
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

test("a Slack channel without what proves who calls, or whose token it has, is refused", () => {
  expect(problemsAt({ botToken: GOOD.botToken })).toEqual(["signingSecret"]);
  expect(problemsAt({ ...GOOD, mode: "socket" })).toEqual(["appToken"]);
  expect(problemsAt({ signingSecret: GOOD.signingSecret })).toEqual(["botToken"]);
  expect(problemsAt({ ...GOOD, oauth: OAUTH })).toEqual(["botToken"]);
  expect(problemsAt({ ...GOOD, botToken: "xoxp-1-abc" })).toEqual(["botToken"]);
});

test("the agents a Slack channel chooses among have to exist", () => {
  expect(problemsAt({ ...GOOD, agents: { sales: { keywords: ["sales"] } } })).toEqual(["agents.sales"]);
});
