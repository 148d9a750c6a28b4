#!/usr/bin/env node
import { askAtTerminal } from "./cli/ask-at-terminal.ts";
import { runCli } from "./cli/run-cli.ts";

const code = await runCli(process.argv.slice(2), {
  print: (line) => process.stdout.write(`${line}\n`),
  note: (line) => process.stderr.write(`${line}\n`),
  // Loaded only for this command: other commands need neither a database nor its packages.
  start: () => import("./main.ts"),
  terminal: process.stdin.isTTY ? { ask: askAtTerminal } : null,
});
if (code !== null) process.exitCode = code;
