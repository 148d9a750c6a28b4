import { createMCPClient, type MCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport as StdioTransport } from "@ai-sdk/mcp/mcp-stdio";
import { dynamicTool, jsonSchema, type ToolSet } from "ai";
import { timeLimit } from "../../core/time-limit.ts";
import type { McpServerConfig } from "./mcp-config.ts";
import { shownResult } from "./tool-result.ts";

/** A server that is connected to, with the tools it had then. */
export interface McpConnection {
  tools: ToolSet;
  /** Whether it has broken, so that the next turn has to connect anew. */
  broken(): boolean;
  close(): Promise<void>;
}

/** Connects to a server and asks for its tools. Throws where that fails or takes too long. */
export async function connect(name: string, config: McpServerConfig): Promise<McpConnection> {
  let broken = false;
  const breaks = () => {
    broken = true;
  };
  const transport = transportTo(config);
  const client = await createMCPClient({
    transport,
    clientName: "causeway",
    initializationOptions: { timeout: config.timeoutMs },
    // What matters of these shows in the calls.
    onUncaughtError: () => {},
  });
  if (transport instanceof StdioTransport) {
    const onClose = transport.onclose;
    transport.onclose = () => {
      breaks();
      onClose?.();
    };
  }
  try {
    return {
      tools: await toolsOf(client, name, config, breaks),
      broken: () => broken,
      close: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

function transportTo(config: McpServerConfig) {
  if ("url" in config) {
    const { url, headers } = config;
    return { type: "http", url, headers, redirect: "error" } as const;
  }
  const { command, args, env, cwd } = config;
  // What it writes to stderr may hold anything, so it is not mixed with our own log.
  return new StdioTransport({ command, args, env, stderr: "ignore", ...(cwd !== undefined && { cwd }) });
}

async function toolsOf(
  client: MCPClient,
  server: string,
  config: McpServerConfig,
  onBroken: () => void,
): Promise<ToolSet> {
  const secrets = Object.values("url" in config ? config.headers : config.env);
  const definitions = (await definitionsOf(client, config.timeoutMs)).filter(
    ({ name }) => config.tools === undefined || config.tools.includes(name),
  );
  const callable = client.toolsFromDefinitions({ tools: definitions });
  return Object.fromEntries(
    definitions.map(({ name, description = "", inputSchema }): [string, ToolSet[string]] => [
      toolName(server, name),
      dynamicTool({
        description,
        // The server checks its own input; the schema tells the model what to send.
        inputSchema: jsonSchema({ properties: {}, ...inputSchema }),
        async execute(input, options) {
          const { execute } = callable[name] ?? {};
          if (!execute) throw new Error(`the server has no tool ${name}`);
          const timeout = timeLimit(config.timeoutMs);
          const signals = options.abortSignal ? [options.abortSignal, timeout] : [timeout];
          try {
            const result = await execute(input, { ...options, abortSignal: AbortSignal.any(signals) });
            return shownResult(resultText(result), secrets);
          } catch (error) {
            options.abortSignal?.throwIfAborted();
            if (timeout.aborted) throw new Error(`the tool did not answer within ${config.timeoutMs} ms`);
            onBroken();
            throw error;
          }
        },
      }),
    ]),
  );
}

/** Every page of the server's list. */
async function definitionsOf(client: MCPClient, timeoutMs: number) {
  const options = { timeout: timeoutMs };
  const first = await client.listTools({ options });
  const tools = [...first.tools];
  let cursor = first.nextCursor;
  while (cursor !== undefined) {
    const page = await client.listTools({ params: { cursor }, options });
    tools.push(...page.tools);
    cursor = page.nextCursor;
  }
  return tools;
}

/** Providers take letters, digits, - and _ in names, at most 64. */
function toolName(server: string, tool: string): string {
  return `${server}_${tool}`.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64);
}

/** What a result says in text; what is no text is named. */
function resultText(result: object): string {
  const parts = "content" in result && Array.isArray(result.content) ? result.content : [result];
  const text = parts.map(partText).join("\n");
  return "isError" in result && result.isError === true ? `The tool failed: ${text}` : text;
}

function partText(part: { type?: unknown; text?: unknown; mimeType?: unknown }): string {
  if (part.type === "text" && typeof part.text === "string") return part.text;
  if (part.type === "image" || part.type === "audio") return `[${part.type} ${part.mimeType}, not shown]`;
  return JSON.stringify(part);
}
