import { existsSync } from "node:fs";
import { relative } from "node:path";
import type { Command, CommandCall } from "../command.ts";
import { configPath, writeFirstConfig } from "../setup/first-config.ts";

const UNCHECKED = { doc: "write it without asking the other side whether it works" };

/** Commands that write a configuration. */
export const setupCommands: readonly Command[] = [
  {
    name: "init",
    args: "",
    takes: { least: 0, most: 0 },
    summary: "write a configuration that works at once: a web chat and the API, with an echo bot",
    options: {},
    run: async (call) => init(call),
  },
  {
    name: "channel add",
    args: "<kind>",
    takes: { least: 1, most: 1 },
    choices: ["telegram", "slack", "whatsapp", "sms", "web", "api", "sureadhere"],
    summary: "connect telegram, slack, whatsapp, sms, web, api or sureadhere",
    options: {
      name: { value: "<name>", doc: "what the channel is called (default: its kind)" },
      agent: { value: "<name>", doc: "the agent that answers there (default: the only one)" },
      mode: {
        value: "<mode>",
        doc: "telegram: polling or webhook; slack: socket or events (default: webhook or events at a public CAUSEWAY_PUBLIC_URL)",
      },
      provider: { value: "<name>", doc: "whatsapp: twilio or meta (default: twilio)" },
      api: { value: "<url>", doc: "another address of the platform's API: a local server or a proxy" },
      unchecked: UNCHECKED,
    },
    async run(call) {
      const { addChannel } = await import("../setup/add-channel.ts");
      return await addChannel(call);
    },
  },
  {
    name: "agent add",
    args: "<name>",
    takes: { least: 1, most: 1 },
    summary: "add a bot: an echo, a language model or an endpoint of yours",
    options: {
      bot: { value: "<type>", doc: "echo, llm or webhook (default: llm with --model, else echo)" },
      model: { value: "<name>", doc: "llm: the provider's name of the model" },
      provider: {
        value: "<name>",
        doc: "llm: openai, anthropic, google or openai-compatible (default: openai; with --url, openai-compatible)",
      },
      url: { value: "<url>", doc: "webhook: your endpoint; llm: the address of the API (https://host/v1)" },
      prompt: { value: "<text>", doc: "the bot's task, for its prompt" },
      unchecked: UNCHECKED,
    },
    async run(call) {
      const { addAgent } = await import("../setup/add-agent.ts");
      return await addAgent(call);
    },
  },
];

function init({ env, directory, print }: CommandCall): boolean {
  const written = writeFirstConfig(env, directory);
  if (written !== null) {
    print(`Wrote ${written}: a web chat and the API, with an echo bot. Your editor explains its keys.`);
    print("Start: causeway. Connect a platform: causeway channel add telegram.");
    return true;
  }
  const path = configPath(env, directory);
  if (path !== null && existsSync(path)) {
    print(`${relative(directory, path)} is there already. Nothing was written.`);
    return true;
  }
  print("CAUSEWAY_CONFIG names several files: name the one to write.");
  return false;
}
