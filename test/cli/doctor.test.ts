import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { clockFindings } from "../../src/channels/check-channel.ts";
import { doctor } from "../../src/cli/doctor.ts";
import { startEndpoint } from "../bots/endpoint.ts";
import { API_KEY, startProvider } from "../bots/provider-server.ts";
import { runExample } from "../bots/run-example.ts";
import { startTestApp } from "../support/app.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { freePort } from "../support/redis.ts";
import { startScriptedTelegram } from "../support/scripted-telegram.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-doctor-"));
});
afterAll(() => rm(directory, { recursive: true }));

interface Reported {
  ok: boolean;
  findings: { where: string; severity: string; what: string; fix: string | null }[];
}

/** Runs `causeway doctor` on a configuration. Returns its JSON and its text. */
async function examine(config: object, env: Record<string, string> = {}) {
  await writeFile(
    join(directory, "channels.config.json"),
    JSON.stringify({ workspace: "default", ...config }),
  );
  const run = async (json: boolean) => {
    const lines: string[] = [];
    const all = { CAUSEWAY_CONFIG: "channels.config.json", PORT: String(await freePort()), ...env };
    const healthy = await doctor({ env: all, directory, json, print: (line) => lines.push(line) });
    return { healthy, text: lines.join("\n") };
  };
  const forProgram = await run(true);
  const report = JSON.parse(forProgram.text) as Reported;
  expect(report.ok).toBe(forProgram.healthy);
  const forPerson = await run(false);
  expect(forPerson.healthy).toBe(forProgram.healthy);
  const errors = report.findings
    .filter(({ severity }) => severity === "error")
    .map(({ where, what, fix }) => `${where}: ${what} -> ${fix}`);
  return { ...report, errors, text: forPerson.text };
}

const ECHO = { echo: { bot: { type: "echo" } } };
const API = { api: { kind: "api", agent: "echo" } };

