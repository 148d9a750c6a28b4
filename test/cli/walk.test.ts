import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { openPackagePlace, type PackagePlace, runIn } from "../support/installed-package.ts";
import { type Operator, type StartedService, type, typeStart, walkOf } from "../support/operator.ts";
import { createTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { freePort } from "../support/redis.ts";
import { hasProxy, SITE, startProxy } from "../support/reverse-proxy.ts";
import { startTraceReceiver, type TraceReceiver } from "../support/trace-receiver.ts";

/*
 * One operator walks through docs/install.md and docs/operating.md: each test is the next part of the way. The commands
 * are those of the documents. Only what differs at each place is replaced: names, dates and addresses.
 */

const root = fileURLToPath(new URL("../../", import.meta.url));
const BACKUP = "causeway-2026-11-30.gz";
const SERVER = "postgres://owner:password@db.example.org/causeway";

let place: PackagePlace;
let operator: Operator;
let receiver: TraceReceiver;
let server: TestDatabase;
let service: StartedService;
let key: string;
/** The conversation that goes through the whole walk. */
let session: string;
let attachment: string;
/** The echo bot also says which file it got. */
const FIRST = "You said: before\n[file: text/plain]";
const walks: Map<string, string[]>[] = [];

beforeAll(async () => {
  place = await openPackagePlace();
  receiver = await startTraceReceiver();
  server = await createTestDatabase({ empty: true });
  for (const page of ["docs/install.md", "docs/operating.md"]) walks.push(await walkOf(page));
  const env = {
    PATH: place.path,
    HOME: place.clone,
    PORT: String(await freePort()),
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_BSP_SCHEDULE_DELAY: "50",
  };
  operator = { directory: place.clone, env };
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
  await place?.[Symbol.asyncDispose]();
});

/** The next commands below a heading. Each is taken once. */
function commandsOf(heading: string, count = Number.POSITIVE_INFINITY): string[] {
  const walk = walks.find((each) => each.has(heading));
  const commands = walk?.get(heading)?.splice(0, count);
  if (!commands) throw new Error(`no document has commands for the walk below "${heading}"`);
  if (walk?.get(heading)?.length === 0) walk.delete(heading);
  return commands;
}

/** Runs a command of a document with what is different here. Expects success, and returns the output. */
async function follow(command = "", here: Record<string, string> = {}): Promise<string> {
  let own = command;
  for (const [written, real] of Object.entries(here)) {
    expect(own).toContain(written);
    own = own.replaceAll(written, real);
  }
  const { code, output } = await type(operator, own);
  expect(code, `${own}\n${output}`).toBe(0);
  return output;
}

/** Types a command that is expected to be refused. Returns the reason. */
async function refused(command: string): Promise<string> {
  const { code, output } = await type(operator, command);
  expect(code, output).toBe(1);
  return output;
}

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${service.url}/api/v1${path}`, {
    method,
    headers: { "X-API-Key": key, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  return answer.startsWith("{") ? JSON.parse(answer) : answer;
}
const say = async (content: string, id = session, more = {}): Promise<string> =>
  (await call("POST", `/chat/sessions/${id}/messages`, { content, ...more })).content;
const openSession = async (): Promise<string> =>
  (await call("POST", "/chat/sessions", { agent_id: "echo" })).id;
const textsOf = async (id: string): Promise<string[]> =>
  (await call("GET", `/chat/sessions/${id}/messages`)).data.map(
    ({ content }: { content: string }) => content,
  );

test("a tarball becomes a service, with a configuration, a chat and a client", async () => {
  const commands = commandsOf("As a package");
  const start = commands.pop() ?? "";
  // One shell, because a line changes the directory.
  await follow(commands.join("\n"));
  operator.directory = place.home;
  // Nothing is there yet to save or to move.
  for (const command of ["backup early.gz", `move --to ${server.url}`])
    expect(await refused(`npx causeway ${command}`)).toContain("There is no embedded database");

  service = await typeStart(operator, start);
  expect(service.output()).toContain("Wrote channels.config.json");
  const config = JSON.parse(await readFile(join(place.home, "channels.config.json"), "utf8"));
  expect(config.$schema).toBe("./node_modules/causeway-chat/docs/channels.config.schema.json");
  for (const path of ["/chat/web", "/widget/v1/loader.js"])
    expect((await fetch(service.url + path)).status).toBe(200);
  key = (await readFile(join(place.home, ".causeway", "api-key"), "utf8")).trim();

  const program = `
    import { type Answer, Causeway } from "causeway-chat/client";
    declare const process: { argv: string[]; stdout: { write(text: string): void } };
    const [baseUrl = "", apiKey = ""] = process.argv.slice(2);
    const client = new Causeway({ baseUrl, apiKey });
    const session = await client.chat.createSession({ agentId: "echo" });
    const reply: Answer = await client.chat.sendMessage(session.id, { content: "Hello!" });
    process.stdout.write(reply.content);`;
  await writeFile(join(place.home, "hello.mts"), program);
  await symlink(join(root, "node_modules", "@types"), join(place.home, "node_modules", "@types"));
  const flags = "--ignoreConfig --strict --module nodenext --target es2023 --lib es2023,dom";
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  runIn(place.home, process.execPath, [compiler, ...flags.split(" "), "hello.mts"]);
  expect((await type(operator, `node hello.mjs ${service.url} ${key}`)).output).toBe("You said: Hello!");
}, 300_000);

test.skipIf(!hasProxy("nginx"))("it is reached through nginx", async () => {
  await using proxy = await startProxy("nginx", service.url);
  const page = await proxy.ask("GET", "/chat/web", { headers: { host: SITE } });
  expect([page.statusCode, await text(page)]).toEqual([200, expect.stringContaining("<title>")]);
});

test("one message is one trace, and a month is exported", async () => {
  session = await openSession();
  const upload = await fetch(`${service.url}/api/v1/chat/sessions/${session}/attachments`, {
    method: "POST",
    headers: { "X-API-Key": key, "Content-Type": "text/plain" },
    body: "words in a file",
  });
  attachment = ((await upload.json()) as { id: string }).id;
  expect(await say("before", session, { attachment_ids: [attachment] })).toBe(FIRST);
  const [why] = commandsOf("Find a person and read their conversation");
  const told = await follow(why, { "3MOqrVyaaSGrsHZ9hbVi1OevqYu": session });
  const trace = /Trace: (\w+)/.exec(told)?.[1];
  await eventually(() => {
    const names = receiver.spans.filter(({ traceId }) => traceId === trace).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["causeway.ingest", "causeway.turn"]));
  });

  const day = (days: number) => new Date(Date.now() + days * 24 * 3_600_000).toISOString().slice(0, 10);
  const here = { "2026-11-01": day(-15), "2026-12-01": day(15) };
  for (const command of commandsOf("Export a month")) await follow(command, here);
  const lines = (await readFile(join(place.home, "november.jsonl"), "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).id)).toContain(session);
  const table = await readFile(join(place.home, "november.csv"), "utf8");
  expect(table).toContain("You said: before");
});

test("two versions of an agent are compared on an earlier conversation, and the second is taken back", async () => {
  const file = join(place.home, "channels.config.json");
  const config = JSON.parse(await readFile(file, "utf8"));
  config.agents.echo.bot = { type: "script", sequence: [{ say: "Good morning!" }] };
  await writeFile(file, JSON.stringify(config));
  const [reload, replay, rollback] = commandsOf("Compare two versions of an agent");
  await follow(reload);
  await eventually(async () => expect((await call("GET", "/agents/echo")).current_version).toBe(2));
  expect(await say("Hello?", await openSession())).toBe("Good morning!");

  const here = { "3MOqrasJPSP2hF94IKTIDXkbnjz": session, "coach@5": "echo@2" };
  const compared = await follow(replay, here);
  expect(compared).toMatch(
    /recorded[^\n]*\n?[^\n]*You said: before[\s\S]*replayed[^\n]*\n?[^\n]*Good morning!/,
  );
  expect(await textsOf(session)).toEqual(["before", FIRST]);
  await follow(rollback, { coach: "echo" });
  expect(await say("Hello?", await openSession())).toBe("You said: Hello?");
});

test("a backup is made while the service runs", async () => {
  const [backup] = commandsOf("Back it up", 1);
  expect(await follow(backup)).toMatch(/^causeway-2026-11-30\.gz: \d+ rows, 1 files\.$/m);
  expect(await refused(backup ?? "")).toContain(`${BACKUP} exists`);
  expect(await refused(`npx causeway restore ${BACKUP}`)).toContain("is in use by process");
  expect(await say("later")).toBe("You said: later");
});

test("the data move to a Postgres, the package is installed anew, and the conversation continues there", async () => {
  const [move] = commandsOf("From the embedded Postgres to a server");
  const early = await refused((move ?? "").replace(SERVER, server.url));
  expect(early).toContain("If the service runs, stop it first.");
  expect(await service.stop()).toBe(0);
  expect(await refused(`npx causeway restore ${BACKUP}`)).toContain("The database has rows already");
  const nowhere = await refused(
    "npx causeway move --to postgres://owner:hidden-password@127.0.0.1:1/nowhere",
  );
  expect(nowhere).toContain("Nothing was copied.");
  expect(nowhere).not.toContain("hidden-password");
  expect(await follow(move, { [SERVER]: server.url })).toMatch(/^ *messages: 10$/m);
  expect(await refused(`npx causeway move --to ${server.url}`)).toContain("has rows already");

  operator.env["DATABASE_URL"] = server.url;
  const redisUrl = inject("redisUrl");
  if (redisUrl !== null) operator.env["REDIS_URL"] = redisUrl;
  const [install, start, doctor] = commandsOf("Upgrade");
  await follow(install);
  service = await typeStart(operator, start ?? "");
  expect(service.output()).toContain("the embedded database is not used");
  const { output } = await type(operator, doctor ?? "");
  expect(output).toContain("The tables are those of this release.");
  // The server of the tests is fast because it may lose data.
  expect(output.match(/FAIL.*/g)).toEqual([expect.stringContaining("fsync off")]);
  expect(await say("after")).toBe("You said: after");
  expect(await textsOf(session)).toEqual([
    "before",
    FIRST,
    "later",
    "You said: later",
    "after",
    "You said: after",
  ]);
  expect(await service.stop()).toBe(0);
}, 300_000);

test("the backup is restored in an empty directory, and the conversation continues from there", async () => {
  const backup = await readFile(join(place.home, BACKUP));
  const { DATABASE_URL: _, REDIS_URL: __, ...env } = operator.env;
  operator = { directory: `${place.home}-again`, env };
  await mkdir(operator.directory);
  for (const name of ["node_modules", "channels.config.json"])
    await symlink(join(place.home, name), join(operator.directory, name));
  const write = (name: string, content: Buffer) => writeFile(join(operator.directory, name), content);

  const whole = gunzipSync(backup).toString();
  const newer = whole.replace('"migrations":[', '"migrations":["29990101000000_later",');
  for (const [content, reason] of [
    [
      gzipSync(whole.slice(0, whole.lastIndexOf('{"end"'))),
      "is no backup of Causeway, or only a part of one",
    ],
    [backup.subarray(0, 500), "is no backup of Causeway, or only a part of one"],
    [Buffer.from("no backup"), "is no backup of Causeway, or only a part of one"],
    [gzipSync(newer), "newer than this one"],
  ] as const) {
    await write("broken.gz", content);
    expect(await refused("npx causeway restore broken.gz")).toContain(reason);
  }

  await write(BACKUP, backup);
  const [restore, start] = commandsOf("Back it up");
  expect(await follow(restore)).toContain("and 1 files were restored");
  expect((await readFile(join(operator.directory, ".causeway/api-key"), "utf8")).trim()).toBe(key);
  service = await typeStart(operator, start ?? "");
  expect(await textsOf(session)).toEqual(["before", FIRST]);
  expect(await call("GET", `/attachments/${attachment}/content`)).toBe("words in a file");
  // Sequence numbers continue after those of the backup.
  expect(await say("after")).toBe("You said: after");
  await eventually(async () => expect(await textsOf(session)).toHaveLength(4));
  expect(await service.stop()).toBe(0);
  expect(walks.flatMap((walk) => [...walk.keys()])).toEqual([]);
}, 300_000);
