import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { bashCompletion } from "../../src/cli/completion/bash.ts";
import { fishCompletion } from "../../src/cli/completion/fish.ts";
import { zshCompletion } from "../../src/cli/completion/zsh.ts";
import { commands, runCli } from "../../src/cli/run-cli.ts";

/** The words before the cursor. The last one is completed. */
type Line = readonly string[];

/** The words that a shell offers for each line, in the shell's own order. */
type Offered = (...lines: Line[]) => string[][];

const isInstalled = (shell: string) => spawnSync(shell, ["--version"]).status === 0;
const run = (shell: string, args: readonly string[]) =>
  execFileSync(shell, args, { encoding: "utf8" }).replace(/\n$/, "").split("\n");
const wordsOf = (answers: string[]) => answers.map((answer) => answer.split(" ").filter(Boolean));

/** One shell answers all lines. */
const inBash: Offered = (...lines) => {
  const asked = lines.map((words) => {
    const all = ["causeway", ...words].map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(${all}); COMP_CWORD=${words.length}; _causeway; echo "\${COMPREPLY[*]}"`;
  });
  const script = [bashCompletion(commands), "complete -p causeway", ...asked].join("\n");
  const [registered, ...answers] = run("bash", ["--norc", "-c", script]);
  expect(registered).toBe("complete -F _causeway causeway");
  return wordsOf(answers);
};

/** Only a terminal has the functions of zsh that show words, so they print them here. */
const ZSH_FUNCTIONS = `
compdef() { print "$@" }
_files() { print -n "<files> " }
_message() { }
_describe() {
  local each; [[ $1 == -o ]] && shift
  for each in "\${(@P)2}"; do [[ \${each%%:*} == \${words[CURRENT]}* ]] && print -n -- "\${each%%:*} "; done
}
offer() { words=(causeway "$@"); CURRENT=$#words; _causeway; print }`;

const inZsh: Offered = (...lines) => {
  const asked = lines.map((words) => `offer ${words.map((word) => `'${word}'`).join(" ")}`);
  const script = [ZSH_FUNCTIONS, zshCompletion(commands), ...asked].join("\n");
  const [registered, ...answers] = run("zsh", ["-f", "-c", script]);
  expect(registered).toBe("_causeway causeway");
  return wordsOf(answers);
};

const inFish: Offered = (...lines) => {
  const asked = lines.map(
    (words) => `echo (complete --do-complete "causeway ${words.join(" ")}" | string replace -r '\\t.*' '')`,
  );
  return wordsOf(run("fish", ["--no-config", "-c", [fishCompletion(commands), ...asked].join("\n")]));
};

for (const [shell, offered] of Object.entries({ bash: inBash, zsh: inZsh, fish: inFish }))
  test.skipIf(!isInstalled(shell))(`${shell} completes commands, options and listed arguments`, () => {
    const [first, start, channel, kinds, telegram, options, after, value, other] = offered(
      [""],
      ["re"],
      ["channel", ""],
      ["channel", "add", ""],
      ["channel", "add", "te"],
      ["why", "--"],
      ["why", "3MOqrVyaaSGrsHZ9hbVi1OevqYu", "--j"],
      ["move", "--to", ""],
      ["moved", ""],
    ).map((words) => words.sort());
    expect(first).toEqual([...new Set(commands.map(({ name }) => name.split(" ")[0]))].sort());
    expect(start).toEqual(["reload", "replay", "restore"]);
    expect(channel).toEqual(["add"]);
    expect(kinds).toEqual(Object.keys(channelDefinitions).sort());
    expect(telegram).toEqual(["telegram"]);
    expect(options).toEqual(["--help", "--json", "--url"]);
    expect(after).toEqual(["--json"]);
    expect([value, other]).toEqual([[], []]);
  });

test("zsh and fish explain what they offer, and offer files where a command takes one", () => {
  const backup = commands.find(({ name }) => name === "backup")?.summary;
  expect(zshCompletion(commands)).toContain(`'backup:${backup}'`);
  expect(fishCompletion(commands)).toContain(`--arguments 'backup' --description '${backup}'`);
  // A quote inside an explanation ends none.
  expect(zshCompletion(commands)).toContain(String.raw`the platform'\''s API`);
  expect(fishCompletion(commands)).toContain(String.raw`the platform\'s API`);
  if (isInstalled("zsh")) expect(inZsh(["backup", ""], ["why", ""])).toEqual([["<files>"], []]);
  if (isInstalled("fish")) expect(inFish(["restore", "LICEN"], ["why", "LICEN"])).toEqual([["LICENSE"], []]);
});

test("a shell without completion is named", async () => {
  const printed: string[] = [];
  const print = (line: string) => void printed.push(line);
  const ask = (shell: string) =>
    runCli(["completion", shell], { print, start: async () => undefined, env: {} });
  expect([await ask("tcsh"), printed.join("\n")]).toEqual([
    2,
    expect.stringContaining("no completion for tcsh, only for bash, zsh, fish"),
  ]);
  expect([await ask("zsh"), printed.at(-1)]).toEqual([0, zshCompletion(commands)]);
});
