import { rollBackAgent } from "../agent-rollback.ts";
import { approveCode } from "../approve.ts";
import type { Command, CommandCall, CommandOption } from "../command.ts";
import { exportErasure, exportPerson, exportSessions } from "../export-sessions.ts";
import { printReplay } from "../replay.ts";
import { printShadows } from "../shadows.ts";
import { printChat, printUsers } from "../users-and-chat.ts";
import { printWhy } from "../why.ts";

const URL_OPTION: CommandOption = {
  value: "<http://…>",
  doc: "where the service is (default: HOST and PORT)",
};
const ASKING = { url: URL_OPTION, json: { doc: "for programs" } };

const ONE = { least: 1, most: 1 };

/** The request for a command about one subject, such as an id. */
const requestOf = (call: CommandCall) => ({
  subject: call.args[0] ?? "",
  url: call.option("url") ?? null,
  json: call.has("json"),
});

/** Commands that ask the running service. */
export const askingCommands: readonly Command[] = [
  {
    name: "why",
    args: "<id>",
    takes: ONE,
    summary: "tell what happened to a message (or execution, delivery, session, person), and why",
    options: ASKING,
    async run(call) {
      const { subject: id, ...rest } = requestOf(call);
      return await printWhy({ id, ...rest }, call.env, call.print);
    },
  },
  {
    name: "users",
    args: "<text>",
    takes: ONE,
    summary: "find people by name, number or identifier",
    options: ASKING,
    run: (call) => printUsers(requestOf(call), call.env, call.print),
  },
  {
    name: "chat",
    args: "<session or person>",
    takes: ONE,
    summary: "print a conversation; of a person, the newest",
    options: ASKING,
    run: (call) => printChat(requestOf(call), call.env, call.print),
  },
  {
    name: "export",
    args: "",
    takes: { least: 0, most: 0 },
    summary: "print all conversations: one JSON object in each line",
    options: {
      format: { value: "csv", doc: "one message in each line, for spreadsheets" },
      since: { value: "<time>", doc: "those that changed since then: 2026-11-01T00:00:00Z" },
      until: { value: "<time>", doc: "those that changed before then" },
      agent: { value: "<name>", doc: "those of an agent" },
      channel: { value: "<name>", doc: "those of a channel" },
      q: { value: "<words>", doc: "those with these words" },
      user: {
        value: "<id or name>",
        doc: "everything about one person, as one document; no other option counts",
      },
      erasure: {
        value: "<user id>",
        doc: "the certificate of an erased person; no other option counts",
      },
      cursor: { value: "<cursor>", doc: "go on behind this line of an export that broke off" },
      url: URL_OPTION,
    },
    async run(call) {
      const given = ["format", "since", "until", "agent", "channel", "q", "cursor"].flatMap((name) => {
        const value = call.option(name);
        return value === undefined ? [] : [[name === "agent" ? "agent_id" : name, value]];
      });
      const url = call.option("url") ?? null;
      const person = call.option("user");
      const erased = call.option("erasure");
      if (erased !== undefined) return await exportErasure({ url, userId: erased }, call.env, call);
      if (person !== undefined) return await exportPerson({ url, person }, call.env, call);
      return await exportSessions({ url, query: Object.fromEntries(given) }, call.env, call);
    },
  },
  {
    name: "approve",
    args: "<code>",
    takes: { least: 1, most: 4 },
    summary: "let in the person who shows a code",
    options: ASKING,
    run: (call) => approveCode({ ...requestOf(call), subject: call.args.join("") }, call.env, call.print),
  },
  {
    name: "replay",
    args: "<session>",
    takes: ONE,
    summary: "show what another version would have answered; exit code 1 if it leaves a turn unanswered",
    options: {
      agent: { value: "<name>@<version>", doc: "the agent that answers; without a version: the current one" },
      ...ASKING,
    },
    async run(call) {
      const agent = call.option("agent");
      if (agent === undefined) return { misuse: "--agent is needed, such as --agent coach@5." };
      return await printReplay({ ...requestOf(call), agent }, call.env, call.print);
    },
  },
  {
    name: "shadows",
    args: "<agent>",
    takes: ONE,
    summary: "show the answers of an agent's shadow, next to the sent ones",
    options: ASKING,
    run: (call) => printShadows(requestOf(call), call.env, call.print),
  },
  {
    name: "agent rollback",
    args: "<name>",
    takes: ONE,
    summary: "go back to the version before, with all open sessions",
    options: { to: { value: "<version>", doc: "go back to this version" }, url: URL_OPTION },
    async run(call) {
      const to = call.option("to");
      const version = to === undefined ? null : Number(to);
      if (version !== null && !Number.isInteger(version)) return { misuse: "--to takes a whole number." };
      return await rollBackAgent({ ...requestOf(call), version }, call.env, call.print);
    },
  },
];
