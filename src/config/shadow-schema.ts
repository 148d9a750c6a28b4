import { z } from "zod";
import type { BotDefinition } from "../bots/bot.ts";
import type { ConfigProblem } from "../core/faults/errors.ts";
import type { ShadowSettings } from "../core/session/shadow-settings.ts";
import { pathText } from "./json-path.ts";
import { nameFix } from "./nearest.ts";

/** An agent's `shadow`: another agent answers its turns, too, and nobody gets those answers. */
export const shadowSchema = z.strictObject({
  agent: z.string().min(1).describe("The agent of this file that answers, too."),
  share: z
    .number()
    .gt(0)
    .max(1)
    .describe(
      "The share of the sessions, such as `0.1`. A session is in it with all its turns, or not at all.",
    ),
  turnsPerDay: z
    .int()
    .min(1)
    .default(200)
    .describe("Maximum number of turns that it answers in a day, which begins at midnight UTC."),
  tokensPerDay: z
    .int()
    .min(1)
    .default(500_000)
    .describe("Maximum number of its tokens in a day. The turn that reaches it is still finished."),
});

interface ShadowedAgent {
  bot: { type: string };
  shadow: ShadowSettings | null;
}

/** Checks that each `shadow` names another agent of the file, and one that cannot act. */
export function shadowProblems(
  agents: Readonly<Record<string, ShadowedAgent>>,
  names: readonly string[],
  { file, bots }: { file: string; bots: Readonly<Record<string, BotDefinition>> },
): ConfigProblem[] {
  return Object.entries(agents).flatMap(([name, { shadow }]) => {
    if (shadow === null) return [];
    const path = pathText(file, ["agents", name, "shadow", "agent"]);
    if (!names.includes(shadow.agent)) {
      const problem = `names the agent "${shadow.agent}", which is not in this file`;
      return [
        {
          path,
          problem,
          fix: nameFix(
            shadow.agent,
            names.filter((other) => other !== name),
          ),
        },
      ];
    }
    if (shadow.agent === name)
      return [{ path, problem: "names the agent itself", fix: "name the agent to compare it with" }];
    const type = agents[shadow.agent]?.bot.type;
    if (type === undefined || bots[type]?.isReplayable) return [];
    const problem = `names an agent with a bot of type ${type}, which might act on its own`;
    return [{ path, problem, fix: "name an agent whose bot only answers, such as one of type llm" }];
  });
}
