import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { botDefinitions } from "../../src/bots/registry.ts";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { createMetrics } from "../../src/observability/metrics.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");

/** A piece of a configuration, as the page shows it, in a whole one. */
function whole(example: string): object {
  if (example.startsWith("{")) return JSON.parse(example);
  const piece: object = JSON.parse(`{${example}}`);
  const base = { workspace: "default", agents: { echo: { bot: { type: "echo" } } } };
  if ("agents" in piece) return { ...base, ...piece, channels: { api: { kind: "api", agent: "coach" } } };
  return { ...base, channels: piece };
}

test.each(examples.map((example) => [example]))(
  "the configuration on the front page works: %s",
  (example) => {
    const directory = mkdtempSync(join(tmpdir(), "causeway-readme-"));
    try {
      writeFileSync(join(directory, "channels.config.json"), JSON.stringify(whole(example)));
      const env = {
        CAUSEWAY_PUBLIC_URL: "https://chat.example.org",
        TELEGRAM_BOT_TOKEN: "4242:token",
        TELEGRAM_WEBHOOK_SECRET: "a-secret-of-some-length",
        LLM_BASE_URL: "https://llm.example.org/v1",
        LLM_API_KEY: "llm-key",
      };
      const loaded = loadConfig({ env, directory, bots: botDefinitions, channels: channelDefinitions });
      expect(loaded.workspaces).toHaveLength(1);
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);

test("the front page has configurations, and names every metric there is", async () => {
  expect(examples.length).toBeGreaterThan(3);
  const names = [...(await createMetrics().text()).matchAll(/^# HELP (causeway_\w+)/gm)].map(
    (match) => match[1],
  );
  expect(names.filter((name) => !readme.includes(`\`${name}`))).toEqual([]);
});
