import type { ToolSet } from "ai";
import { clipped } from "./tool-result.ts";

/** Maximum length of all tool results in one turn, in characters. Every step sends all of them to the model again. */
const TURN_RESULT_LIMIT = 40_000;

/** The same tools, with a limit of calls per turn. Beyond it the model gets a message and answers anyway. */
export function withinBudget(tools: ToolSet, maxCalls: number): ToolSet {
  let calls = 0;
  let left = TURN_RESULT_LIMIT;
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]): [string, ToolSet[string]] => {
      const { execute } = tool;
      if (!execute) return [name, tool];
      const limited: typeof execute = async (input, options) => {
        calls += 1;
        if (calls > maxCalls)
          return `Not called: this turn has used up its ${maxCalls} tool calls. Answer now.`;
        const output: unknown = await execute(input, options);
        const shown = clipped(typeof output === "string" ? output : (JSON.stringify(output) ?? ""), left);
        left = Math.max(0, left - shown.length);
        return shown;
      };
      return [name, { ...tool, execute: limited }];
    }),
  );
}
