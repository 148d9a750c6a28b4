import { nameFix } from "../../config/nearest.ts";
import type { JsonObject } from "../../core/text/json.ts";
import type { CommandCall, Misuse } from "../command.ts";
import { isHealthy, printFindings } from "../doctor/report.ts";
import { findingsOfAgent } from "../doctor/workspace-findings.ts";
import { draft, openConfig, registries, saveConfig } from "./config-draft.ts";
import { addToEnvFile } from "./env-file.ts";
import { gatherVariables, type NeededVariable, whereToFind } from "./gather-variables.ts";

/** A new bot, and the variables that it refers to. */
interface NewBot {
  bot: JsonObject;
  needs: readonly NeededVariable[];
}

/** The page of each provider on which people create keys. */
const KEY_PAGES: Readonly<Record<string, string>> = {
  openai: "https://platform.openai.com/api-keys",
  anthropic: "https://console.anthropic.com/settings/keys",
  google: "https://aistudio.google.com/apikey",
};

/** `causeway agent add <name>`: adds an agent that no channel uses yet. */
export async function addAgent(call: CommandCall): Promise<boolean | Misuse> {
  const { args, env, directory, print, option } = call;
  const name = args[0] ?? "";
  const chosen = chooseBot(call);
  if ("misuse" in chosen) return chosen;
  const open = openConfig(env, directory);
  if ("problem" in open) return explain(open.problem, print);
  if (Object.hasOwn(open.agents, name)) return explain(`${open.file} has an agent "${name}" already.`, print);
  const { added, missing } = await gatherVariables(chosen.needs, call);
  if (missing.length > 0) {
    print("Nothing was written. Set these variables in .env first:");
    for (const line of whereToFind(missing)) print(line);
    return false;
  }
  const prompt = option("prompt");
  const messages = prompt === undefined ? [] : [{ role: "system", content: prompt }];
  const value = { bot: chosen.bot, ...(messages.length === 0 ? {} : { messages }) };
  const surroundings = { env: { ...env, ...added }, directory };
  const checked = draft(open, { key: "agents", name, value }, surroundings);
  if ("problem" in checked) return explain(checked.problem, print);
  if (!call.has("unchecked")) {
    const [workspace] = checked.config.workspaces;
    const findings = workspace === undefined ? [] : await findingsOfAgent(workspace, name, registries);
    printFindings(findings, print);
    if (!isHealthy(findings)) return explain("Nothing was written. --unchecked adds it all the same.", print);
  }
  addToEnvFile(directory, added);
  saveConfig(open.path, checked.text);
  print(`Added the agent "${name}" to ${open.file}.`);
  const names = Object.keys(added);
  if (names.length > 0) print(`Wrote ${names.join(", ")} to .env. Keep that file to yourself.`);
  if ("BOT_SECRET" in added) print("Give your endpoint the same BOT_SECRET: it proves who calls.");
  print(`It answers on channels with "agent": "${name}".`);
  return true;
}

function chooseBot({ option }: CommandCall): NewBot | Misuse {
  const type = option("bot") ?? (option("model") === undefined ? "echo" : "llm");
  if (type === "echo") return { bot: { type }, needs: [] };
  if (type === "llm") return llmBot(option);
  if (type !== "webhook") {
    return { misuse: `--bot is "${type}": ${nameFix(type, ["echo", "llm", "webhook"])}.` };
  }
  const url = option("url");
  if (url === undefined) return { misuse: "A webhook bot needs --url, the address of your endpoint." };
  return { bot: { type, url, secret: "$BOT_SECRET" }, needs: [{ variable: "BOT_SECRET", find: null }] };
}

function llmBot(option: CommandCall["option"]): NewBot | Misuse {
  const url = option("url");
  const model = option("model");
  const provider = option("provider") ?? (url === undefined ? "openai" : "openai-compatible");
  if (model === undefined) return { misuse: "An llm bot needs --model, the provider's name of a model." };
  const find = KEY_PAGES[provider];
  const bot = { type: "llm", provider, ...(url === undefined ? {} : { baseUrl: url }) };
  // A private server often needs no key.
  if (find === undefined) return { bot: { ...bot, model }, needs: [] };
  return { bot: { ...bot, apiKey: "$LLM_API_KEY", model }, needs: [{ variable: "LLM_API_KEY", find }] };
}

function explain(problem: string, print: (line: string) => void): false {
  print(problem);
  return false;
}
