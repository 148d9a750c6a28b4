import { type Environment, readEnvironment } from "../config/env.ts";
import { type Command, type CommandContext, findCommand, parseCall, type Terminal } from "./command.ts";
import { askingCommands } from "./commands/asking.ts";
import { runningCommands } from "./commands/running.ts";
import { setupCommands } from "./commands/setup.ts";
import { bashCompletion } from "./completion/bash.ts";
import { fishCompletion } from "./completion/fish.ts";
import { zshCompletion } from "./completion/zsh.ts";
import { commandHelp, usage } from "./help.ts";
import { release } from "./release.ts";
import { writeFirstConfig } from "./setup/first-config.ts";

const completions = new Map([
  ["bash", bashCompletion],
  ["zsh", zshCompletion],
  ["fish", fishCompletion],
]);

/** All commands, in the order of the help: first those that a new operator needs. */
export const commands: readonly Command[] = [
  ...setupCommands,
  ...runningCommands,
  ...askingCommands,
  {
    name: "completion",
    args: "<shell>",
    takes: { least: 1, most: 1 },
    choices: [...completions.keys()],
    summary: "print a script with which bash, zsh or fish completes commands and options",
    options: {},
    async run({ args: [shell = ""], print }) {
      const completion = completions.get(shell);
      if (!completion)
        return {
          misuse: `There is no completion for ${shell}, only for ${[...completions.keys()].join(", ")}.`,
        };
      print(completion(commands));
      return true;
    },
  },
];

export interface CliDeps {
  print(line: string): void;
  /** Prints remarks separately from a result that programs read. Default: `print`. */
  note?(line: string): void;
  /** Starts the service; resolves when it runs. */
  start(): Promise<unknown>;
  /** The person at the terminal. Default: none. */
  terminal?: Terminal | null;
  env?: Environment;
  /** Base directory of relative paths. Default: the working directory. */
  directory?: string;
}

/** Runs one command. Returns the exit code, or null if the process continues. */
export async function runCli(args: readonly string[], deps: CliDeps): Promise<number | null> {
  const { print, note = print, start, terminal = null, directory = process.cwd() } = deps;
  const env = deps.env ?? readEnvironment(directory);
  const context = { print, note, start, terminal, env, directory };
  const [first] = args;
  if (first === undefined) return await startAtOnce(context);
  if (args.length === 1 && ["--help", "-h", "help"].includes(first)) {
    print(usage(commands));
    return 0;
  }
  if (args.length === 1 && first === "--version") {
    print(release());
    return 0;
  }
  const found = findCommand(commands, args);
  if ("unknown" in found) {
    const hint = found.close === null ? "" : ` Did you mean "causeway ${found.close}"?`;
    note(`There is no command "${found.unknown || first}".${hint}\n\n${usage(commands)}`);
    return 2;
  }
  return await runCommand(found.command, found.rest, context);
}

async function runCommand(
  command: Command,
  words: readonly string[],
  context: CommandContext,
): Promise<number | null> {
  // A shell or a file may take the output of a command. Remarks about mistakes do not belong there.
  const misused = (problem: string) => {
    context.note(`${problem}\n\n${commandHelp(command)}`);
    return 2;
  };
  const parsed = parseCall(command, words);
  if ("misuse" in parsed) return misused(parsed.misuse);
  if (parsed.has("help")) {
    context.print(commandHelp(command));
    return 0;
  }
  const result = await command.run({ ...context, ...parsed });
  if (result === null || typeof result === "number") return result;
  if (typeof result === "object") return misused(result.misuse);
  return result ? 0 : 1;
}

/** `causeway` alone starts the service. If the directory has no configuration yet, it gets one to start with. */
async function startAtOnce({ env, directory, note, start }: CommandContext): Promise<null> {
  const written = writeFirstConfig(env, directory);
  if (written !== null) note(`Wrote ${written}: a web chat and the API, with an echo bot.`);
  await start();
  return null;
}
