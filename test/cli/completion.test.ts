import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { bashCompletion } from "../../src/cli/completion.ts";
import { commands, runCli } from "../../src/cli/run-cli.ts";

/** The words that bash offers for the last one of each line. One shell answers all lines. */
function offered(...lines: string[][]): string[][] {
  const asked = lines.map((words) => {
    const all = ["causeway", ...words].map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(${all}); COMP_CWORD=${words.length}; _causeway; echo "\${COMPREPLY[*]}"`;
  });
  const script = [bashCompletion(commands), "complete -p causeway", ...asked].join("\n");
  const [registered, ...answers] = execFileSync("bash", ["--norc", "-c", script], { encoding: "utf8" })
    .replace(/\n$/, "")
    .split("\n");
  expect(registered).toBe("complete -F _causeway causeway");
  return answers.map((answer) => answer.split(" "));
}

test("bash completes commands, their second words, their options, and arguments that can be listed", () => {
  const [first, start, channel, kinds, telegram, options, after, value] = offered(
    [""],
    ["re"],
    ["channel", ""],
    ["channel", "add", ""],
    ["channel", "add", "te"],
    ["why", "--"],
    ["why", "3MOqrVyaaSGrsHZ9hbVi1OevqYu", "--j"],
    ["move", "--to", ""],
  );
  expect(first).toEqual([...new Set(commands.map(({ name }) => name.split(" ")[0]))]);
  expect(start).toEqual(["reload", "restore", "replay"]);
  expect(channel).toEqual(["add"]);
  expect(kinds?.sort()).toEqual(Object.keys(channelDefinitions).sort());
  expect(telegram).toEqual(["telegram"]);
  expect(options).toEqual(["--url", "--json", "--help"]);
  expect(after).toEqual(["--json"]);
  expect(value).toEqual([""]);
});

test("a shell without completion is named", async () => {
  const printed: string[] = [];
  const code = await runCli(["completion", "fish"], {
    print: (line) => printed.push(line),
    start: async () => undefined,
    env: {},
  });
  expect([code, printed.join("\n")]).toEqual([2, expect.stringContaining("no completion for fish")]);
});
