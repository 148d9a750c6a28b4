import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { botDefinitions } from "../../src/bots/registry.ts";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { createMetrics } from "../../src/observability/metrics.ts";

const root = new URL("../../", import.meta.url).pathname;
const pages = [
  "README.md",
  ".github/CONTRIBUTING.md",
  ".github/SECURITY.md",
  ...pagesBelow("docs"),
  ...pagesBelow("src/channels"),
];
const read = (page: string) => readFileSync(join(root, page), "utf8");

function pagesBelow(folder: string): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".md")).map((file) => `${folder}/${file}`);
}

/** The pages whose JSON blocks are configurations, or parts of one. */
const examples = ["README.md", "docs/configuration.md", "docs/messages.md", "docs/access.md"].flatMap(
  (page) =>
    [...read(page).matchAll(/^```json\n([\s\S]*?)^```$/gm)].map((match) => [page, match[1] ?? ""] as const),
);

/** Completes a part of a configuration. */
function whole(example: string): object {
  if (example.startsWith("{")) return JSON.parse(example);
  const piece: object = JSON.parse(`{${example}}`);
  const base = { agents: { echo: { bot: { type: "echo" } } } };
  if ("agents" in piece) return { ...base, ...piece, channels: { api: { kind: "api", agent: "coach" } } };
  return { ...base, channels: piece };
}

test.each(examples)("the configuration in %s works: %s", (_page, example) => {
  const directory = mkdtempSync(join(tmpdir(), "causeway-documents-"));
  try {
    writeFileSync(join(directory, "channels.config.json"), JSON.stringify(whole(example)));
    const env = {
      CAUSEWAY_PUBLIC_URL: "https://chat.example.org",
      TELEGRAM_BOT_TOKEN: "4242424242:AAE1x2y3z4-abcdefghijklmnopqrstuvwx",
      TELEGRAM_WEBHOOK_SECRET: "a-secret-of-some-length",
      LLM_BASE_URL: "https://llm.example.org/v1",
      LLM_API_KEY: "llm-key",
    };
    const loaded = loadConfig({ env, directory, bots: botDefinitions, channels: channelDefinitions });
    expect(loaded.workspaces).toHaveLength(1);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("the documents contain configurations to check", () => {
  expect(examples.length).toBeGreaterThan(4);
});

test("the README has at most 200 lines", () => {
  expect(read("README.md").split("\n").length).toBeLessThanOrEqual(201);
});

test("the operators' page names every metric", async () => {
  const names = [...(await createMetrics().text()).matchAll(/^# HELP (causeway_\w+)/gm)].map(
    (match) => match[1],
  );
  expect(names.filter((name) => !read("docs/operating.md").includes(`\`${name}`))).toEqual([]);
});

describe.each(Object.keys(channelDefinitions))("the kind %s", (kind) => {
  test("has its page, and the list of channels links to it", () => {
    const page = `src/channels/${kind}/README.md`;
    expect(pages).toContain(page);
    expect(linksOf("docs/channels.md")).toContain(`../${page}`);
  });

  test("appears in the tables of sessions, words and guarantees", () => {
    const sessions = read("docs/sessions.md");
    expect(sessions).toMatch(new RegExp(`^\\| ${kind} \\|`, "m"));
    expect(sessions).toMatch(new RegExp(`of a kind: .*\`${kind}\``));
    const [, columns = ""] = /^\| promise \| (.*) \|$/m.exec(read("docs/conformance.md")) ?? [];
    expect(columns.split(" | ").map((column) => column.split(" ")[0])).toContain(kind);
  });
});

/** Link targets of a page that lead into the repository. */
function linksOf(page: string): string[] {
  const text = read(page).replace(/^```[\s\S]*?^```$/gm, "");
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** Anchors of a page, as GitHub makes them from its headings. */
function anchorsOf(page: string): Set<string> {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? "");
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replace(/ /g, "-"),
    ),
  );
}

test.each(pages)("every link of %s has a target", (page) => {
  const broken = linksOf(page).filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && target.endsWith(".md") && !anchorsOf(target).has(anchor);
  });
  expect(broken).toEqual([]);
});
