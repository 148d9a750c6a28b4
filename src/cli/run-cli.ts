import { parseArgs } from "node:util";
import { type Environment, readEnvironment } from "../config/env.ts";
import { rollBackAgent } from "./agent-rollback.ts";
import { exportSessions } from "./export-sessions.ts";
import { askToReload } from "./reload.ts";
import type { SimulateOptions } from "./simulate.ts";
import { printSlackManifest } from "./slack-manifest.ts";
import { printChat, printUsers } from "./users-and-chat.ts";
import { printWhy } from "./why.ts";

const USAGE = `Usage:
  causeway start                      start the service (the same as \`npm start\`)
  causeway config check               check settings and configuration files, start nothing
  causeway doctor                     look at everything the configuration names, live, and say what to fix
      --json                          for programs: { "ok", "findings": [{ "where", "severity", "what", "fix" }] }
  causeway why <id>                   tell what happened to a message (or execution, delivery, session, person), and why
      --url <http://…>                where the service is (default: HOST and PORT)
  causeway users <text>               find people by name, number or identifier (--url, --json)
  causeway chat <session or person>   print a conversation; of a person, the newest (--url, --json)
  causeway export                     print all conversations: one JSON object in each line (--url)
      --format csv                    one message in each line, for spreadsheets
      --since, --until <time>         those that changed in this time: 2026-11-01T00:00:00Z
      --agent, --channel, --q <…>     those of an agent, of a channel, or with these words
      --cursor <cursor>               go on behind this line of an export that broke off
  causeway agent rollback <name>      go back to the version before, with all open sessions (--url)
      --to <version>                  go back to this version
  causeway reload                     have the running service read its configuration anew
  causeway migrate                    make or change the tables at DATABASE_URL, start nothing
  causeway bot check <url>            check an HTTP endpoint against the webhook bot protocol
      --secret <secret>               the secret it has (default: BOT_SECRET)
      --timeout <milliseconds>        how long one answer may take (default: 60000)
  causeway slack manifest             print the manifest to create a Slack app from
      --url <https://…>               where Slack reaches this service (default: CAUSEWAY_PUBLIC_URL)
      --socket                        for Socket Mode, which needs no address
      --channel <name>                the channel in the configuration file (default: slack)
      --name <name>                   what the app is called in Slack (default: Causeway)
  causeway simulate [telegram|slack|whatsapp…]
                                      be these platforms for any bot, without accounts (default: all)
      --port <port>                   where it listens (default: 4010)
      --slack-events <url>            where your Slack app takes events and presses
      --twilio-webhook <url>          where your program takes messages from Twilio
      --meta-webhook <url>            where your program takes events from Meta
      --replay <file>                 play a run that the page saved, check it, and end
      --url <http://…>                play it at this running service's simulator
`;

export interface CliDeps {
  print(line: string): void;
  /** Prints remarks separately from a result that programs read. Default: `print`. */
  note?(line: string): void;
  /** Starts the service; resolves when it runs. */
  start(): Promise<unknown>;
  /** Checks the configuration against everything that it refers to. True if nothing is broken. */
  doctor(options: { env: Environment; json: boolean; print(line: string): void }): Promise<boolean>;
  /** Creates or changes the tables of the database. False if it cannot, after it printed the reason. */
  migrate(options: { env: Environment; print(line: string): void }): Promise<boolean>;
  /** Starts the simulator of platforms. Null: it runs. Otherwise the exit code. */
  simulate(options: SimulateOptions): Promise<number | null>;
  env?: Environment;
}

