import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readEnvironment } from "../../src/config/env.ts";
import { parseSettings } from "../../src/config/settings.ts";

test("the defaults work without any variable", () => {
  expect(parseSettings({}, "/srv/causeway")).toEqual({
    problems: [],
    settings: {
      port: 3000,
      host: "127.0.0.1",
      configFiles: ["/srv/causeway/channels.config.json"],
      watch: false,
      dataDir: "/srv/causeway/.causeway",
      publicUrl: { url: "http://127.0.0.1:3000", isPublic: false },
      apiKey: null,
      role: "all",
      simulate: [],
      rates: { perKey: 60_000, perUser: 600 },
      streamsPerKey: 6_000,
      attachments: {
        place: { kind: "directory", path: "/srv/causeway/.causeway/attachments" },
        limitBytes: 20 * 1024 * 1024,
        keepDays: null,
      },
      eventLogDays: 90,
      oidc: null,
      auditDays: 365,
      retentionDays: null,
      stopSeconds: 25,
      tracing: null,
      trustedProxies: ["private"],
      databaseUrl: null,
      databaseConnections: 20,
      redisUrls: null,
      logLevel: "info",
    },
  });
});

test("an empty variable counts as not set, because compose files pass empty ones", () => {
  expect(parseSettings({ PORT: "", DATABASE_URL: "", LOG_LEVEL: "" }).settings).toMatchObject({
    port: 3000,
    databaseUrl: null,
    logLevel: "info",
  });
});

test("files are stored in a directory or in a bucket", () => {
  const env = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "hidden" };
  const place = (text: string) =>
    parseSettings({ ...env, CAUSEWAY_ATTACHMENTS: text }, "/srv").settings.attachments.place;
  expect(place("files")).toEqual({ kind: "directory", path: "/srv/files" });
  expect(place("s3://media/chat/?endpoint=https://minio.example.org/&region=eu-1")).toEqual({
    kind: "bucket",
    bucket: "media",
    prefix: "chat/",
    endpoint: "https://minio.example.org",
    region: "eu-1",
    accessKeyId: "AKIA",
    secretAccessKey: "hidden",
    sessionToken: null,
  });
  expect(place("s3://media")).toMatchObject({ prefix: "", endpoint: "https://s3.us-east-1.amazonaws.com" });
});

test.each([
  ["ftp://media", /s3:\/\/bucket/],
  ["s3://x", /3 to 63/],
  ["s3://media?acl=public", /no parameter "acl"/],
  ["s3://media?endpoint=minio:9000", /endpoint is a URL/],
])("the file store %j is refused, and the error says what to write instead", (text, fix) => {
  const { problems } = parseSettings({ CAUSEWAY_ATTACHMENTS: text });
  expect(problems).toMatchObject([
    { path: "environment: CAUSEWAY_ATTACHMENTS", fix: expect.stringMatching(fix) },
  ]);
});

test("a bucket without credentials gives one problem for each missing value", () => {
  const { problems } = parseSettings({ CAUSEWAY_ATTACHMENTS: "s3://media" });
  expect(problems.map(({ path }) => path)).toEqual([
    "environment: AWS_ACCESS_KEY_ID",
    "environment: AWS_SECRET_ACCESS_KEY",
  ]);
});

test.each(["3", "0", "many"])("%j is not a valid number of Postgres connections", (count) => {
  const { problems } = parseSettings({ CAUSEWAY_DATABASE_CONNECTIONS: count });
  expect(problems).toMatchObject([
    { path: "environment: CAUSEWAY_DATABASE_CONNECTIONS", fix: "write a whole number from 4 to 9999" },
  ]);
});

test("several files are separated by commas", () => {
  const { settings } = parseSettings({ CAUSEWAY_CONFIG: "a.json, /etc/b.json," }, "/srv");
  expect(settings.configFiles).toEqual(["/srv/a.json", "/etc/b.json"]);
});

test("a URL is public if it is set and does not point to this machine", () => {
  const publicUrl = (env: Record<string, string>) => parseSettings(env).settings.publicUrl;
  expect(publicUrl({ CAUSEWAY_PUBLIC_URL: "https://chat.example.org/bots" })).toEqual({
    url: "https://chat.example.org/bots",
    isPublic: true,
  });
  expect(publicUrl({ CAUSEWAY_PUBLIC_URL: "https://chat.example.org/" })?.url).toBe(
    "https://chat.example.org",
  );
  expect(publicUrl({ CAUSEWAY_PUBLIC_URL: "http://localhost:3000" })?.isPublic).toBe(false);
  expect(publicUrl({ CAUSEWAY_PUBLIC_URL: "http://[::1]:3000" })?.isPublic).toBe(false);
  expect(publicUrl({ HOST: "0.0.0.0" })).toEqual({ url: "http://127.0.0.1:3000", isPublic: false });
});