describe("causeway doctor", () => {
  test("finds no problem in a fresh directory before the first start", async () => {
    const channels = { ...API, slack: { kind: "slack", agent: "echo", simulate: true } };
    const desks = { support: { channel: "slack", conversation: "C0123ABCD" } };
    const { ok, text, findings } = await examine({ agents: ECHO, channels, desks });
    expect(ok).toBe(true);
    expect(findings).toContainEqual(
      expect.objectContaining({ where: "channels.config.json: desks.support.channel", severity: "ok" }),
    );
    expect(text).toMatch(/warn {2}The service does not run[\s\S]*-> start it and run this again/);
    expect(text).toMatch(/0 failed, 1 warning\./);
  });

  test("reports problems of the configuration file, as a start would", async () => {
    const { errors } = await examine({ agents: ECHO, channels: { api: { kind: "api", agent: "ecko" } } });
    expect(errors).toEqual([
      expect.stringMatching(/^channels\.config\.json: channels\.api\.agent: .*ecko.*echo/),
    ]);
  });

  test("reports every problem, and continues with all checks that are still possible", async () => {
    await using telegram = await startScriptedTelegram();
    telegram.revokeToken();
    const channels = {
      api: { kind: "api", agent: "ecko" },
      lost: { kind: "telegram", agent: "echo", token: "$NOBODY", mode: "polling" },
      bot: { kind: "telegram", agent: "echo", token: "$TOKEN", mode: "polling", apiRoot: telegram.url },
    };
    const env = { TOKEN: telegram.token, PORT: "many", DATABASE_URL: "mysql://ada@127.0.0.1/causeway" };
    const { errors, text } = await examine({ agents: ECHO, channels }, env);
    expect(errors).toEqual([
      expect.stringMatching(/^environment: PORT: /),
      expect.stringMatching(/^environment: DATABASE_URL: /),
      expect.stringMatching(/channels\.api\.agent: .*ecko/),
      expect.stringMatching(/channels\.lost\.token: .*NOBODY/),
      expect.stringMatching(/channels\.bot\.token: .*401/),
    ]);
    expect(text).toContain("The queue runs on Postgres.");
    expect(text).not.toContain("The embedded Postgres");
    expect(text).not.toContain(telegram.token);
  });

  test("checks each platform, and names the key that has to be changed", async () => {
    await using telegram = await startScriptedTelegram();
    const channels = {
      ...API,
      bot: { kind: "telegram", agent: "echo", token: "$TOKEN", mode: "polling", apiRoot: telegram.url },
      off: { kind: "slack", agent: "echo", enabled: false },
    };
    const good = await examine({ agents: ECHO, channels }, { TOKEN: telegram.token });
    expect(good.errors).toEqual([]);
    expect(good.text).toContain("channels.config.json: channels.off.enabled\n  ok    Disabled");
    expect(good.text).toContain("Our clock agrees with the platform's.");
    telegram.revokeToken();
    const bad = await examine({ agents: ECHO, channels }, { TOKEN: telegram.token });
    expect(bad.errors).toEqual([
      expect.stringMatching(/^channels\.config\.json: channels\.bot\.token: .*401/),
    ]);
    expect(bad.text).not.toContain(telegram.token);
  });

  test("checks models and endpoints", async () => {
    await using provider = await startProvider();
    await using example = await runExample();
    await using careless = await startEndpoint((_, response) => {
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ messages: [{ content: "hello, whoever you are" }] }));
    });
    const llm = { type: "llm", baseUrl: `${provider.mock.url}/v1`, apiKey: API_KEY, model: "no-such-model" };
    const secret = "0123456789abcdef0123456789abcdef";
    const agents = {
      echo: { bot: { type: "echo" } },
      coach: { bot: llm },
      nobody: { bot: { ...llm, baseUrl: "http://127.0.0.1:9/v1" } },
      own: { bot: { type: "webhook", url: example.url, secret } },
      careless: { bot: { type: "webhook", url: careless.url, secret } },
    };
    const { errors, text } = await examine({ agents, channels: API });
    expect(errors).toEqual([
      expect.stringMatching(/agents\.nobody\.bot\.baseUrl: Nothing answers at http:\/\/127\.0\.0\.1:9\/v1/),
      expect.stringMatching(/agents\.careless\.bot\.url: It answered 200\..*HMAC/),
    ]);
    expect(text).toMatch(/agents\.own\.bot\.url\n {2}ok {4}The endpoint answers a signed turn/);
    expect(text).toMatch(/agents\.coach\.bot\.baseUrl\n {2}ok {4}.* answers and takes the key/);
    expect(text).not.toContain(API_KEY);
  });

  test("checks the database and the queue", async () => {
    await using migrated = await createTestDatabase();
    await using empty = await createTestDatabase({ empty: true });
    const config = { agents: ECHO, channels: API };
    const good = await examine(config, { DATABASE_URL: migrated.url });
    expect(good.text).toContain("The tables are those of this release.");
    expect((await examine(config, { DATABASE_URL: empty.url })).text).toMatch(
      /migrations are applied at the next start/,
    );
    // The doctor reports that the tests' server may lose commits.
    expect(good.errors).toEqual([expect.stringMatching(/^environment: DATABASE_URL: .*fsync off/)]);
    const away = await examine(config, {
      DATABASE_URL: "postgres://ada:open-sesame@127.0.0.1:9/causeway",
      REDIS_URL: "redis://127.0.0.1:9",
    });
    expect(away.errors).toEqual([
      expect.stringMatching(/^environment: DATABASE_URL: .*ECONNREFUSED/),
      expect.stringMatching(/^environment: REDIS_URL: .*ECONNREFUSED/),
    ]);
    expect(away.text).not.toContain("open-sesame");
  });

  test.runIf(inject("redisUrl"))("accepts a Redis that does not evict keys", async () => {
    const { errors, text } = await examine(
      { agents: ECHO, channels: API },
      { REDIS_URL: inject("redisUrl") ?? "" },
    );
    expect(errors).toEqual([]);
    expect(text).toMatch(/REDIS_URL\n {2}ok {4}(Redis|Valkey) \d/);
  });

  test("checks that the running service has this configuration", async () => {
    await using running = await startTestApp();
    await using other = await startScriptedTelegram();
    const config = { agents: ECHO, channels: API };
    const { text } = await examine(config, { PORT: new URL(running.url).port });
    expect(text).toContain(`The service answers at ${running.url}.`);
    const elsewhere = await examine(config, { CAUSEWAY_PUBLIC_URL: new URL(other.url).origin });
    expect(elsewhere.errors).toEqual([
      expect.stringMatching(/^environment: CAUSEWAY_PUBLIC_URL: Another server answers/),
    ]);
    const nowhere = await examine(config, {
      PORT: new URL(running.url).port,
      CAUSEWAY_PUBLIC_URL: "http://causeway.invalid",
    });
    expect(nowhere.errors).toEqual([
      expect.stringMatching(/causeway\.invalid does not use https/),
      expect.stringMatching(/The service runs at .*, and nothing answers at/),
    ]);
  });
});

test.each([
  [40, "ok"],
  [-40, "ok"],
  [100, "warning"],
  [-100, "warning"],
  [280, "error"],
])("a clock that is off by %i seconds gives severity %s", async (seconds, severity) => {
  const server = createServer((_, response) => {
    response.setHeader("Date", new Date(Date.now() - seconds * 1_000).toUTCString()).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await clockFindings(url)).toEqual([expect.objectContaining({ severity })]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