/** Runs one command. Returns the exit code, or null if the process continues. */
export async function runCli(args: readonly string[], deps: CliDeps): Promise<number | null> {
  const { print, note = print } = deps;
  const parsed = parse(args);
  if (typeof parsed === "string") {
    print(`${parsed}\n\n${USAGE}`);
    return 2;
  }
  const { command, argument, words, values } = parsed;
  if (values.help || command === "") {
    print(USAGE);
    return command === "" && !values.help ? 2 : 0;
  }
  switch (command) {
    case "start":
      await deps.start();
      return null;
    case "config check": {
      // Loaded only here: other commands need neither channels nor bots.
      const { checkConfig } = await import("./config-check.ts");
      return checkConfig(deps.env ?? readEnvironment(), print) ? 0 : 1;
    }
    case "doctor":
      return (await deps.doctor({ env: deps.env ?? readEnvironment(), json: values.json, print })) ? 0 : 1;
    case "reload":
      return askToReload(deps.env ?? readEnvironment(), print) ? 0 : 1;
    case "migrate":
      return (await deps.migrate({ env: deps.env ?? readEnvironment(), print })) ? 0 : 1;
    case "why": {
      const { url: at = null, json } = values;
      if (argument === undefined) return missing("The id of a message is needed.", print);
      return (await printWhy({ id: argument, url: at, json }, deps.env ?? readEnvironment(), print)) ? 0 : 1;
    }
    case "users":
    case "chat": {
      const { url: at = null, json } = values;
      if (argument === undefined) return missing("A name, a number or an id is needed.", print);
      const show = command === "users" ? printUsers : printChat;
      return (await show({ subject: argument, url: at, json }, deps.env ?? readEnvironment(), print)) ? 0 : 1;
    }
    case "export": {
      const { url: at = null, format, since, until, agent: agent_id, channel, q, cursor } = values;
      const given = Object.entries({ format, since, until, agent_id, channel, q, cursor });
      const query = Object.fromEntries(
        given.filter((entry): entry is [string, string] => entry[1] !== undefined),
      );
      return (await exportSessions({ url: at, query }, deps.env ?? readEnvironment(), { print, note }))
        ? 0
        : 1;
    }
    case "agent rollback": {
      const { url: at = null, json, to } = values;
      const version = to === undefined ? null : Number(to);
      if (argument === undefined || (version !== null && !Number.isInteger(version)))
        return missing("The name of an agent is needed, and a whole number with --to.", print);
      const request = { subject: argument, url: at, json, version };
      return (await rollBackAgent(request, deps.env ?? readEnvironment(), print)) ? 0 : 1;
    }
    case "bot check": {
      const secret = values.secret ?? (deps.env ?? readEnvironment()).BOT_SECRET;
      const timeoutMs = Number(values.timeout);
      if (argument === undefined || secret === undefined || !Number.isInteger(timeoutMs))
        return missing("A URL and a secret are needed, and whole milliseconds.", print);
      const { checkBot } = await import("./bot-check.ts");
      return (await checkBot({ url: argument, secret, timeoutMs }, print)) ? 0 : 1;
    }
    case "slack manifest": {
      const { channel = "slack", name, socket, url: given } = values;
      const publicUrl = given ?? (deps.env ?? readEnvironment()).CAUSEWAY_PUBLIC_URL;
      return printSlackManifest({ channel, name, socket, publicUrl }, { print, note }) ? 0 : 1;
    }
    case "simulate":
      return deps.simulate({
        platforms: words,
        port: values.port,
        replay: values.replay ?? null,
        url: values.url ?? null,
        timeoutMs: Number(values.timeout) || 60_000,
        urls: {
          slack: values["slack-events"],
          twilio: values["twilio-webhook"],
          meta: values["meta-webhook"],
        },
        print,
      });
    default:
      print(`There is no command "${command}".\n\n${USAGE}`);
      return 2;
  }
}

const SINGLE = new Set(["why", "users", "chat", "export", "simulate"]);

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
        to: { type: "string" },
        json: { type: "boolean", default: false },
        channel: { type: "string" },
        format: { type: "string" },
        since: { type: "string" },
        until: { type: "string" },
        agent: { type: "string" },
        q: { type: "string" },
        cursor: { type: "string" },
        name: { type: "string", default: "Causeway" },
        port: { type: "string", default: "4010" },
        replay: { type: "string" },
        "slack-events": { type: "string" },
        "twilio-webhook": { type: "string" },
        "meta-webhook": { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const [noun = "", ...rest] = positionals;
    const [first, second] = rest;
    // After a command of one word, the next word is its argument.
    if (first === undefined || SINGLE.has(noun))
      return { command: noun, argument: first, words: rest, values };
    return { command: `${noun} ${first}`, argument: second, words: rest, values };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
