import type { BotDefinition } from "./bot.ts";
import { definition as echo } from "./echo/index.ts";
import { definition as llm } from "./llm/index.ts";
import { definition as script } from "./script/index.ts";
import { definition as webhook } from "./webhook/index.ts";

/** The values of `bot.type`. A new bot adds its folder and a line here. */
export const botDefinitions = { echo, llm, webhook, script } satisfies Record<string, BotDefinition>;
