import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { ConfigError } from "../../src/core/faults/errors.ts";
import { aFile, bots, channels } from "./config-support.ts";

/** Loads a directory with these files; returns the problems if there are any. */
function loadFrom(files: Record<string, string | Buffer>, env: Record<string, string> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "causeway-files-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    const config = loadConfig({ env, bots, channels, directory });
    return { config, problems: [], directory };
  } catch (error) {
    if (error instanceof ConfigError) return { config: null, problems: error.problems, directory };
    throw error;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const json = JSON.stringify;
const withMessage = (content: unknown) =>
  json({ ...aFile(), agents: { echo: { bot: { type: "echo" }, messages: [{ role: "system", content }] } } });

test("the local file is used if it exists, and otherwise the shipped one", () => {
  const shipped = json(aFile({ workspace: "shipped" }));
  const local = json(aFile({ workspace: "mine" }));
  const both = loadFrom({ "channels.config.json": shipped, "channels.config.local.json": local });
  expect(both.config?.workspaces.map(({ slug }) => slug)).toEqual(["mine"]);
  const one = loadFrom({ "channels.config.json": shipped });
  expect(one.config?.workspaces.map(({ slug }) => slug)).toEqual(["shipped"]);
});

test("a message may be in a separate file, and a version stores its text", () => {
  const text = 'You are a coach.\nSay "hello".\n\n- one\n- two\n';
  const { config } = loadFrom({
    "channels.config.json": withMessage({ file: "coach.md" }),
    "coach.md": text,
  });
  const agent = config?.workspaces[0]?.agents.echo;
  expect(agent?.messages).toEqual([{ role: "system", content: text.trim() }]);
  expect(JSON.stringify(agent?.published)).toContain("You are a coach.");
});

test("a file that contains $NAME is plain text, not a variable", () => {
  const files = { "channels.config.json": withMessage({ file: "coach.md" }), "coach.md": "$HOME" };
  const { config } = loadFrom(files, { HOME: "/secret" });
  expect(config?.workspaces[0]?.agents.echo?.messages[0]?.content).toBe("$HOME");
});

test.each<[string, unknown, Record<string, string | Buffer>, RegExp]>([
  ["a missing file", { file: "missing.md" }, {}, /does not exist/],
  ["an empty file", { file: "empty.md" }, { "empty.md": " \n" }, /is empty/],
  ["a file that is not text", { file: "a.md" }, { "a.md": Buffer.from([0xff, 0xfe, 0x41]) }, /is not UTF-8/],
  ["a directory", { file: "." }, {}, /cannot be read/],
  ["an unknown key", { file: "a.md", path: "b.md" }, { "a.md": "Hello" }, /neither a text nor a file/],
  ["no name", { file: "" }, {}, /neither a text nor a file/],
])("%s as a message is a problem with its path", (_name, content, files, problem) => {
  const { problems } = loadFrom({ "channels.config.json": withMessage(content), ...files });
  expect(problems).toHaveLength(1);
  expect(problems[0]?.path).toBe("channels.config.json: agents.echo.messages[0].content");
  expect(problems[0]?.problem).toMatch(problem);
});

test("a wrong encoding is reported differently from broken JSON", () => {
  const utf16 = Buffer.from(`\uFEFF${json(aFile())}`, "utf16le");
  const { problems } = loadFrom({ "channels.config.json": utf16 });
  expect(problems).toEqual([
    { path: "channels.config.json", problem: "is not UTF-8 text", fix: "save the file as UTF-8" },
  ]);
});

test("a misspelt setting is a warning that suggests the right one", () => {
  const files = { "channels.config.json": json(aFile()) };
  const { config } = loadFrom(files, {
    CAUSEWAY_PUBLICURL: "https://chat.example.org",
    CAUSEWAY_DATADIR: "/var/lib/causeway",
    CAUSEWAY_ROLE: "all",
    CAUSEWAY_KEY: "for-a-program",
  });
  expect(config?.warnings.map(({ path, fix }) => [path, fix])).toEqual([
    ["environment: CAUSEWAY_PUBLICURL", "write CAUSEWAY_PUBLIC_URL"],
    ["environment: CAUSEWAY_DATADIR", "write CAUSEWAY_DATA_DIR"],
  ]);
});
