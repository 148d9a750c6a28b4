import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { botDefinitions } from "../bots/registry.ts";
import { channelDefinitions } from "../channels/registry.ts";
import { configJsonSchema } from "./config-json-schema.ts";
import { configTables, envExample, environmentTable } from "./settings-tables.ts";

// A command. Writes the files that are generated from the settings' definitions. With --check it only reports outdated
// ones.

const root = fileURLToPath(new URL("../../", import.meta.url));
const registries = { bots: botDefinitions, channels: channelDefinitions };

/** Replaces the text between the two markers of a section. */
function withSection(page: string, section: string, tables: string): string {
  const start = `<!-- generated:${section} -->`;
  const end = `<!-- /generated:${section} -->`;
  const [before, rest] = page.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`the page lacks ${start} or ${end}`);
  return `${before}${start}\n\n${tables}\n\n${end}${after}`;
}

/** The page of settings, with both generated sections updated. */
function settingsPage(): [string, string] {
  const file = "docs/settings.md";
  const page = withSection(readFileSync(root + file, "utf8"), "environment", environmentTable());
  return [file, withSection(page, "settings", configTables(registries))];
}

/** The environment variables that files refer to, in order of appearance. */
function referencesIn(...files: string[]): string[] {
  const names = files.flatMap((file) => [
    ...readFileSync(root + file, "utf8").matchAll(/"\$([A-Za-z_][A-Za-z0-9_]*)"(?!\s*:)/g),
  ]);
  return [...new Set(names.map((match) => match[1] ?? ""))];
}

/** The pages that explain the setup of bots and channels. */
function guides(): string[] {
  const pages = readdirSync(`${root}docs`).filter((file) => file.endsWith(".md") && file !== "settings.md");
  const channels = Object.keys(channelDefinitions).map((kind) => `src/channels/${kind}/README.md`);
  return ["README.md", ...pages.map((file) => `docs/${file}`), ...channels];
}

const generated = new Map([
  ["docs/channels.config.schema.json", `${JSON.stringify(configJsonSchema(registries), null, 2)}\n`],
  [".env.example", envExample(referencesIn("channels.config.json"), referencesIn(...guides()))],
  settingsPage(),
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
