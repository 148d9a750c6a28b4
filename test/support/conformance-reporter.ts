import { readFileSync, writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";
import { GUARANTEES, type Guarantee } from "../channels/conformance-guarantees.ts";
import { PLATFORM_FEATURES } from "../channels/platform-features.ts";

const TABLE = new URL("../../docs/conformance.md", import.meta.url);

/** The result of one promise of one channel. */
type Cell = "kept" | "broken" | { exception: string };

/**
 * Prints the promises that each channel keeps, and compares them with the table in the documentation. `-u` rewrites
 * that table. An exception without a reason fails the run.
 */
export default class ConformanceReporter implements Reporter {
  private vitest: Vitest | null = null;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const channels = cellsOf(tests);
    if (channels.size === 0) return;
    const document = documentOf(channels);
    process.stdout.write(`\n${printed(channels)}`);
    const unexplained = [...channels].flatMap(([kind, cells]) =>
      [...cells]
        .filter(([, cell]) => typeof cell === "object" && cell.exception === "")
        .map(([name]) => `${kind}: ${name}`),
    );
    if (unexplained.length > 0) this.fail(`exceptions without a reason: ${unexplained.join(", ")}`);
    const known = readTable();
    // Only some of the channels ran, so there is nothing to compare.
    if (!kindsOf(known).every((kind) => channels.has(kind)) || isBroken(channels)) return;
    if (known === document) return;
    if (this.vitest?.config.snapshotOptions.updateSnapshot === "all") writeFileSync(TABLE, document);
    else
      this.fail(
        "docs/conformance.md is out of date: npx vitest run --config test/vitest.config.ts test/channels -u",
      );
  }

  private fail(words: string): void {
    process.stderr.write(`\n${words}\n`);
    process.exitCode = 1;
  }
}

type Channels = Map<string, Map<Guarantee, Cell>>;

function cellsOf(tests: readonly TestCase[]): Channels {
  const channels: Channels = new Map();
  for (const test of tests) {
    const { conformance } = test.meta();
    if (conformance === undefined) continue;
    const { kind, guarantee, exception = "" } = conformance;
    const { state } = test.result();
    const cells = channels.get(kind) ?? new Map<Guarantee, Cell>();
    // Tests filtered out by name did not run and have no result.
    if (state === "skipped") cells.set(guarantee, { exception });
    else if (state !== "pending") cells.set(guarantee, state === "passed" ? "kept" : "broken");
    channels.set(kind, cells);
  }
  return new Map([...channels].sort(([a], [b]) => a.localeCompare(b)));
}

function isBroken(channels: Channels): boolean {
  return [...channels.values()].some(
    (cells) => cells.size < Object.keys(GUARANTEES).length || [...cells.values()].includes("broken"),
  );
}

/** The reasons in order of appearance; a cell shows the number of its own. */
function numberReasons(channels: Channels): string[] {
  const cells = namesOfAll().flatMap((name) => [...channels.values()].map((each) => each.get(name)));
  return [...new Set(cells.flatMap((cell) => (typeof cell === "object" ? [cell.exception] : [])))];
}

const namesOfAll = () => Object.keys(GUARANTEES) as Guarantee[];

function rowsOf(channels: Channels, show: (cell: Cell | undefined) => string): string[][] {
  return namesOfAll().map((name) => [
    GUARANTEES[name],
    ...[...channels.values()].map((cells) => show(cells.get(name))),
  ]);
}

function printed(channels: Channels): string {
  const reasons = numberReasons(channels);
  const rows = rowsOf(channels, (cell) =>
    typeof cell === "object"
      ? `(${reasons.indexOf(cell.exception) + 1})`
      : cell === "kept"
        ? "yes"
        : cell === "broken"
          ? "NO"
          : "?",
  );
  const table = [["channel by promise", ...channels.keys()], ...rows];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, ...reasons.map((reason, index) => `(${index + 1}) ${reason}`), ""].join("\n");
}

function documentOf(channels: Channels): string {
  const reasons = numberReasons(channels);
  const rows = rowsOf(channels, (cell) =>
    typeof cell === "object" ? `(${reasons.indexOf(cell.exception) + 1})` : "yes",
  );
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    "# What every channel promises",
    "",
    "The tests write this page (`test/channels/conformance.ts`). They check each channel against a platform as strict as the",
    "real one. Slack, Telegram and WhatsApp come from the [simulator](simulator.md). A number means that the platform has no",
    "such feature, and leads to the reason.",
    "",
    line(["promise", ...channels.keys()]),
    line(["---", ...[...channels.keys()].map(() => "---")]),
    ...rows.map(line),
    "",
    ...reasons.map((reason, index) => `${index + 1}. ${reason}`),
    "",
    "## Features of single platforms",
    "",
    line(["platforms", "feature", "held by"]),
    line(["---", "---", "---"]),
    ...PLATFORM_FEATURES.map(({ platforms, feature, test }) =>
      line([platforms, feature, `[${test}](../test/${test})`]),
    ),
    "",
  ].join("\n");
}

function readTable(): string {
  try {
    return readFileSync(TABLE, "utf8");
  } catch {
    return "";
  }
}

function kindsOf(document: string): string[] {
  const [, head = ""] = /^\| promise \| (.*) \|$/m.exec(document) ?? [];
  return head === "" ? [] : head.split(" | ");
}
