import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { readOrCreateSecret } from "../../src/config/secret-file.ts";
import { StartupError } from "../../src/core/faults/errors.ts";
import { explainStart } from "../../src/core/faults/start-fault.ts";

const nowhere = { dataDir: "/data", databaseUrl: null };
const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );
const wordsOf = (error: unknown) => (error instanceof StartupError ? error.message : null);

test.each<[string, (url: URL) => void, RegExp]>([
  ["that lacks the role", (url) => (url.username = "nobody_here"), /role "nobody_here"/],
  [
    "that lacks the database",
    (url) => (url.pathname = "/nothing_here"),
    /has no such database.*nothing_here.*Create it/,
  ],
])("a Postgres %s is explained by its setting, with the fix", async (_, change, words) => {
  const url = new URL(inject("postgresUrl"));
  change(url);
  const client = new pg.Client(url.href);
  const fault = wordsOf(
    explainStart(await errorOf(client.connect()), { dataDir: "/data", databaseUrl: url.href }),
  );
  expect(fault).toMatch(words);
  expect(fault).toContain("DATABASE_URL");
  expect(fault).not.toContain("\n");
});

test.each([
  ["postgres://u:pass-word@127.0.0.1:1/d", "cannot be reached at 127.0.0.1:1 (ECONNREFUSED). Start it, or"],
  ["postgres://u:pass-word@localhost:1/d", "cannot be reached at localhost:1 (ECONNREFUSED)."],
])(
  "a Postgres that does not answer at %s is explained by its setting, with the fix",
  async (databaseUrl, words) => {
    const error = await errorOf(new pg.Client(databaseUrl).connect());
    const fault = wordsOf(explainStart(error, { dataDir: "/data", databaseUrl }));
    expect(fault).toContain(words);
    expect(fault).not.toContain("pass-word");
  },
);

test.each<[string, string]>([
  ["28P01", "refuses the password of the role"],
  ["42501", "may not do what the start needs"],
  ["53300", "no connection left"],
  ["57P03", "takes no connections yet"],
  ["25006", "the primary server"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "NODE_EXTRA_CA_CERTS"],
])("a Postgres error %s is explained, also as the cause of another error", (code, words) => {
  const cause = Object.assign(new Error("from Postgres"), { code });
  const places = { dataDir: "/data", databaseUrl: "postgres://app:pass-word@db.example/causeway" };
  const fault = wordsOf(explainStart(new Error("could not migrate", { cause }), places));
  expect(fault).toContain(words);
  expect(fault).not.toContain("pass-word");
});

test.each([
  ["The server does not support SSL connections", "Take sslmode out"],
  ["SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string", "wants a password"],
  ['no pg_hba.conf entry for host "10.0.0.1", user "app", no encryption', "sslmode=require"],
  ["Connection terminated unexpectedly", "is no Postgres"],
])("the Postgres client error %j is explained", (message, words) => {
  const places = { dataDir: "/data", databaseUrl: "postgres://app@db.example/causeway" };
  expect(wordsOf(explainStart(new Error(message), places))).toContain(words);
});

test("a data directory that is a file, or below a file, is explained", async () => {
  const outer = await mkdtemp(join(tmpdir(), "causeway-fault-"));
  const file = join(outer, "file");
  await writeFile(file, "");
  for (const dataDir of [file, join(file, "below")]) {
    const error = await errorOf(Promise.resolve().then(() => readOrCreateSecret(dataDir, "api-key")));
    expect(wordsOf(explainStart(error, { dataDir, databaseUrl: null }))).toContain(
      "a file stands in its place",
    );
  }
  await rm(outer, { recursive: true });
});

test.each([
  ["EACCES", "chown -R"],
  ["EROFS", "cannot be written"],
  ["ENOSPC", "is full"],
])("a data directory that fails with %s is explained", (code, words) => {
  const error = Object.assign(new Error(code), { code, path: "/data/api-key" });
  expect(wordsOf(explainStart(error, nowhere))).toContain(words);
});

test("any other error stays unchanged", async () => {
  const outer = await mkdtemp(join(tmpdir(), "causeway-fault-"));
  await mkdir(join(outer, "folder"));
  const elsewhere = await errorOf(readFile(join(outer, "folder")));
  const startup = new StartupError("said already");
  for (const error of [elsewhere, startup, new Error("a bug"), "text"])
    expect(explainStart(error, nowhere)).toBe(error);
  await rm(outer, { recursive: true });
});
