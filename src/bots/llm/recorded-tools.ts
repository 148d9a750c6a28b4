import type { ToolSet } from "ai";

const NOT_RECORDED = "There is no result of this tool in the record. Answer without it.";

/** The same tools, answered from a record. None of them runs. */
export function fromRecord(tools: ToolSet, record: (tool: string) => string | null): ToolSet {
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]): [string, ToolSet[string]] => {
      const { execute } = tool;
      if (!execute) return [name, tool];
      const recorded: typeof execute = async () => record(name) ?? NOT_RECORDED;
      return [name, { ...tool, execute: recorded }];
    }),
  );
}
