import { type ParseArgsConfig, parseArgs } from "node:util";
import type { Environment } from "../config/env.ts";
import { nearest } from "../config/nearest.ts";

/** An option of a command. One without `value` is a switch. */
export interface CommandOption {
  /** The name of its value in the help, such as `<url>`. */
  value?: string;
  doc: string;
}

/** A person at a terminal; absent if a program runs the command. */
export interface Terminal {
  /** Asks and resolves with the answer. The answer to a secret question is not shown. */
  ask(question: string, options: { secret: boolean }): Promise<string>;
}

/** Outputs and surroundings of a command. */
export interface CommandContext {
  env: Environment;
  /** Base directory of relative paths. */
  directory: string;
  /** Prints a result. */
  print(line: string): void;
  /** Prints a remark, separately from a result that programs read. */
  note(line: string): void;
  /** Starts the service; resolves when it runs. */
  start(): Promise<unknown>;
  terminal: Terminal | null;
}

/** One call of a command, with its arguments checked. */
export interface CommandCall extends CommandContext {
  /** Arguments after the command's name. */
  args: readonly string[];
  /** The value of an option; undefined if it is not given. */
  option(name: string): string | undefined;
  /** True if the switch is given. */
  has(name: string): boolean;
}

/**
 * A command. `run` returns true for success, false for an explained failure, null if the process continues,
 * or an exit code.
 */
export interface Command {
  /** One or two words. */
  name: string;
  /** Its arguments in the help, such as `<url>`. */
  args: string;
  /** The numbers of arguments that it takes. */
  takes: { least: number; most: number };
  /** Possible arguments, for completion. Absent: they cannot be listed. */
  choices?: readonly string[];
  summary: string;
  options: Readonly<Record<string, CommandOption>>;
  run(call: CommandCall): Promise<boolean | number | null | Misuse>;
}

/** Explains why the call of a command is wrong. The help follows it, and the exit code is 2. */
export interface Misuse {
  misuse: string;
}

/** A command and the words after its name; or the reason why there is none. */
export type FoundCommand = { command: Command; rest: string[] } | { unknown: string; close: string | null };

/** Finds the command whose name the words begin with. Options may stand before and between them. */
export function findCommand(commands: readonly Command[], args: readonly string[]): FoundCommand {
  const words = args.filter((word) => !word.startsWith("-"));
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const command = words.length >= length ? commands.find((each) => each.name === name) : undefined;
    if (command !== undefined) return { command, rest: without(args, name.split(" ")) };
  }
  const names = commands.map(({ name }) => name);
  const [first = "", second] = words;
  const group = names.filter((name) => name.startsWith(`${first} `));
  const pair = second === undefined ? first : `${first} ${second}`;
  if (group.length > 0) return { unknown: pair, close: nearest(pair, group) ?? group[0] ?? null };
  return { unknown: first, close: nearest(pair, names) ?? nearest(first, names) };
}

/** The arguments without the first occurrence of each word of the command's name. */
function without(args: readonly string[], name: readonly string[]): string[] {
  const rest = [...args];
  for (const word of name) rest.splice(rest.indexOf(word), 1);
  return rest;
}

/** Reads arguments and options of a call. Returns a misuse if the command does not have them. */
export function parseCall(
  { name, args, takes, options }: Command,
  words: readonly string[],
): Pick<CommandCall, "args" | "option" | "has"> | Misuse {
  const config: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean", short: "h" } };
  for (const [option, { value }] of Object.entries(options)) {
    config[option] = { type: value === undefined ? "boolean" : "string" };
  }
  const unknown = words.map(optionName).find((word) => word !== null && !Object.hasOwn(config, word));
  if (unknown != null) return { misuse: unknownOption(name, unknown, Object.keys(config)) };
  try {
    const { values, positionals } = parseArgs({ args: [...words], allowPositionals: true, options: config });
    if (values.help !== true && (positionals.length < takes.least || positionals.length > takes.most)) {
      return { misuse: `causeway ${name} takes ${args === "" ? "no argument" : args}.` };
    }
    // An unset variable of a script would otherwise ask about everything.
    if (values.help !== true && positionals.some((word) => word.trim() === ""))
      return { misuse: `causeway ${name} takes ${args}, and was given an empty text.` };
    return {
      args: positionals,
      option: (option) => (typeof values[option] === "string" ? values[option] : undefined),
      has: (option) => values[option] === true,
    };
  } catch (error) {
    return { misuse: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
  }
}

/** The name of an option, without dashes and value; null for any other word. */
function optionName(word: string): string | null {
  return /^--([^=]+)/.exec(word)?.[1] ?? null;
}

function unknownOption(name: string, option: string, known: readonly string[]): string {
  const close = nearest(option, known);
  const hint = close === null ? "" : ` Did you mean --${close}?`;
  return `causeway ${name} has no option --${option}.${hint}`;
}
