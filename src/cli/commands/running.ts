import type { Command } from "../command.ts";
import { release } from "../release.ts";
import { askToReload } from "../reload.ts";
import { printSlackManifest } from "../slack-manifest.ts";

const NONE = { least: 0, most: 0 };
const ONE = { least: 1, most: 1 };

/** Commands that start, check and prepare the service. Those with many packages are loaded when they run. */
export const runningCommands: readonly Command[] = [
  {
    name: "start",
    args: "",
    takes: NONE,
    summary: "start the service",
    options: {},
    async run(call) {
      await call.start();
      return null;
    },
  },
  {
    name: "config check",
    args: "",
    takes: NONE,
    summary: "check settings and configuration files, start nothing",
    options: {},
    async run({ env, print }) {
      const { checkConfig } = await import("../config-check.ts");
      return checkConfig(env, print);
    },
  },
  {
    name: "doctor",
    args: "",
    takes: NONE,
    summary: "look at everything the configuration names, live, and say what to fix",
    options: {
      json: { doc: 'for programs: { "ok", "findings": [{ "where", "severity", "what", "fix" }] }' },
    },
    async run({ env, directory, print, has }) {
      const { doctor } = await import("../doctor.ts");
      return await doctor({ env, directory, json: has("json"), print });
    },
  },
  {
    name: "reload",
    args: "",
    takes: NONE,
    summary: "have the running service read its configuration anew",
    options: {},
    run: async ({ env, print }) => askToReload(env, print),
  },
  {
    name: "migrate",
    args: "",
    takes: NONE,
    summary: "make or change the tables at DATABASE_URL, start nothing",
    options: {},
    async run({ env, print }) {
      const { migrate } = await import("../migrate.ts");
      return await migrate({ env, print });
    },
  },
  {
    name: "move",
    args: "",
    takes: NONE,
    summary: "copy the embedded database into a Postgres of your own, and check the counts",
    options: {
      to: { value: "<postgres://…>", doc: "an empty database, with the role that owns its tables" },
    },
    async run({ env, directory, print, option }) {
      const to = option("to");
      if (to === undefined) return { misuse: "--to is needed: the address of an empty database." };
      const { moveDatabase } = await import("../move.ts");
      return await moveDatabase({ env, directory, to, print });
    },
  },
  {
    name: "backup",
    args: "<file>",
    takes: ONE,
    summary: "write the database and its files to one file, also while the service runs",
    options: {
      "without-files": { doc: "leave out the files of messages, such as those in a bucket" },
    },
    async run({ env, directory, print, has, args: [file = ""] }) {
      const { backUp } = await import("../backup/backup.ts");
      const withoutFiles = has("without-files");
      return await backUp({ env, directory, file, release: release(), withoutFiles, print });
    },
  },
  {
    name: "restore",
    args: "<file>",
    takes: ONE,
    summary: "put a backup into an empty data directory, or an empty database",
    options: {},
    async run({ env, directory, print, args: [file = ""] }) {
      const { restore } = await import("../backup/restore.ts");
      return await restore({ env, directory, file, print });
    },
  },
  {
    name: "bot check",
    args: "<url>",
    takes: { least: 1, most: 1 },
    summary: "check an HTTP endpoint against the webhook bot protocol",
    options: {
      secret: { value: "<secret>", doc: "the secret it has (default: BOT_SECRET)" },
      timeout: { value: "<milliseconds>", doc: "how long one answer may take (default: 60000)" },
    },
    async run({ args: [url = ""], env, print, option }) {
      const secret = option("secret") ?? env.BOT_SECRET;
      const timeoutMs = Number(option("timeout") ?? 60_000);
      if (secret === undefined) return { misuse: "A secret is needed: --secret or BOT_SECRET." };
      if (!Number.isInteger(timeoutMs)) return { misuse: "--timeout takes whole milliseconds." };
      const { checkBot } = await import("../bot-check.ts");
      return await checkBot({ url, secret, timeoutMs }, print);
    },
  },
  {
    name: "slack manifest",
    args: "",
    takes: NONE,
    summary: "print the manifest to create a Slack app from",
    options: {
      url: {
        value: "<https://…>",
        doc: "the address at which Slack reaches this service (default: CAUSEWAY_PUBLIC_URL)",
      },
      socket: { doc: "for Socket Mode, which needs no address" },
      channel: { value: "<name>", doc: "the channel in the configuration file (default: slack)" },
      name: { value: "<name>", doc: "what the app is called in Slack (default: Causeway)" },
    },
    async run({ env, print, note, option, has }) {
      const request = {
        channel: option("channel") ?? "slack",
        name: option("name") ?? "Causeway",
        socket: has("socket"),
        publicUrl: option("url") ?? env.CAUSEWAY_PUBLIC_URL,
      };
      return printSlackManifest(request, { print, note });
    },
  },
  {
    name: "simulate",
    args: "[telegram|slack|whatsapp|sms…]",
    takes: { least: 0, most: 9 },
    choices: ["telegram", "slack", "whatsapp", "sms"],
    summary: "be these platforms for any bot, without accounts (default: all)",
    options: {
      port: { value: "<port>", doc: "the port to listen on (default: 4010)" },
      "slack-events": { value: "<url>", doc: "the address of your Slack app for events and presses" },
      "twilio-webhook": {
        value: "<url>",
        doc: "the address of your program for WhatsApp messages from Twilio",
      },
      "sms-webhook": { value: "<url>", doc: "the address of your program for SMS from Twilio" },
      "meta-webhook": { value: "<url>", doc: "the address of your program for events from Meta" },
      replay: { value: "<file>", doc: "play a run that the page saved, check it, and end" },
      url: { value: "<http://…>", doc: "play it at this running service's simulator" },
      timeout: { value: "<milliseconds>", doc: "how long a replay waits for an answer (default: 60000)" },
    },
    async run({ args: platforms, print, option }) {
      const { simulate } = await import("../simulate.ts");
      return await simulate({
        platforms,
        port: option("port") ?? "4010",
        replay: option("replay") ?? null,
        url: option("url") ?? null,
        timeoutMs: Number(option("timeout")) || 60_000,
        urls: {
          slack: option("slack-events"),
          twilio: option("twilio-webhook"),
          meta: option("meta-webhook"),
          sms: option("sms-webhook"),
        },
        print,
      });
    },
  },
];
