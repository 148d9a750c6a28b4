import { parseArgs } from "node:util";
import { type Environment, readEnvironment } from "../config/env.ts";
import { checkBot } from "./bot-check.ts";
import { checkConfig } from "./config-check.ts";
import { printSlackManifest } from "./slack-manifest.ts";
import { printWhy } from "./why.ts";

const USAGE = `Usage:
  causeway start                      start the service (the same as \`npm start\`)
  causeway config check               check settings and configuration files, start nothing
  causeway doctor                     look at everything the configuration names, live, and say what to fix
      --json                          for programs: { "ok", "findings": [{ "where", "severity", "what", "fix" }] }
  causeway why <id>                   tell what happened to a message (or execution, delivery, session), and why
      --url <http://…>                where the service is (default: HOST and PORT)
  causeway migrate                    make or change the tables at DATABASE_URL, start nothing
  causeway bot check <url>            check an HTTP endpoint against the webhook bot protocol
      --secret <secret>               the secret it has (default: BOT_SECRET)
      --timeout <milliseconds>        how long one answer may take (default: 60000)
  causeway slack manifest             print the manifest to create a Slack app from
      --url <https://…>               where Slack reaches this service (default: CAUSEWAY_PUBLIC_URL)
      --socket                        for Socket Mode, which needs no address
      --channel <name>                the channel in the configuration file (default: slack)
      --name <name>                   what the app is called in Slack (default: Causeway)
`;

export interface CliDeps {
  print(line: string): void;
  /** What is said beside a result that programs read. Default: as everything else. */
  note?(line: string): void;
  /** Starts the service; resolves when it runs. */
  start(): Promise<unknown>;
  /** Holds the configuration against what it names; true if nothing is broken. */
  doctor(options: { env: Environment; json: boolean; print(line: string): void }): Promise<boolean>;
  /** Makes or changes the tables of the database; false, with what is wrong printed, where it cannot. */
  migrate(options: { env: Environment; print(line: string): void }): Promise<boolean>;
  env?: Environment;
}

/** Carries out one command; the exit code, or null where the process goes on. */
export async function runCli(args: readonly string[], deps: CliDeps): Promise<number | null> {
  const { print, note = print } = deps;
  const parsed = parse(args);
  if (typeof parsed === "string") {
    print(`${parsed}\n\n${USAGE}`);
    return 2;
  }
  const { command, argument, values } = parsed;
  if (values.help || command === "") {
    print(USAGE);
    return command === "" && !values.help ? 2 : 0;
  }
  switch (command) {
    case "start":
      await deps.start();
      return null;
    case "config check":
      return checkConfig(deps.env ?? readEnvironment(), print) ? 0 : 1;
    case "doctor":
      return (await deps.doctor({ env: deps.env ?? readEnvironment(), json: values.json, print })) ? 0 : 1;
    case "migrate":
      return (await deps.migrate({ env: deps.env ?? readEnvironment(), print })) ? 0 : 1;
    case "why": {
      const { url: at = null, json } = values;
      if (argument === undefined) return missing("The id of a message is needed.", print);
      return (await printWhy({ id: argument, url: at, json }, deps.env ?? readEnvironment(), print)) ? 0 : 1;
    }
    case "bot check": {
      const secret = values.secret ?? (deps.env ?? readEnvironment()).BOT_SECRET;
      const timeoutMs = Number(values.timeout);
      if (argument === undefined || secret === undefined || !Number.isInteger(timeoutMs))
        return missing("A URL and a secret are needed, and whole milliseconds.", print);
      return (await checkBot({ url: argument, secret, timeoutMs }, print)) ? 0 : 1;
    }
    case "slack manifest": {
      const { channel, name, socket, url: given } = values;
      const publicUrl = given ?? (deps.env ?? readEnvironment()).CAUSEWAY_PUBLIC_URL;
      return printSlackManifest({ channel, name, socket, publicUrl }, { print, note }) ? 0 : 1;
    }
    default:
      print(`There is no command "${command}".\n\n${USAGE}`);
      return 2;
  }
}

const SINGLE = new Set(["why"]);

function missing(what: string, print: (line: string) => void): number {
  print(`${what}\n\n${USAGE}`);
  return 2;
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        secret: { type: "string" },
        timeout: { type: "string", default: "60000" },
        url: { type: "string" },
        socket: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        channel: { type: "string", default: "slack" },
        name: { type: "string", default: "Causeway" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const [noun = "", ...rest] = positionals;
    const [first, second] = rest;
    // Commands of one word take their argument next.
    if (first === undefined || SINGLE.has(noun)) return { command: noun, argument: first, values };
    return { command: `${noun} ${first}`, argument: second, values };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
