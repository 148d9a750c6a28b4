#!/usr/bin/env node
import { askAtTerminal } from "./cli/ask-at-terminal.ts";
import { runCli } from "./cli/run-cli.ts";

let isService = false;
// The reader of the output may stop, as `head` does. Then a command has nothing more to do. A service goes on.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  if (!isService) process.exit();
});

const code = await runCli(process.argv.slice(2), {
  print: (line) => process.stdout.write(`${line}\n`),
  note: (line) => process.stderr.write(`${line}\n`),
  // Loaded only for this command: other commands need neither a database nor its packages.
  start: () => {
    isService = true;
    return import("./main.ts");
  },
  terminal: process.stdin.isTTY ? { ask: askAtTerminal } : null,
});
if (code !== null) process.exitCode = code;
