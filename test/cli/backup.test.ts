import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type ServiceDirectory, serviceDirectory, startProcess } from "../support/process.ts";
import { serviceProgram } from "../support/service-program.ts";

const config = {
  agents: { echo: { bot: { type: "echo" } } },
  channels: { api: { kind: "api", agent: "echo" } },
};

/** Runs a command of the service. Returns its exit code and output. */
async function run(directory: ServiceDirectory, ...args: string[]) {
  const command = promisify(execFile)(process.execPath, [serviceProgram("cli"), ...args], {
    cwd: directory.path,
    env: { PATH: process.env.PATH },
  });
  return await command.then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, output: stdout }),
  );
}

const keyOf = async (directory: ServiceDirectory) =>
  (await readFile(join(directory.path, ".causeway/api-key"), "utf8")).trim();

async function call(url: string, key: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { "X-API-Key": key, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: text.startsWith("{") ? JSON.parse(text) : null };
}

it("writes a backup while the service runs; another directory restores it and continues the conversation", async () => {
  await using directory = await serviceDirectory(config);
  expect(await run(directory, "backup", "early.gz")).toMatchObject({
    code: 1,
    output: expect.stringContaining("There is no embedded database"),
  });
  await directory.givePostgres();
  const file = join(directory.path, "backup.gz");
  let session = "";
  let attachment = "";
  let key = "";
  {
    await using service = await startProcess({ directory });
    key = await keyOf(directory);
    session = (await call(service.url, key, "POST", "/chat/sessions", { agent_id: "echo" })).body.id;
    const upload = await fetch(`${service.url}/api/v1/chat/sessions/${session}/attachments`, {
      method: "POST",
      headers: { "X-API-Key": key, "Content-Type": "text/plain" },
      body: "words in a file",
    });
    attachment = ((await upload.json()) as { id: string }).id;
    const said = { content: "before", attachment_ids: [attachment] };
    expect((await call(service.url, key, "POST", `/chat/sessions/${session}/messages`, said)).status).toBe(
      201,
    );

    expect(await run(directory, "backup", "backup.gz")).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^backup\.gz: \d+ rows, 1 files\.$/m),
    });
    expect(await run(directory, "backup", "backup.gz")).toMatchObject({
      code: 1,
      output: expect.stringContaining("backup.gz exists"),
    });
    const into = await run(directory, "restore", "backup.gz");
    expect(into).toMatchObject({ code: 1, output: expect.stringContaining("is in use by process") });
    expect(
      (await call(service.url, key, "POST", `/chat/sessions/${session}/messages`, { content: "later" }))
        .status,
    ).toBe(201);
    expect(await service.stop()).toBe(0);
  }
  const stopped = await run(directory, "restore", "backup.gz");
  expect(stopped).toMatchObject({
    code: 1,
    output: expect.stringContaining("The database has rows already"),
  });

  await using other = await serviceDirectory(config);
  const whole = gunzipSync(await readFile(file)).toString();
  const cut = whole.slice(0, whole.lastIndexOf('{"end"'));
  for (const [name, content] of [
    ["cut.gz", gzipSync(cut)],
    ["torn.gz", (await readFile(file)).subarray(0, 500)],
    ["text.gz", Buffer.from("no backup")],
  ] as const) {
    await writeFile(join(other.path, name), content);
    expect(await run(other, "restore", name)).toMatchObject({
      code: 1,
      output: expect.stringContaining("is no backup of Causeway, or only a part of one"),
    });
  }
  const newer = whole.replace('"migrations":[', '"migrations":["29990101000000_later",');
  await writeFile(join(other.path, "newer.gz"), gzipSync(newer));
  expect(await run(other, "restore", "newer.gz")).toMatchObject({
    code: 1,
    output: expect.stringContaining("newer than this one"),
  });

  expect(await run(other, "restore", file)).toMatchObject({
    code: 0,
    output: expect.stringContaining("and 1 files were restored"),
  });
  expect(await keyOf(other)).toBe(key);
  await using service = await startProcess({ directory: other });
  const messages = await call(service.url, key, "GET", `/chat/sessions/${session}/messages`);
  const texts = () => messages.body.data.map(({ content }: { content: string }) => content);
  expect(texts()[0]).toBe("before");
  expect(texts()).not.toContain("later");
  const stored = await call(service.url, key, "GET", `/attachments/${attachment}/content`);
  expect([stored.status, stored.text]).toEqual([200, "words in a file"]);
  const next = await call(service.url, key, "POST", `/chat/sessions/${session}/messages`, {
    content: "after",
  });
  expect(next.body.content).toBe("You said: after");
  // Sequence numbers continue after those of the backup.
  await eventually(async () => {
    const after = await call(service.url, key, "GET", `/chat/sessions/${session}/messages`);
    expect(after.body.data).toHaveLength(texts().length + 2);
  });
  expect(await service.stop()).toBe(0);
}, 300_000);
