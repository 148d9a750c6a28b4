import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { botDefinitions } from "../../src/bots/registry.ts";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { configJsonSchema } from "../../src/config/config-json-schema.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { configTables, envExample, environmentTable } from "../../src/config/settings-tables.ts";
import type { JsonObject } from "../../src/core/text/json.ts";
import { aFile, bots, channels } from "./config-support.ts";

const root = new URL("../../", import.meta.url);
const validate = new Ajv2020({ strict: false, formats: { uri: true } }).compile(
  configJsonSchema({ bots, channels }),
);
const file = (path: string) => new URL(path, root).pathname;

test("the shipped file works without any variable, and has an echo agent on every default channel", () => {
  const env = { CAUSEWAY_CONFIG: file("channels.config.json") };
  const { workspaces } = loadConfig({ env, bots: botDefinitions, channels: channelDefinitions });
  const enabled = Object.values(workspaces[0]?.channels ?? {}).filter((channel) => channel.enabled);
  expect(workspaces[0]?.slug).toBe("default");
  expect(enabled.map(({ name, kind, agent }) => [name, kind, agent])).toEqual([
    ["web", "web", "echo"],
    ["api", "api", "echo"],
    ["telegram", "telegram", "echo"],
    ["slack", "slack", "echo"],
    ["whatsapp", "whatsapp", "echo"],
  ]);
});

test("the wellness coach example is a valid configuration", () => {
  const env = {
    CAUSEWAY_CONFIG: file("docs/examples/wellness-coach.config.json"),
    LLM_BASE_URL: "http://127.0.0.1:9/v1",
    LLM_API_KEY: "key",
  };
  const { workspaces } = loadConfig({ env, bots: botDefinitions, channels: channelDefinitions });
  expect(Object.keys(workspaces[0]?.agents ?? {})).toEqual(["wellness-coach"]);
});

test.each([
  "channels.config.json",
  "deploy/channels.config.json",
  "docs/examples/wellness-coach.config.json",
])("an editor finds no error in %s", (path) => {
  const real = configJsonSchema({ bots: botDefinitions, channels: channelDefinitions });
  const check = new Ajv2020({ strict: false, formats: { uri: true } }).compile(real);
  check(JSON.parse(readFileSync(file(path), "utf8")));
  expect(check.errors).toBeNull();
});

const telegram = { kind: "telegram", agent: "echo" };
test.each<[string, JsonObject, boolean]>([
  ["a plain file", {}, true],
  [
    "a reference where a URL belongs",
    { agents: { echo: { bot: { type: "llm", baseUrl: "$URL", apiKey: "$KEY" } } } },
    true,
  ],
  ["an unknown key", { wrkspace: 1 }, false],
  ["an agent without a bot", { agents: { echo: {} } }, false],
  ["an unknown key of a bot", { agents: { echo: { bot: { type: "echo", model: "x" } } } }, false],
  ["a channel with its keys", { channels: { t: { ...telegram, token: "$TOKEN" } } }, true],
  ["a channel without its keys", { channels: { t: telegram } }, false],
  ["the same, disabled", { channels: { t: { ...telegram, enabled: false } } }, true],
  ["an unknown key of a channel", { channels: { t: { ...telegram, token: "t", tokn: 1 } } }, false],
  ["a kind that cannot run yet", { channels: { s: { kind: "slack", agent: "echo" } } }, false],
  ["the same, disabled", { channels: { s: { kind: "slack", agent: "echo", enabled: false, x: 1 } } }, true],
  ["an unknown kind", { channels: { s: { kind: "slakc", agent: "echo", enabled: false } } }, false],
])("editors accept or reject %s as the service does", (_what, over, valid) => {
  expect(validate(aFile(over))).toBe(valid);
});

test("the tables list every variable and every key, with its default", () => {
  expect(environmentTable()).toContain("| `PORT` | `3000` |");
  const tables = configTables({ bots, channels });
  expect(tables).toContain("| `turns.attempts` | integer | `3` |");
  expect(tables).toContain('| `events[].do[].action` | `"log"`, `"end_session"`');
  expect(tables).toContain('### `"kind": "telegram"`');
  expect(envExample(["TELEGRAM_BOT_TOKEN"], ["TELEGRAM_BOT_TOKEN", "SLACK_APP_TOKEN", "NAME"])).toMatch(
    /# PORT=3000\n[\s\S]*# TELEGRAM_BOT_TOKEN=\n\n# [^\n]*\n# SLACK_APP_TOKEN=\n$/,
  );
});

test("the example environment lists the variables that the pages mention", () => {
  const example = readFileSync(file(".env.example"), "utf8");
  for (const name of [
    "LLM_API_KEY",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "META_ACCESS_TOKEN",
    "META_APP_SECRET",
  ])
    expect(example.match(new RegExp(`^# ${name}=$`, "gm"))).toHaveLength(1);
});
