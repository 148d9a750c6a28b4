import type { Command } from "./command.ts";

/** Width of the first column. */
const COLUMN = 36;

/** The exit codes of every command. */
const EXIT_CODES = `Exit codes:
  0  it worked, and what was checked is good
  1  it did not work, or something that was checked is not good; the output says what and how to fix it
  2  the command was not understood; nothing was done`;

/** The help of all commands. */
export function usage(commands: readonly Command[]): string {
  const lines = commands.map(({ name, args, summary }) => row(`causeway ${name} ${args}`.trimEnd(), summary));
  return [
    "Usage:",
    row("causeway", "start the service; the first time, write a configuration to start with"),
    ...lines,
    "",
    "`causeway <command> --help` lists the options of a command.",
    "",
    EXIT_CODES,
    "",
  ].join("\n");
}

/** The help of one command. */
export function commandHelp({ name, args, summary, options }: Command): string {
  const rows = Object.entries(options).map(([option, { value, doc }]) =>
    row(`  --${option}${value === undefined ? "" : ` ${value}`}`, doc),
  );
  return [
    "Usage:",
    row(`causeway ${name} ${args}`.trimEnd(), summary),
    ...rows,
    row("  --help", "print this"),
    "",
    EXIT_CODES,
    "",
  ].join("\n");
}

function row(left: string, right: string): string {
  const start = `  ${left}`;
  return start.length < COLUMN
    ? `${start.padEnd(COLUMN)}${right}`
    : `${start}\n${" ".repeat(COLUMN)}${right}`;
}