test("every invalid variable is reported, with what to write", () => {
  const { problems } = parseSettings({
    PORT: "99999",
    CAUSEWAY_PUBLIC_URL: "https://chat.example.org/?a=b",
    CAUSEWAY_API_KEY: "two words of twenty-four letters",
    CAUSEWAY_ROLE: "boss",
    CAUSEWAY_USER_RATE: "0",
    DATABASE_URL: "mysql://user:hunter22@db/x",
    REDIS_URL: "localhost",
  });
  expect(problems).toEqual([
    { path: "environment: PORT", problem: 'is "99999"', fix: "write a port number from 0 to 65535" },
    {
      path: "environment: CAUSEWAY_PUBLIC_URL",
      problem: "has a value that cannot be used",
      fix: "leave out everything from the ? or # on",
    },
    {
      path: "environment: CAUSEWAY_API_KEY",
      problem: "has a value that cannot be used",
      fix: "write up to 256 printable characters without spaces",
    },
    { path: "environment: CAUSEWAY_ROLE", problem: 'is "boss"', fix: "write all, web or worker" },
    { path: "environment: CAUSEWAY_USER_RATE", problem: 'is "0"', fix: "write a whole number, 1 or more" },
    {
      path: "environment: DATABASE_URL",
      problem: "has a value that cannot be used",
      fix: "write postgres://user:password@host:5432/database",
    },
    {
      path: "environment: REDIS_URL",
      problem: "has a value that cannot be used",
      fix: "write redis://host:6379 or rediss://host:6379",
    },
  ]);
});

test("REDIS_URL names one server, or the nodes of one cluster with the same credentials", () => {
  const read = (text: string) => parseSettings({ REDIS_URL: text });
  const urls = (text: string) => read(text).settings.redisUrls;
  expect(urls("redis://:a,b@host:6379/2")).toEqual(["redis://:a,b@host:6379/2"]);
  expect(urls(" rediss://u:p,w@a:7000, rediss://u:p,w@[::1]:7001,")).toEqual([
    "rediss://u:p,w@a:7000",
    "rediss://u:p,w@[::1]:7001",
  ]);
  const fix = (text: string) => read(text).problems.map((problem) => problem.fix);
  const oneByOne = ["write each node of a cluster as a URL of its own: redis://a:6379,redis://b:6379"];
  expect(fix("redis://a:7000,b:7001")).toEqual(oneByOne);
  const percent = ["write %25 in place of each % in the user and the password"];
  expect(fix("redis://:p%zz@host")).toEqual(percent);
  expect(parseSettings({ DATABASE_URL: "postgres://u:100%@h/d" }).problems.map((each) => each.fix)).toEqual(
    percent,
  );
  expect(fix("redis://a,b:7001")).toEqual(oneByOne);
  expect(fix("redis://a:7000,redis://b:70001")).toEqual(oneByOne);
  expect(fix("redis://a,rediss://b")).toEqual([
    "write redis:// for every node of the cluster, or rediss:// for every one",
  ]);
  expect(fix("redis://:secret@a,redis://b")).toEqual([
    "write the same user and password for every node of the cluster",
  ]);
  expect(fix("redis://a/0,redis://b/1")).toEqual([
    "leave out the number of the database: a cluster has only 0",
  ]);
  expect(fix(",")).toEqual(["write redis://host:6379 or rediss://host:6379"]);
});

test("a .env file is read, and real variables override it", () => {
  const directory = mkdtempSync(join(tmpdir(), "causeway-env-"));
  const [name] = Object.keys(process.env).filter((key) => key === "PATH");
  writeFileSync(join(directory, ".env"), `FROM_FILE="with spaces"\n${name}=from-file\n`);
  const env = readEnvironment(directory);
  rmSync(directory, { recursive: true });
  expect(env.FROM_FILE).toBe("with spaces");
  expect(env.PATH).toBe(process.env.PATH);
});

test("an operator key that is easy to guess is refused", () => {
  const { problems } = parseSettings({ CAUSEWAY_API_KEY: "summer2026!" });
  expect(problems).toEqual([
    {
      path: "environment: CAUSEWAY_API_KEY",
      problem: "has a value that cannot be used",
      fix: "write at least 24 characters, such as the output of `openssl rand -hex 32`",
    },
  ]);
});
