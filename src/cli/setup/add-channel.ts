import { nameFix, nearest } from "../../config/nearest.ts";
import { parseSettings } from "../../config/settings.ts";
import type { JsonObject } from "../../core/text/json.ts";
import type { CommandCall, Misuse } from "../command.ts";
import { isHealthy, printFindings } from "../doctor/report.ts";
import { findingsOfChannel } from "../doctor/workspace-findings.ts";
import type { ChannelRecipe, KindRecipes, RecipeVariable } from "./channel-recipe.ts";
import { channelRecipes } from "./channel-recipes.ts";
import { draft, type OpenConfig, openConfig, registries, saveConfig } from "./config-draft.ts";
import { addToEnvFile } from "./env-file.ts";
import { type GatheredVariables, gatherVariables, whereToFind } from "./gather-variables.ts";

/** `causeway channel add <kind>`: adds a channel, and keeps its secrets in `.env`. */
export async function addChannel(call: CommandCall): Promise<boolean | Misuse> {
  const { args, env, directory, print, option } = call;
  const kind = args[0] ?? "";
  const recipes = Object.hasOwn(channelRecipes, kind) ? channelRecipes[kind] : undefined;
  if (recipes === undefined) return unknownKind(kind);
  const { publicUrl } = parseSettings(env, directory).settings;
  const recipe = chooseRecipe(recipes, option("mode") ?? option("provider"), publicUrl.isPublic);
  if ("misuse" in recipe) return recipe;
  const open = openConfig(env, directory);
  if ("problem" in open) return explain(open.problem, print);
  const name = option("name") ?? kind;
  const agent = chooseAgent(open, option("agent"));
  if ("problem" in agent) return explain(agent.problem, print);
  if (Object.hasOwn(open.channels, name)) {
    return explain(
      `${open.file} has a channel "${name}" already. Change it there, or add another one with --name.`,
      print,
    );
  }
  const needed = named(recipe.variables, name === kind ? "" : name);
  const gathered = await gatherVariables(needed, call);
  const value = channelOf({ kind, agent: agent.name, recipe, needed, api: option("api") }, gathered);
  const surroundings = { env: { ...env, ...gathered.added }, directory };
  const checked = draft(open, { key: "channels", name, value }, surroundings);
  if ("problem" in checked) return explain(checked.problem, print);
  const isOn = gathered.missing.length === 0;
  if (isOn && !call.has("unchecked")) {
    const [workspace] = checked.config.workspaces;
    const options = { ...registries, publicUrl, serviceAnswers: false };
    const findings = workspace === undefined ? [] : await findingsOfChannel(workspace, name, options);
    printFindings(findings, print);
    if (!isHealthy(findings)) return explain("Nothing was written. --unchecked adds it all the same.", print);
  }
  addToEnvFile(directory, gathered.added);
  saveConfig(open.path, checked.text);
  print(`Added the channel "${name}" to ${open.file}; the agent "${agent.name}" answers there.`);
  report(gathered, recipe.next({ publicUrl, name }), print);
  return true;
}

function unknownKind(kind: string): Misuse {
  const kinds = Object.keys(channelRecipes);
  const close = nearest(kind, kinds);
  const hint = close === null ? "" : ` Did you mean ${close}?`;
  return { misuse: `There is no kind of channel "${kind}".${hint} Kinds are ${kinds.join(", ")}.` };
}

function chooseRecipe(
  { by, atPublicUrl, otherwise }: KindRecipes,
  wanted: string | undefined,
  isPublic: boolean,
): ChannelRecipe | Misuse {
  const word = wanted ?? (isPublic ? atPublicUrl : otherwise);
  const recipe = Object.hasOwn(by, word) ? by[word] : undefined;
  return recipe ?? { misuse: `"${word}" is not known for this kind: ${nameFix(word, Object.keys(by))}.` };
}

function chooseAgent(
  { agents, file }: OpenConfig,
  wanted: string | undefined,
): { name: string } | { problem: string } {
  const names = Object.keys(agents);
  const [name] = names;
  if (wanted !== undefined) {
    if (names.includes(wanted)) return { name: wanted };
    return { problem: `${file} has no agent "${wanted}": ${nameFix(wanted, names)}.` };
  }
  if (name !== undefined && names.length === 1) return { name };
  return { problem: `Say which agent answers there, with --agent: ${names.join(", ")}.` };
}

/** The variables of a second channel of a kind begin with its name. */
function named(variables: readonly RecipeVariable[], name: string): RecipeVariable[] {
  const prefix = name === "" ? "" : `${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}_`;
  return variables.map((each) => ({
    ...each,
    variable: `${prefix}${each.variable}`.replace(/^(?=\d)/, "_"),
  }));
}

function channelOf(
  parts: {
    kind: string;
    agent: string;
    recipe: ChannelRecipe;
    needed: RecipeVariable[];
    api: string | undefined;
  },
  { missing }: GatheredVariables,
): JsonObject {
  const { kind, agent, recipe, needed, api } = parts;
  return {
    kind,
    agent,
    ...(missing.length === 0 ? {} : { enabled: false }),
    ...recipe.settings,
    ...Object.fromEntries(needed.map(({ key, variable }) => [key, `$${variable}`])),
    ...(api === undefined || recipe.apiKey === null ? {} : { [recipe.apiKey]: api }),
  };
}

function report(
  { added, missing }: GatheredVariables,
  next: readonly string[],
  print: (line: string) => void,
): void {
  const names = Object.keys(added);
  if (names.length > 0) print(`Wrote ${names.join(", ")} to .env. Keep that file to yourself.`);
  if (missing.length > 0) {
    print("It is disabled until these variables are set in .env:");
    for (const line of whereToFind(missing)) print(line);
    print('Then remove "enabled": false from it, and run: causeway doctor');
  }
  for (const line of next) print(line);
}

function explain(problem: string, print: (line: string) => void): false {
  print(problem);
  return false;
}
