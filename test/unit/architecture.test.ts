import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { STAGES } from "../support/import-rules.ts";

const root = new URL("../../", import.meta.url).pathname;
const page = readFileSync(join(root, "docs/architecture.md"), "utf8");

test("every file and folder that the architecture page names exists", () => {
  const named = [...page.matchAll(/`(src\/[\w./-]+)`/g)].map((match) => match[1] ?? "");
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("the imports follow the stage table on the architecture page", () => {
  const rows = [...page.matchAll(/^\| \d+ \| (.+?) \|/gm)].map((match) => match[1] ?? "");
  expect(rows.map((row) => [...row.matchAll(/`(\w+)`/g)].map((match) => match[1]))).toEqual(STAGES);
});

test.each([
  ["executions", "execution"],
  ["deliveries", "delivery"],
])("the states of %s are those that the database allows", (table, heading) => {
  const diagram = section(`States of ${heading === "execution" ? "an" : "a"} ${heading}`);
  const states = [...diagram.matchAll(/(\w+) --> (\w+)/g)].flatMap((match) => [match[1], match[2]]);
  expect([...new Set(states)].sort()).toEqual(allowedStates(table).sort());
});

test("the glossary is sorted and short", () => {
  const words = [...section("Glossary").matchAll(/^\| ([a-z ]+) \|/gm)]
    .map((match) => match[1] ?? "")
    .slice(1);
  expect(words).toEqual([...words].sort());
  expect(words.length).toBeLessThanOrEqual(30);
});

function section(heading: string): string {
  return page.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
}

/** The newest check constraint on a table's `status`. */
function allowedStates(table: string): string[] {
  const migrations = join(root, "prisma/migrations");
  const check = new RegExp(`"${table}_status_check" CHECK \\("status" IN \\(([^)]*)\\)`, "g");
  const found = readdirSync(migrations)
    .filter((name) => /^\d/.test(name))
    .sort()
    .flatMap((name) => [...readFileSync(join(migrations, name, "migration.sql"), "utf8").matchAll(check)]);
  return (found.at(-1)?.[1] ?? "").split(",").map((state) => state.trim().replaceAll("'", ""));
}
