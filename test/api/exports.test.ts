import { createServer } from "node:http";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { Causeway } from "../../src/client/index.ts";
import type { TestApp } from "../support/app.ts";
import { testPool } from "../support/postgres.ts";
import { startChatApp } from "./chat-app.ts";

let app: TestApp;
let pool: pg.Pool;
beforeAll(async () => {
  app = await startChatApp();
  pool = testPool(app.database.url);
});
afterAll(async () => {
  await pool.end();
  await app[Symbol.asyncDispose]();
});

async function talk(marker: string, ...contents: string[]): Promise<string> {
  const { body } = await app.api("POST", "/chat/sessions", { agent_id: "echo", metadata: { marker } });
  for (const content of contents) await app.api("POST", `/chat/sessions/${body.id}/messages`, { content });
  return body.id;
}

async function download(query: Record<string, string>) {
  const response = await fetch(`${app.url}/api/v1/exports/sessions?${new URLSearchParams(query)}`, {
    headers: { "X-API-Key": app.apiKey },
  });
  return { response, text: await response.text() };
}

const marked = (marker: string) => ({ metadata_filter: JSON.stringify({ marker }) });

async function lines(query: Record<string, string>) {
  const { text } = await download(query);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

describe("an export of sessions", () => {
  it("has each session in one line, oldest first, as the API shows it, with all its messages", async () => {
    const first = await talk("whole", "one", "two");
    const second = await talk("whole", "three");
    const { response } = await download(marked("whole"));
    expect(response.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="sessions.jsonl"');
    const found = await lines(marked("whole"));
    expect(found.map(({ id }) => id)).toEqual([first, second]);
    const { body: session } = await app.api("GET", `/chat/sessions/${first}`);
    const { body: messages } = await app.api("GET", `/chat/sessions/${first}/messages`);
    expect(found[0]).toMatchObject({ ...session, messages: messages.data, cursor: expect.any(String) });
    expect(found[0].messages.map(({ content }: { content: string }) => content)).toEqual([
      "one",
      "You said: one",
      "two",
      "You said: two",
    ]);
  });

  it("continues after the cursor of any line", async () => {
    const ids = [await talk("cursor", "a"), await talk("cursor", "b"), await talk("cursor", "c")];
    const found = await lines(marked("cursor"));
    for (const [index, { cursor }] of found.entries()) {
      const rest = await lines({ ...marked("cursor"), cursor });
      expect(rest.map(({ id }) => id)).toEqual(ids.slice(index + 1));
    }
    expect((await download({ cursor: "nonsense" })).response.status).toBe(400);
  });

  it("accepts the filters of the list", async () => {
    const found = await talk("filters", "a needle in the hay");
    await talk("filters", "hay");
    const ids = async (query: Record<string, string>) =>
      (await lines({ ...marked("filters"), ...query })).map(({ id }) => id);
    expect(await ids({ q: "needle" })).toEqual([found]);
    expect(await ids({ status: "completed" })).toEqual([]);
    expect((await download({ since: "soon" })).response.status).toBe(400);
    expect((await download({ format: "xml" })).response.status).toBe(400);
  });

  it("can hold more sessions and messages than one read returns", async () => {
    const id = await talk("many", "hello");
    await pool.query(
      `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
       SELECT 'm' || n, $1, 100 + n, 100 + n, 'user', 'user', 'word ' || n FROM generate_series(1, 1200) n`,
      [id],
    );
    await pool.query(
      `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, user_id, single, metadata, created_at)
       SELECT left(id, 23) || lpad(n::text, 4, '0'), workspace_id, agent_id, agent_version, channel_id, user_id, false,
         metadata, created_at + n * interval '1 second' FROM sessions, generate_series(1, 120) n WHERE id = $1`,
      [id],
    );
    const found = await lines(marked("many"));
    expect(new Set(found.map((line) => line.id)).size).toBe(121);
    expect(found[0].messages).toHaveLength(1202);
    expect(found.slice(1).every(({ messages }) => messages.length === 0)).toBe(true);
  });

  it("as a table has each message in one line, and no formula that a spreadsheet runs", async () => {
    const id = await talk(
      "csv",
      '=HYPERLINK("http://x"),\nsecond line',
      " @SUM(1)",
      "－1",
      "plain, with a comma",
    );
    const { response, text } = await download({ ...marked("csv"), format: "csv" });
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const [head, ...rows] = parseCsv(text);
    const column = (name: string) => rows.map((row) => row[head?.indexOf(name) ?? -1]);
    expect(column("session_id")).toEqual(Array.from({ length: 8 }, () => id));
    expect(column("content").filter((_, index) => index % 2 === 0)).toEqual([
      `'=HYPERLINK("http://x"),\nsecond line`,
      "' @SUM(1)",
      "'－1",
      "plain, with a comma",
    ]);
    expect(column("metadata")).toContain('{"marker":"csv"}');
    const cursors = column("cursor");
    expect(cursors.slice(0, -1)).toEqual(["", "", "", "", "", "", ""]);
    const rest = await download({ ...marked("csv"), format: "csv", cursor: cursors.at(-1) ?? "" });
    expect(parseCsv(rest.text)).toHaveLength(1);
  });

  it("needs a key that may read sessions", async () => {
    const { body: key } = await app.api("POST", "/api_keys", { name: "people", scopes: ["users:read"] });
    const address = `${app.url}/api/v1/exports/sessions`;
    expect((await fetch(address)).status).toBe(401);
    expect((await fetch(address, { headers: { "X-API-Key": key.secret } })).status).toBe(403);
  });
});

describe("an export of a person", () => {
  const client = () => new Causeway({ baseUrl: app.url, apiKey: app.apiKey });

  it("is one document with everything stored about that person, and nothing about others", async () => {
    const user = { identifier: "export-ada", name: "Ada" };
    const opened = await app.api("POST", "/chat/sessions", { agent_id: "echo", user });
    await app.api("POST", `/chat/sessions/${opened.body.id}/messages`, { content: "my secret garden" });
    const second = await app.api("POST", "/chat/sessions", { agent_id: "echo", user });
    await app.api("POST", "/chat/sessions", { agent_id: "echo", user: { identifier: "export-bob" } });
    const { user_id: id } = opened.body;
    await app.api("PATCH", `/users/${id}/data/echo`, { favouriteTea: "green" });
    await pool.query(
      `INSERT INTO user_aliases (channel_id, alias, identifier)
       SELECT channel_id, 'countess', identifier FROM users WHERE id = $1`,
      [id],
    );
    const planned = await app.api("POST", "/schedules", {
      agent_id: "echo",
      channel: "api",
      identifier: "export-ada",
      message_text: "Drink water.",
      every: "1d",
    });
    expect(planned.status, JSON.stringify(planned.body)).toBe(201);

    const asked = { reason: "wants a person", note: "was rude to Bob" };
    const handoff = await app.api("POST", `/chat/sessions/${second.body.id}/handoff`, asked);
    expect(handoff.status, JSON.stringify(handoff.body)).toBe(201);
    await pool.query(
      `INSERT INTO access_grants (id, workspace_id, channel_id, identifier, source, by_name, by_via)
       SELECT 'grant-' || names.name, workspace_id, channel_id, names.name, 'request', 'Eve', 'console'
       FROM users, unnest(ARRAY['countess', 'export-bob']) AS names(name) WHERE users.id = $1`,
      [id],
    );

    const response = await fetch(`${app.url}/api/v1/users/${id}/export`, {
      headers: { "X-API-Key": app.apiKey },
    });
    expect(response.headers.get("content-disposition")).toBe(`attachment; filename="person-${id}.json"`);
    const { user: shown, ...person } = await client().users.export(id);
    expect(shown).toEqual(await client().users.get(id));
    expect(person).toMatchObject({
      aliases: ["countess"],
      data: [{ sessionId: null, participantData: { favouriteTea: "green" } }],
      schedules: [{ id: planned.body.id, messageText: "Drink water." }],
      handoffs: [{ sessionId: second.body.id, requestReason: "wants a person", note: "was rude to Bob" }],
      access: {
        requests: [],
        grants: [{ identifier: "countess", grantedBy: { name: "Eve", via: "console" } }],
      },
    });
    expect(person.sessions.map((session) => session.id)).toEqual([opened.body.id, second.body.id]);
    const said = person.sessions.map(({ messages }) => messages.map(({ content }) => content));
    expect(said).toEqual([["my secret garden", "You said: my secret garden"], []]);
    const changed = person.changes?.map(({ operation, targets, via }) => [
      operation,
      via,
      targets.includes(id),
    ]);
    expect(changed).toEqual([
      ["createSession", "api", false],
      ["createSession", "api", false],
      ["mergeParticipantData", "api", true],
      ["requestHandoff", "api", false],
    ]);
    expect(JSON.stringify(person)).not.toMatch(/export-bob|127\.0\.0\.1/);

    const lines: string[] = [];
    const options = { print: (line: string) => void lines.push(line), start: async () => undefined };
    const env = { CAUSEWAY_API_KEY: app.apiKey };
    const args = ["export", "--url", app.url, "--user"];
    expect(await runCli([...args, "export-ada"], { ...options, env })).toBe(0);
    expect(JSON.parse(lines.join("\n")).sessions[0].messages[0].content).toBe("my secret garden");
    expect(await runCli([...args, "export-"], { ...options, env })).toBe(1);
    expect(lines.at(-1)).toContain("export-");
    expect(await runCli([...args, "export-nobody"], { ...options, env })).toBe(1);

    await client().users.delete(id);
    const certified = ["export", "--url", app.url, "--erasure"];
    lines.length = 0;
    expect(await runCli([...certified, id], { ...options, env })).toBe(0);
    expect(JSON.parse(lines.join("\n"))).toMatchObject({
      actor: { key_name: "operator" },
      erased_rows: { users: 1, user_aliases: 1, sessions: 2, messages: 2, handoffs: 1, access_grants: 1 },
    });
    expect(lines.join("\n")).not.toMatch(new RegExp(`${id}|export-ada|countess`));
    expect(await runCli([...certified, opened.body.id], { ...options, env })).toBe(1);
  });

  it("needs a key that may read both users and sessions", async () => {
    const { body: opened } = await app.api("POST", "/chat/sessions", {
      agent_id: "echo",
      user: { identifier: "scoped" },
    });
    for (const scopes of [["users:read"], ["sessions:read"]]) {
      const { body: key } = await app.api("POST", "/api_keys", { name: "half", scopes });
      const headers = { "X-API-Key": key.secret };
      expect((await fetch(`${app.url}/api/v1/users/${opened.user_id}/export`, { headers })).status).toBe(403);
    }
    const { body: both } = await app.api("POST", "/api_keys", {
      name: "both",
      scopes: ["users:read", "sessions:read"],
    });
    const headers = { "X-API-Key": both.secret };
    const allowed = await fetch(`${app.url}/api/v1/users/${opened.user_id}/export`, { headers });
    // The key has no scopes for these parts.
    expect(await allowed.json()).toMatchObject({ handoffs: null, access: null, changes: null });
    expect((await app.api("GET", "/users/2zzzzzzzzzzzzzzzzzzzzzzzzzz/export")).status).toBe(404);
  });
});

describe("causeway export", () => {
  const run = async (env: Record<string, string>, ...args: string[]) => {
    const [printed, noted]: [string[], string[]] = [[], []];
    const code = await runCli(["export", ...args], {
      print: (line) => printed.push(line),
      note: (line) => noted.push(line),
      start: async () => undefined,
      env,
    });
    return { code, printed, noted };
  };

  it("prints the lines of an export", async () => {
    const id = await talk("cli", "say shibboleth");
    const env = { CAUSEWAY_API_KEY: app.apiKey };
    const { code, printed } = await run(env, "--url", app.url, "--q", "shibboleth");
    expect([code, printed.map((line) => JSON.parse(line).id)]).toEqual([0, [id]]);
    const table = await run(env, "--url", app.url, "--q", "shibboleth", "--format", "csv");
    expect(parseCsv(`${table.printed.join("\n")}\n`)).toHaveLength(3);
  });

  it("reports an error, and prints no partial line if the export breaks off", async () => {
    const env = { CAUSEWAY_API_KEY: app.apiKey };
    expect(await run(env, "--url", app.url, "--since", "soon")).toMatchObject({
      code: 1,
      printed: [],
      noted: [expect.stringContaining("since")],
    });
    expect(await run(env, "--url", "http://127.0.0.1:9")).toMatchObject({
      code: 1,
      noted: [expect.stringContaining("does not answer")],
    });
    const server = createServer((_, response) => {
      response.write('{"id":"1"}\n{"id":', () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const broken = await run(env, "--url", `http://127.0.0.1:${port}`);
    server.close();
    expect(broken).toMatchObject({
      code: 1,
      printed: ['{"id":"1"}'],
      noted: [expect.stringContaining("--cursor")],
    });
  });
});

/** Rows of cells; every cell is in quotes. */
function parseCsv(text: string): string[][] {
  return text
    .split(/\r\n(?=")|\r\n$/)
    .filter((row) => row !== "")
    .map((row) =>
      [...row.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map((cell) => (cell[1] ?? "").replaceAll('""', '"')),
    );
}
