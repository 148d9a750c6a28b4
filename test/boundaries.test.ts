import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  folderCycles,
  importCycles,
  importViolations,
  packagesLoadedBy,
  treeViolations,
} from "./support/import-rules.ts";

const root = new URL("../src/", import.meta.url);
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (file) => !file.startsWith("storage/generated/") && /\.(tsx?|md)$/.test(file),
);
const sources = new Map(
  files
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => [file, readFileSync(new URL(file, root), "utf8")]),
);

test("no file imports what its folder may not", () => {
  expect(importViolations(sources)).toEqual([]);
});

test("no imports form a cycle", () => {
  expect(importCycles(sources)).toEqual([]);
});

test.each(["web-chat/", "console/"])("the folders of %s import each other only in order", (page) => {
  expect(folderCycles(sources, page)).toEqual([]);
});

test("a start loads no package that only some configurations or calls need", () => {
  const loaded = packagesLoadedBy("main.ts", sources);
  expect(loaded).toContain("bullmq");
  const heavy =
    /^(@prisma|@slack|twilio|grammy|ai$|@ai-sdk|openid-client|jose|@opentelemetry|gpt-tokenizer|file-type)/;
  expect([...loaded].filter((name) => heavy.test(name))).toEqual([]);
});

test("every channel folder has the common files, and no folder has a meaningless name", () => {
  expect(treeViolations(files)).toEqual([]);
});

function violations(file: string, source: string): string[] {
  return importViolations(new Map([[file, source]]));
}

test.each([
  ["core/a.ts", 'import { z } from "../config/env.ts";', "core may not import config"],
  ["sessions/a.ts", 'import { b } from "../turns/b.ts";', "sessions may not import turns"],
  ["delivery/a.ts", 'import type { B } from "../turns/b.ts";', "delivery may not import turns"],
  ["turns/a.ts", 'import { b } from "../triggers/b.ts";', "turns may not import triggers"],
  ["ingest/a.ts", 'import { b } from "../app/engine.ts";', "ingest may not import app"],
  [
    "delivery/a.ts",
    'import { send } from "../channels/telegram/outbound.ts";',
    "may not import channels/telegram",
  ],
  ["channels/slack/a.ts", 'import { b } from "../telegram/b.ts";', "may not import channels/telegram"],
  ["channels/slack/a.ts", 'import { b } from "../twilio/b.ts";', "may not import channels/twilio"],
  ["channels/kit/a.ts", 'import { b } from "../slack/b.ts";', "channels/kit may not import channels/slack"],
  ["channels/slack/a.ts", 'import { b } from "../../storage/b.ts";', "channels/slack may not import storage"],
  ["channels/slack/a.ts", 'import { b } from "../registry.ts";', "may not import channels/registry.ts"],
  ["bots/llm/a.ts", 'import { b } from "../../channels/channel.ts";', "may not import channels/channel.ts"],
  ["storage/a.ts", 'import { b } from "../turns/b.ts";', "storage may not import turns"],
  ["http/a.ts", 'import { b } from "../config/b.ts";', "http may import config as types only"],
  ["http/a.ts", 'import { createApp } from "../app/app.ts";', "http may not import app"],
  ["turns/a.ts", 'import { Api } from "grammy";', "grammy belongs to channels/telegram"],
  ["turns/a.ts", 'import type { Queue } from "bullmq";', "bullmq belongs to queue"],
  ["ingest/a.ts", 'import express from "express";', "express belongs to http"],
  ["turns/a.ts", 'import type { Pool } from "pg";', "pg belongs to storage"],
  [
    "turns/a.ts",
    'import type { P } from "../storage/generated/client.ts";',
    "Prisma client belongs to storage",
  ],
  [
    "turns/a-repository.ts",
    'import type { P } from "../storage/prisma.ts";',
    "Prisma stays off the way of a message",
  ],
  ["turns/a.ts", 'const { b } = await import("../http/b.ts");', "turns may not import http"],
  ["turns/a.ts", 'export { b } from "../http/b.ts";', "turns may not import http"],
  ["turns/a.ts", "const port = process.env.PORT;", "only config/env.ts reads the environment"],
  ["console/a.ts", 'import { b } from "../client/b.ts";', "console may import client as types only"],
  ["console/a.ts", 'import { b } from "../web-chat/embed/b.ts";', "console may not import web-chat"],
  ["web-chat/a.ts", 'import { b } from "../console/b.ts";', "web-chat may not import console"],
  ["stuff/a.ts", 'import { b } from "../core/b.ts";', "no known room"],
])("in %s the line `%s` is refused", (file, line, why) => {
  const found = violations(file, `// a comment\n${line}\n`);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(`src/${file}:2 `);
  expect(found[0]).toContain(why);
});

test("an import over several lines is found, with its first line", () => {
  const found = violations("core/a.ts", 'import {\n  a,\n  b,\n} from "../http/b.ts";\n');
  expect(found[0]).toMatch(/^src\/core\/a\.ts:1 import \{ a, b, \} from "\.\.\/http\/b\.ts": core may not/);
});

test("allowed imports are not refused", () => {
  const source = [
    'import type { Turn } from "../bots/bot.ts";',
    'import { newId } from "../core/ids.ts";',
    'import { open } from "../storage/database.ts";',
    'import { b } from "./b.ts";',
    '// import { c } from "../http/c.ts";',
    'const text = "read from process";',
  ].join("\n");
  expect(violations("turns/a.ts", source)).toEqual([]);
  expect(violations("turns/turn-repository.ts", 'import { Pool } from "pg";')).toEqual([]);
  expect(violations("http/a.ts", 'import type { E } from "../turns/e.ts";')).toEqual([]);
});

test("a cycle of values is found; a cycle closed only by types is allowed", () => {
  const circle = new Map([
    ["a.ts", 'import { b } from "./b.ts";'],
    ["b.ts", 'export { c } from "./c.ts";'],
    ["c.ts", 'import { a } from "./a.ts";'],
  ]);
  expect(importCycles(circle)).toEqual(["a.ts -> b.ts -> c.ts -> a.ts"]);
  expect(importCycles(new Map([...circle, ["c.ts", 'import type { A } from "./a.ts";']]))).toEqual([]);
});

test("folders that import each other are found, also if one imports only types", () => {
  const folders = new Map([
    ["web-chat/view/a.ts", 'import { b } from "../text/b.ts";'],
    ["web-chat/text/b.ts", 'import type { C } from "../view/c.ts";'],
    ["web-chat/loader.ts", 'const a = await import("./view/a.ts");'],
  ]);
  expect(folderCycles(folders, "web-chat/")).toEqual(["web-chat/view -> web-chat/text -> web-chat/view"]);
});

test("a channel folder without the common files and a folder named utils are found", () => {
  const complete = ["index.ts", "config.ts", "verify.ts", "inbound.ts", "outbound.ts", "errors.ts"];
  const tree = [...complete.map((name) => `channels/slack/${name}`), "core/utils/text.ts", "http/helpers.ts"];
  expect(treeViolations(tree)).toEqual([
    "src/channels/slack lacks README.md",
    "src/core/utils/text.ts: name the place for what it holds",
    "src/http/helpers.ts: name the place for what it holds",
  ]);
});
