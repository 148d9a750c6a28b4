import { createHash } from "node:crypto";
import { dynamicTool, jsonSchema, type ToolExecutionOptions, type ToolSet } from "ai";
import { urlSecrets } from "../../core/text/masked-url.ts";
import { timeLimit } from "../../core/time/time-limit.ts";
import type { McpServerConfig } from "./mcp-config.ts";
import type { McpTool } from "./mcp-connection.ts";
import { callFault } from "./mcp-fault.ts";
import { mcpResultText } from "./mcp-result.ts";
import { shownResult } from "./tool-result.ts";

/** Maximum length of a name that every provider accepts. */
const MOST_LETTERS = 64;

export type CallMcpTool = (tool: string, input: unknown, options: ToolExecutionOptions) => Promise<object>;

/** The tools of one server in the form for a model. */
export function mcpTools(
  server: string,
  config: McpServerConfig,
  tools: readonly McpTool[],
  call: CallMcpTool,
): ToolSet {
  const secrets =
    "url" in config
      ? [...Object.values(config.headers), ...urlSecrets(config.url)]
      : Object.values(config.env);
  const names = toolNames(
    server,
    tools.map(({ name }) => name),
  );
  return Object.fromEntries(
    tools.map(({ name, description = "", inputSchema }): [string, ToolSet[string]] => [
      names.get(name) ?? name,
      dynamicTool({
        description,
        // The server checks its own input; the schema tells the model what to send.
        inputSchema: jsonSchema({ properties: {}, ...inputSchema }),
        async execute(input, options) {
          const timeout = timeLimit(config.timeoutMs);
          const signals = options.abortSignal ? [options.abortSignal, timeout] : [timeout];
          try {
            const result = await call(name, input, { ...options, abortSignal: AbortSignal.any(signals) });
            return shownResult(mcpResultText(result), secrets);
          } catch (error) {
            options.abortSignal?.throwIfAborted();
            if (timeout.aborted) throw new Error(`the tool did not answer within ${config.timeoutMs} ms`);
            throw new Error(shownResult(callFault(error), secrets));
          }
        },
      }),
    ]),
  );
}

/**
 * The names by which a model calls a server's tools. Providers accept only letters, digits, - and _. If names
 * would be equal or too long, a hash of the server's name for the tool is added. So a tool has the same name
 * in every turn.
 */
export function toolNames(server: string, tools: readonly string[]): Map<string, string> {
  const plain = (tool: string) => `${server}_${tool}`.replaceAll(/[^a-zA-Z0-9_-]/g, "_");
  const uses = new Map<string, number>();
  for (const tool of new Set(tools)) uses.set(plain(tool), (uses.get(plain(tool)) ?? 0) + 1);
  return new Map(
    tools.map((tool) => {
      const name = plain(tool);
      if (name.length <= MOST_LETTERS && uses.get(name) === 1) return [tool, name];
      const hash = createHash("sha256").update(tool).digest("hex").slice(0, 8);
      return [tool, `${name.slice(0, MOST_LETTERS - 1 - hash.length)}_${hash}`];
    }),
  );
}
