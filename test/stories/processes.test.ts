import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFailed, onTestFinished } from "vitest";
import { startEmbeddedPostgres } from "../../src/storage/embedded/embedded-postgres.ts";
import { SECRET_TOKEN, updateWith } from "../channels/telegram-subject.ts";
import { signIn } from "../support/console.ts";
import { startFakeTelegram } from "../support/fake-telegram.ts";
import {
  runToEnd,
  type ServiceDirectory,
  serviceDirectory,
  spawnService,
  startProcess,
} from "../support/process.ts";
import { quietLog } from "../support/quiet-log.ts";
import { serviceProgram } from "../support/service-program.ts";
import {
  expectAnswers,
  markedDouble,
  message,
  patiently,
  post,
  query,
  receivedIn,
  repeated,
  talk,
  telegramConfig,
} from "./conversations.ts";

// These tests are about the embedded engine, whose queue is always Postgres.
describe.skipIf(process.env.CAUSEWAY_TEST_QUEUE === "redis")(
  "the service on one machine",
  { timeout: 300_000 },
  () => {
    it("starts without settings, prints where to chat, refuses a second start, and leaves no process running", async () => {
      await using directory = await serviceDirectory();
      await copyFile(
        new URL("../../channels.config.json", import.meta.url),
        join(directory.path, "channels.config.json"),
      );
      await using service = await startProcess({ directory });
      expect(service.output()).toContain(`${service.url}/chat/web`);
      const ready = await fetch(`${service.url}/readyz`);
      expect([ready.status, await ready.json()]).toEqual([
        200,
        expect.objectContaining({ status: "ready", dependencies: { postgres: "ok", queue: "ok" } }),
      ]);

      expect(service.output()).toContain(`Console:          ${service.url}/console\n`);
      const code = /\/console#code=(\S+) /.exec(service.output())?.[1] ?? "";
      const person = await signIn(service.url, { code });
      expect((await person.call("GET", "/console/session")).body).toMatchObject({ role: "owner" });

      expect(await chatOnce(service.url, await dataFile(directory, "api-key"))).toBe("You said: hello");
      const page = await fetch(`${service.url}/chat/web`);
      expect([page.status, page.headers.get("content-type")]).toEqual([
        200,
        expect.stringContaining("text/html"),
      ]);

      const second = await runToEnd({ directory });
      expect(second.code).toBe(1);
      expect(second.stderr).toContain(`.causeway is in use by process ${service.pid}.`);
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200);

      const postgres = await serverPid(directory);
      expect(await service.stop()).toBe(0);
      expect(() => process.kill(postgres, 0)).toThrow("ESRCH");
      expect(existsSync(join(directory.path, ".causeway/postgres/postmaster.pid"))).toBe(false);
    });

    it("prints every problem of the configuration, ends with code 1 and starts nothing", async () => {
      await using directory = await serviceDirectory({
        workspace: "default",
        agents: { coach: { bot: { type: "ecco" } } },
        channels: {
          telegram: { kind: "telegram", agent: "coahc", token: "$NOT_SET_ANYWHERE", secretToken: "s" },
          api: { kind: "api", agent: "coach", colour: "red" },
        },
      });
      const run = await runToEnd({
        directory,
        env: { CAUSEWAY_ROLE: "boss", DATABASE_URL: "mysql://u:pass-word@h/d" },
      });
      expect(run.code).toBe(1);
      expect(run.stdout).toBe("");
      for (const part of ["ecco", "coahc", "NOT_SET_ANYWHERE", "colour", "CAUSEWAY_ROLE", "DATABASE_URL"]) {
        expect(run.stderr).toContain(part);
      }
      expect(run.stderr).not.toContain("pass-word");
      expect(existsSync(join(directory.path, ".causeway"))).toBe(false);
    });

    it("reports a port that is in use, and ends with code 1", async () => {
      await using fake = await startFakeTelegram();
      await using directory = await serviceDirectory(telegramConfig(fake));
      await directory.givePostgres();
      const run = await runToEnd({ directory, env: { PORT: new URL(fake.url).port } });
      expect(run.code).toBe(1);
      expect(run.stderr).toBe(
        `Port ${new URL(fake.url).port} on 127.0.0.1 is taken. Stop what listens there, or set PORT to another one.\n`,
      );
      const env = { CAUSEWAY_PUBLIC_URL: "https://chat.example.org" };
      await using service = await startProcess({ directory, env });
      // The port is free again, and people elsewhere need the public address.
      expect(service.output()).toContain("API:              https://chat.example.org/docs\n");
      expect(await service.stop()).toBe(0);
    });

    it("reports an unreachable Postgres in one line, and ends with code 1", async () => {
      await using directory = await serviceDirectory({
        agents: { echo: { bot: { type: "echo" } } },
        channels: { api: { kind: "api", agent: "echo" } },
      });
      const run = await runToEnd({
        directory,
        env: { DATABASE_URL: "postgres://u:pass-word@127.0.0.1:1/d" },
      });
      expect(run.code).toBe(1);
      expect(run.stderr).toBe(
        "The Postgres of DATABASE_URL cannot be reached at 127.0.0.1:1 (ECONNREFUSED). Start it, or correct DATABASE_URL.\n",
      );
    });

    it("starts after a first start that was killed at any moment", async () => {
      await using directory = await serviceDirectory({
        workspace: "default",
        agents: { echo: { bot: { type: "echo" } } },
        channels: { api: { kind: "api", agent: "echo" } },
      });
      const data = join(directory.path, ".causeway");
      const moments = [
        () => existsSync(data),
        () => existsSync(data) && readdirSync(data).some((name) => name.startsWith("postgres")),
        () => existsSync(join(data, "postgres", "postmaster.pid")),
        () => existsSync(join(data, "api-key")),
      ];
      for (const moment of moments) {
        await using service = spawnService({ directory });
        await patiently(() => expect(moment() || service.hasEnded()).toBe(true), 1);
        expect(service.output()).not.toContain("Causeway listens");
        service.signal("SIGKILL");
        await service.ended;
      }
      await using service = await startProcess({ directory });
      expect(service.output()).toContain(`Console:          ${service.url}/console\n`);
      const code = /\/console#code=(\S+) /.exec(service.output())?.[1] ?? "";
      const person = await signIn(service.url, { code });
      expect((await person.call("GET", "/console/session")).body).toMatchObject({ role: "owner" });

      expect(await chatOnce(service.url, await dataFile(directory, "api-key"))).toBe("You said: hello");
      expect(await service.stop()).toBe(0);
    });

    it("loads a new configuration on SIGHUP or `causeway reload`, and keeps the old one if it is wrong", async () => {
      await using fake = await startFakeTelegram();
      const saying = (say: unknown) => telegramConfig(fake, { bot: { type: "script", sequence: [{ say }] } });
      await using directory = await serviceDirectory(saying("old"));
      await directory.givePostgres();
      await using service = await startProcess({ directory });
      await post(service.url, message(1, "hi"));
      await patiently(() => expect(receivedIn(fake, 1)).toEqual(["old"]));

      await directory.configure(saying(42));
      service.signal("SIGHUP");
      await patiently(() => expect(service.output()).toContain("the old one is still used"));
      await directory.configure(saying("new"));
      const reload = [serviceProgram("cli"), "reload"];
      const asked = await promisify(execFile)(process.execPath, reload, { cwd: directory.path });
      expect(asked.stdout).toContain(`Asked process ${service.pid} to reload.`);
      await patiently(() => expect(service.output()).toContain("configuration reloaded"));
      await Promise.all([post(service.url, message(1, "hi")), post(service.url, message(2, "hi"))]);
      await patiently(() => expect(receivedIn(fake, 2)).toEqual(["new"]));
      await patiently(() => expect(receivedIn(fake, 1)).toEqual(["old", "old"]));
      expect(await service.stop()).toBe(0);
      await expect(
        promisify(execFile)(process.execPath, reload, { cwd: directory.path }),
      ).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringContaining("No process serves from"),
      });
    });

    it("loads a changed configuration by itself if it watches the file, unless the new one is wrong", async () => {
      await using fake = await startFakeTelegram();
      const prompted = (say: unknown) =>
        telegramConfig(fake, { bot: { type: "script", sequence: [{ say }] } });
      await using directory = await serviceDirectory(prompted("old"));
      await directory.givePostgres();
      await using service = await startProcess({ directory, env: { CAUSEWAY_WATCH: "1" } });
      await directory.configure(prompted(42));
      await patiently(() => expect(service.output()).toContain("the old one is still used"));
      expect(service.output()).not.toContain("configuration reloaded");
      expect(service.output()).toContain("agents.talker.bot.sequence");
      await post(service.url, message(1, "hi"));
      await patiently(() => expect(receivedIn(fake, 1)).toEqual(["old"]));
      await directory.configure(prompted("new"));
      await patiently(() => expect(service.output()).toContain("configuration reloaded"));
      await post(service.url, message(2, "hi"));
      await patiently(() => expect(receivedIn(fake, 2)).toEqual(["new"]));
      expect(await service.stop()).toBe(0);
    });

    it("finishes the running turn when it is stopped", async () => {
      await using fake = await startFakeTelegram();
      const bot = { type: "script", sequence: [{ say: "just in time", delayMs: 2_000 }] };
      await using directory = await serviceDirectory(telegramConfig(fake, { bot }));
      await directory.givePostgres();
      await using service = await startProcess({ directory });
      expect(await post(service.url, message(1, "hi"))).toBe(200);
      expect(await service.stop()).toBe(0);
      expect(receivedIn(fake, 1)).toEqual(["just in time"]);
    });

    it("answers everything although its Postgres is killed", async () => {
      await using fake = await startFakeTelegram();
      fake.delay(15);
      await using directory = await serviceDirectory(telegramConfig(fake));
      await directory.givePostgres();
      await using service = await startProcess({
        directory,
        times: { leaseMs: 2_000, heartbeatMs: 500 },
      });
      const size = { chats: 20, each: 10 };
      const talking = talk(size, () => [service.url]);
      for (const moment of [20, 90]) {
        await patiently(() => expect(fake.sent.length).toBeGreaterThanOrEqual(moment));
        process.kill(await serverPid(directory), "SIGKILL");
        const ready = async () => expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
        await patiently(ready);
      }
      await talking;
      await expectAnswers(fake, size);
      expect(await service.stop()).toBe(0);
      await using database = await openData(directory);
      // The service kept Telegram's answers until it could record them.
      expect([await markedDouble(database.url), repeated(fake)]).toEqual([[], []]);
    });

    it("answers every accepted message in order, although it is killed again and again", async () => {
      await using fake = await startFakeTelegram();
      // Long enough that every kill interrupts sends.
      fake.delay(15);
      await using directory = await serviceDirectory(telegramConfig(fake));
      await directory.givePostgres();
      const size = { chats: 20, each: 10 };
      const start = () => startForTest({ directory });
      let service = await start();
      const talking = talk(size, () => [service.url]);
      for (const moment of [1, 60, 130]) {
        await patiently(() => expect(fake.sent.length).toBeGreaterThanOrEqual(moment));
        await service.kill();
        service = await start();
      }
      await talking;
      await expectAnswers(fake, size);
      expect(await service.stop()).toBe(0);
      await using database = await openData(directory);
      const marked = await markedDouble(database.url);
      expect(marked).toEqual(expect.arrayContaining(repeated(fake)));
      // The kills did interrupt sends. Otherwise this test would prove nothing about duplicates.
      expect(marked.length).toBeGreaterThan(0);
      const [counts] = await query(
        database.url,
        `SELECT count(*)::int AS answers, (SELECT count(*)::int FROM sessions) AS sessions,
         (SELECT count(*)::int FROM executions WHERE status <> 'completed') AS unfinished
       FROM messages WHERE role = 'assistant'`,
      );
      expect(counts).toEqual({ answers: 200, sessions: 20, unfinished: 0 });
    });

    it("finishes an answer once if it was killed while showing it", async () => {
      await using fake = await startFakeTelegram();
      const say = Array.from({ length: 25 }, (_, n) => `word${n}`).join(" ");
      const bot = { type: "script", sequence: [{ say, wordDelayMs: 200 }] };
      const config = telegramConfig(fake, { bot, channel: { streaming: true } });
      await using directory = await serviceDirectory(config);
      await directory.givePostgres();
      let service = await startForTest({ directory });
      const chat = { id: -4711, type: "group", title: "Readers" };
      expect(await post(service.url, updateWith({ chat, text: "/start" }))).toBe(200);
      const edits = () => fake.calls.filter(({ method }) => method === "editMessageText");
      await patiently(() => expect(edits()).toHaveLength(1));
      await service.kill();
      expect(receivedIn(fake, chat.id)).toEqual([expect.stringMatching(/^word0 .*\d$/)]);
      expect(receivedIn(fake, chat.id)).not.toEqual([say]);
      service = await startForTest({ directory });
      await patiently(() => expect(receivedIn(fake, chat.id)).toEqual([say]));
      expect(await service.stop()).toBe(0);
    });

    it("loses and repeats nothing when it stops and starts under load", async () => {
      await using fake = await startFakeTelegram();
      fake.delay(15);
      await using directory = await serviceDirectory(telegramConfig(fake));
      await directory.givePostgres();
      const size = { chats: 20, each: 6 };
      const start = () => startForTest({ directory });
      let service = await start();
      const talking = talk(size, () => [service.url]);
      for (const moment of [1, 50]) {
        await patiently(() => expect(fake.sent.length).toBeGreaterThanOrEqual(moment));
        expect(await service.stop()).toBe(0);
        service = await start();
      }
      await talking;
      await expectAnswers(fake, size);
      expect(repeated(fake)).toEqual([]);
      expect(await service.stop()).toBe(0);
      await using database = await openData(directory);
      expect(await markedDouble(database.url)).toEqual([]);
    });

    it("logs one message under its ids from webhook to receipt, and logs no secret", async () => {
      await using fake = await startFakeTelegram();
      await using directory = await serviceDirectory(telegramConfig(fake));
      await directory.givePostgres();
      await using service = await startProcess({ directory, env: { LOG_LEVEL: "trace" } });
      fake.fail({ cut: "before" });
      const update = message(7, "follow me");
      expect(await post(service.url, update)).toBe(200);
      await patiently(() => expect(receivedIn(fake, 7)).toEqual(["You said: follow me"]));
      const lines = await patiently(() => {
        const found = logLines(service.output());
        expect(found.map(({ msg }) => msg)).toContain("delivered");
        return found;
      });
      const accepted = lines.find(({ msg }) => msg === "accepted");
      expect(accepted?.event_keys).toEqual([expect.stringContaining(String(update.update_id))]);
      const ended = lines.find(({ msg }) => msg === "turn ended");
      expect(ended).toMatchObject({
        session_id: accepted?.session_id,
        message_id: accepted?.message_id,
      });
      const delivered = lines.find(({ msg }) => msg === "delivered");
      expect(ended?.deliveries).toEqual([delivered?.delivery_id]);
      expect(delivered).toMatchObject({ session_id: accepted?.session_id, external_ids: ["7:1"] });
      const secrets = [
        fake.token,
        SECRET_TOKEN,
        await dataFile(directory, "api-key"),
        await dataFile(directory, "postgres-password"),
      ];
      expect(await service.stop()).toBe(0);
      for (const secret of secrets) expect(service.output()).not.toContain(secret);
    });
  },
);

