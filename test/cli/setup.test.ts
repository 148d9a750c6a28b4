import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { startScriptedTelegram } from "../support/scripted-telegram.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-setup-"));
});
afterEach(() => rm(directory, { recursive: true }));

const TOKEN = "4242424242:AAE1x2y3z4-abcdefghijklmnopqrstuvwx";
const read = (file: string) => readFile(join(directory, file), "utf8");
const config = async () => JSON.parse(await read("channels.config.json"));

/** Runs a command in the directory. `answers` come from a person at a terminal. Without them there is no terminal. */
async function run(args: string[], { env = {}, answers }: { env?: object; answers?: string[] } = {}) {
  let output = "";
  const print = (line: string) => {
    output += `${line}\n`;
  };
  const waiting = [...(answers ?? [])];
  const code = await runCli(args, {
    print,
    start: async () => print("started"),
    directory,
    env: { ...parseEnv(await read(".env").catch(() => "")), ...env },
    terminal: answers === undefined ? null : { ask: async () => waiting.shift() ?? "" },
  });
  return { code, output };
}

/** Expects that the service can start with the written files. */
async function expectGood(env = {}) {
  const { code, output } = await run(["config", "check"], {
    env: { ...env, CAUSEWAY_CONFIG: join(directory, "channels.config.json") },
  });
  expect(output).toContain("The configuration is valid.");
  expect(code).toBe(0);
}

it("starts without preparation, and writes a first configuration if there is none", async () => {
  const first = await run([]);
  expect(first).toMatchObject({ code: null });
  expect(first.output).toMatch(/^Wrote channels\.config\.json: .*\nstarted\n$/);
  await expectGood();
  const before = await read("channels.config.json");
  expect((await run([])).output).toBe("started\n");
  expect(await run(["init"])).toMatchObject({
    code: 0,
    output: expect.stringContaining("Nothing was written"),
  });
  expect(await read("channels.config.json")).toBe(before);
});

it("writes no configuration for `start`, and none if CAUSEWAY_CONFIG names several", async () => {
  await run(["start"]);
  await expect(config()).rejects.toThrow("ENOENT");
  expect((await run(["init"], { env: { CAUSEWAY_CONFIG: "a.json,b.json" } })).code).toBe(1);
});

