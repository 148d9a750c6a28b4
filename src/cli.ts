#!/usr/bin/env node
import { runCli } from "./cli/run-cli.ts";

const code = await runCli(process.argv.slice(2), {
  print: (line) => process.stdout.write(`${line}\n`),
  note: (line) => process.stderr.write(`${line}\n`),
  // Loaded only for this command: other commands need neither a database nor its packages.
  start: () => import("./main.ts"),
  migrate: async (options) => (await import("./cli/migrate.ts")).migrate(options),
  simulate: async (options) => (await import("./cli/simulate.ts")).simulate(options),
  doctor: async (options) => (await import("./cli/doctor.ts")).doctor(options),
});
if (code !== null) process.exitCode = code;