/** A process that ends with its test, in any case. */
async function startForTest(options: Parameters<typeof startProcess>[0]) {
  const service = await startProcess(options);
  onTestFinished(() => service.kill());
  // Without the log, a failure under load cannot be explained afterwards.
  onTestFailed(() => {
    process.stderr.write(`log of process ${service.pid}:\n${service.output()}\n`);
  });
  return service;
}

async function serverPid(directory: ServiceDirectory): Promise<number> {
  return Number.parseInt(await dataFile(directory, "postgres/postmaster.pid"), 10);
}

async function dataFile(directory: ServiceDirectory, name: string): Promise<string> {
  return (await readFile(join(directory.path, ".causeway", name), "utf8")).trim();
}

/** The database of a stopped service. */
async function openData(directory: ServiceDirectory) {
  const dataDir = join(directory.path, ".causeway");
  const { url, stop } = await startEmbeddedPostgres({ dataDir, log: quietLog(), durable: false });
  return { url, [Symbol.asyncDispose]: stop };
}

function logLines(output: string): Record<string, unknown>[] {
  return output.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
}

/** A round trip over the API. */
async function chatOnce(url: string, apiKey: string): Promise<string> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const call = async (path: string, body: unknown) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    const text = await response.text();
    expect([response.status, text]).toEqual([201, expect.anything()]);
    return JSON.parse(text) as Record<string, string>;
  };
  const session = await call("/chat/sessions", { agent_id: "echo" });
  const answer = await call(`/chat/sessions/${session.id}/messages`, { content: "hello" });
  return String(answer.content);
}