describe("causeway channel add", () => {
  it("adds a disabled channel while its variables are missing, and says where to get them", async () => {
    await run(["init"]);
    for (const kind of ["telegram", "slack", "whatsapp", "sms", "sureadhere"]) {
      const { code, output } = await run(["channel", "add", kind]);
      expect(code, output).toBe(0);
      expect(output).toContain("disabled until");
    }
    const meta = await run(["channel", "add", "whatsapp", "--name", "second", "--provider", "meta"]);
    expect(meta.output).toMatch(/SECOND_META_ACCESS_TOKEN: Business settings/);
    await expectGood();
    const { channels } = await config();
    expect(channels.telegram).toEqual({
      kind: "telegram",
      agent: "echo",
      enabled: false,
      mode: "polling",
      token: "$TELEGRAM_BOT_TOKEN",
    });
    expect(channels.second.verifyToken).toBe("$SECOND_META_VERIFY_TOKEN");
    expect(parseEnv(await read(".env"))).toMatchObject({
      SA_WEBHOOK_SECRET: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(Object.keys(channels)).toEqual([
      "web",
      "api",
      "telegram",
      "slack",
      "whatsapp",
      "sms",
      "sureadhere",
      "second",
    ]);
  });

  it("asks for the token, checks it with the platform, and stores it in .env", async () => {
    await using telegram = await startScriptedTelegram({ token: TOKEN });
    await run(["init"]);
    const before = await read("channels.config.json");
    const add = ["channel", "add", "telegram", "--api", telegram.url];
    const wrong = await run(add, { answers: ["123456:not-the-token-of-anybody"] });
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain("Nothing was written");
    expect(await read("channels.config.json")).toBe(before);
    await expect(read(".env")).rejects.toThrow("ENOENT");

    const right = await run(add, { answers: [TOKEN] });
    expect(right.code, right.output).toBe(0);
    expect(right.output).not.toContain(TOKEN);
    expect(parseEnv(await read(".env"))).toEqual({ TELEGRAM_BOT_TOKEN: TOKEN });
    expect((await stat(join(directory, ".env"))).mode & 0o777).toBe(0o600);
    expect((await config()).channels.telegram).toMatchObject({ apiRoot: telegram.url });
    expect(JSON.stringify(await config())).not.toContain(TOKEN);
    await expectGood({ TELEGRAM_BOT_TOKEN: TOKEN });
  });

  it("preserves handwritten parts of the file, and refuses what a start would refuse", async () => {
    const text =
      '{ "agents": { "a": { "bot": { "type": "echo" } }, "b": { "bot": { "type": "echo" } } },\n  "channels": { "api": { "kind": "api", "agent": "a" } } }\n';
    await writeFile(join(directory, "channels.config.json"), text);
    const unsaid = await run(["channel", "add", "web"]);
    expect(unsaid).toMatchObject({ code: 1, output: expect.stringContaining("--agent: a, b") });
    expect((await run(["channel", "add", "web", "--agent", "c"])).output).toContain('no agent "c"');
    expect((await run(["channel", "add", "api", "--agent", "a"])).output).toContain(
      'has a channel "api" already',
    );
    const named = await run(["channel", "add", "web", "--agent", "b", "--name", "Two Words"]);
    expect(named).toMatchObject({ code: 1, output: expect.stringContaining('channels["Two Words"]') });
    expect(await read("channels.config.json")).toBe(text);

    expect((await run(["channel", "add", "web", "--agent", "b"])).code).toBe(0);
    const after = await read("channels.config.json");
    expect(after.startsWith(text.slice(0, text.lastIndexOf("}", text.length - 6)).trimEnd())).toBe(true);
    expect((await config()).channels.web).toEqual({ kind: "web", agent: "b" });

    await writeFile(join(directory, "channels.config.json"), "{");
    expect(await run(["channel", "add", "web"])).toMatchObject({
      code: 1,
      output: expect.stringContaining("Correct this first"),
    });
  });

  it("suggests the nearest kind", async () => {
    const { code, output } = await run(["channel", "add", "telgram"]);
    expect(code).toBe(2);
    expect(output).toContain("Did you mean telegram?");
    const mode = await run(["channel", "add", "telegram", "--mode", "poling"]);
    expect(mode).toMatchObject({ code: 2, output: expect.stringContaining('write "polling"') });
  });
});

describe("causeway agent add", () => {
  it("adds an echo, a model and an endpoint", async () => {
    expect((await run(["agent", "add", "parrot"])).code).toBe(0);
    const key = { env: { LLM_API_KEY: "a-key" } };
    const model = ["agent", "add", "coach", "--model", "gpt-4.1-mini", "--prompt", "Be kind.", "--unchecked"];
    const unset = await run(model);
    expect(unset).toMatchObject({ code: 1, output: expect.stringContaining("platform.openai.com/api-keys") });
    expect((await run(model, key)).code).toBe(0);
    const endpoint = ["--bot", "webhook", "--url", "http://127.0.0.1:9/chat", "--unchecked"];
    expect((await run(["agent", "add", "mine", ...endpoint], key)).output).toContain("the same BOT_SECRET");
    const own = ["agent", "add", "own", "--model", "llama", "--url", "http://127.0.0.1:9/v1", "--unchecked"];
    expect((await run(own, key)).code).toBe(0);
    const { agents } = await config();
    expect(agents.coach).toEqual({
      bot: { type: "llm", provider: "openai", apiKey: "$LLM_API_KEY", model: "gpt-4.1-mini" },
      messages: [{ role: "system", content: "Be kind." }],
    });
    expect(Object.keys(agents)).toEqual(["echo", "parrot", "coach", "mine", "own"]);
    await expectGood({ LLM_API_KEY: "a-key" });
  });

  it("checks the endpoint before it writes", async () => {
    const endpoint = ["agent", "add", "mine", "--bot", "webhook", "--url", "http://127.0.0.1:9/chat"];
    expect(await run(endpoint)).toMatchObject({
      code: 1,
      output: expect.stringContaining("Nothing was written"),
    });
    await expect(config()).rejects.toThrow("ENOENT");
    expect(await run(["agent", "add", "mine", "--bot", "webhok"])).toMatchObject({ code: 2 });
    expect(await run(["agent", "add", "mine", "--bot", "webhook"])).toMatchObject({ code: 2 });
    expect(await run(["agent", "add", "mine", "--bot", "llm"])).toMatchObject({ code: 2 });
  });
});
