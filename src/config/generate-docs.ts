import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { botDefinitions } from "../bots/registry.ts";
import { channelDefinitions } from "../channels/registry.ts";
import { configJsonSchema } from "./config-json-schema.ts";
import { configTables, envExample, environmentTable } from "./settings-tables.ts";

// A command: writes what is generated from the settings' definitions, or with --check tells what is stale.

const root = fileURLToPath(new URL("../../", import.meta.url));
const registries = { bots: botDefinitions, channels: channelDefinitions };
const START = "<!-- generated:settings -->";
const END = "<!-- /generated:settings -->";

/** A page with what stands between its two marks made anew. */
function page(file: string, tables: string): [string, string] {
  const text = readFileSync(root + file, "utf8");
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} lacks ${START} or ${END}`);
  return [file, `${before}${START}\n\n${tables}\n\n${END}${after}`];
}

/** The variables a configuration file names, in the order it names them. */
function referencesIn(file: string): string[] {
  const names = readFileSync(file, "utf8").matchAll(/"\$([A-Za-z_][A-Za-z0-9_]*)"(?!\s*:)/g);
  return [...new Set([...names].map((match) => match[1] ?? ""))];
}

const generated = new Map([
  ["docs/channels.config.schema.json", `${JSON.stringify(configJsonSchema(registries), null, 2)}\n`],
  [".env.example", envExample(referencesIn(`${root}channels.config.json`))],
  page("README.md", environmentTable()),
  page("docs/settings.md", configTables(registries)),
]);
const stale = [...generated].filter(
  ([file, text]) => !existsSync(root + file) || readFileSync(root + file, "utf8") !== text,
);
if (process.argv.includes("--check")) {
  for (const [file] of stale) process.stderr.write(`${file} is stale: run npm run docs\n`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [file, text] of stale) {
    writeFileSync(root + file, text);
    process.stdout.write(`wrote ${relative(process.cwd(), root + file)}\n`);
  }
}
