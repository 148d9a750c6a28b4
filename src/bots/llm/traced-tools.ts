import type { ToolSet } from "ai";
import { shortened } from "../../core/text/text.ts";
import { currentSpan, inSpan } from "../../core/trace/current-span.ts";
import { TEXT_LIMIT } from "./traced-text.ts";

/** The same tools, each call with a span of the turn. Without a trace they stay as they are. */
export function tracedTools(tools: ToolSet): ToolSet {
  const turn = currentSpan();
  if (turn === null) return tools;
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]): [string, ToolSet[string]] => {
      const { execute } = tool;
      if (!execute) return [name, tool];
      const traced: typeof execute = async (input, options) => {
        const span = turn.child(`execute_tool ${name}`, "internal", {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": name,
          "gen_ai.tool.call.id": options.toolCallId,
          "gen_ai.tool.description": tool.description,
          ...(turn.showsText && { "gen_ai.tool.call.arguments": asText(input) }),
        });
        try {
          const output: unknown = await inSpan(span, () => execute(input, options));
          if (span.showsText) span.set({ "gen_ai.tool.call.result": asText(output) });
          return output;
        } catch (error) {
          // The message may quote what the tool answered.
          span.fail(
            error instanceof Error ? error.name : "error",
            span.showsText ? asText(String(error)) : "the tool failed",
          );
          throw error;
        } finally {
          span.end();
        }
      };
      return [name, { ...tool, execute: traced }];
    }),
  );
}

function asText(value: unknown): string {
  return shortened(typeof value === "string" ? value : (JSON.stringify(value) ?? ""), TEXT_LIMIT);
}
