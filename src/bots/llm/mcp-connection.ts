import { createMCPClient, type ListToolsResult, type MCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport as StdioTransport } from "@ai-sdk/mcp/mcp-stdio";
import type { ToolExecutionOptions } from "ai";
import { withCredentials } from "../../core/network/server-place.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { traceHeaders } from "../../core/trace/current-span.ts";
import type { McpServerConfig } from "./mcp-config.ts";
import { breaksConnection } from "./mcp-fault.ts";
import { mcpFetch } from "./mcp-fetch.ts";

/** Maximum number of pages in a server's list of tools. */
const MOST_PAGES = 100;

export type McpTool = ListToolsResult["tools"][number];

/** A connected MCP server. */
export interface McpConnection {
  /**
   * The server's tools. They are requested again after any notice of the server, for example that its list
   * has changed.
   */
  tools(): Promise<readonly McpTool[]>;
  call(tool: string, input: unknown, options: ToolExecutionOptions): Promise<object>;
  /** True after the connection broke. The next call then opens a new one. */
  broken(): boolean;
  /** Closes the connection after the running calls have ended. */
  retire(): Promise<void>;
  close(): Promise<void>;
}

/** Connects to a server and asks for its tools. Throws if that fails or takes too long. */
export async function connect(config: McpServerConfig): Promise<McpConnection> {
  let [broken, outdated, retired] = [false, false, false];
  let underWay = 0;
  const transport = transportTo(config);
  const client = await createMCPClient({
    transport,
    clientName: "causeway",
    initializationOptions: { timeout: config.timeoutMs },
    // Faults appear in the calls. The client also reports notices of the server here, and does not
    // distinguish them.
    onUncaughtError: () => {
      outdated = true;
    },
  });
  if (transport instanceof StdioTransport) {
    const onClose = transport.onclose;
    transport.onclose = () => {
      broken = true;
      onClose?.();
    };
  }

  async function listed(): Promise<readonly McpTool[]> {
    outdated = false;
    const tools = await definitionsOf(client, config.timeoutMs);
    return tools.filter(({ name }) => config.tools === undefined || config.tools.includes(name));
  }

  let tools: readonly McpTool[];
  try {
    tools = await listed();
  } catch (error) {
    await client.close();
    throw error;
  }

  return {
    async tools() {
      if (outdated && !broken) tools = await listed().catch(() => tools);
      return tools;
    },
    async call(tool, input, options) {
      const known = tools.find(({ name }) => name === tool);
      const callable = client.toolsFromDefinitions({ tools: known ? [known] : [] });
      const { execute } = callable[tool] ?? {};
      if (!execute) throw new Error(`the server has no tool ${tool}`);
      underWay += 1;
      try {
        return await execute(input, options);
      } catch (error) {
        if (!options.abortSignal?.aborted && breaksConnection(error)) broken = true;
        throw error;
      } finally {
        underWay -= 1;
        if (retired && underWay === 0) await client.close();
      }
    },
    broken: () => broken,
    async retire() {
      retired = true;
      if (underWay === 0) await client.close();
    },
    close: () => client.close(),
  };
}

function transportTo(config: McpServerConfig) {
  if ("url" in config) {
    const url = new URL(config.url);
    const headers = withCredentials(url, config.headers);
    // `fetch` refuses them in a URL.
    [url.username, url.password] = ["", ""];
    return { type: "http", url: url.href, headers, redirect: "error", fetch: mcpFetch } as const;
  }
  const { command, args, env, cwd } = config;
  // The process may write anything to stderr, so our log does not include it.
  return traced(
    new StdioTransport({ command, args, env, stderr: "ignore", ...(cwd !== undefined && { cwd }) }),
  );
}

/** A pipe has no headers. So the `_meta` of each call has the trace, as MCP defines. */
function traced(transport: StdioTransport): StdioTransport {
  const send = transport.send.bind(transport);
  transport.send = (message) => {
    const { traceparent } = traceHeaders();
    if (traceparent === undefined || !("method" in message) || !("id" in message)) return send(message);
    const { _meta, ...params } = message.params ?? {};
    return send({ ...message, params: { ...params, _meta: { ..._meta, traceparent } } });
  };
  return transport;
}

/** Reads every page of the server's list of tools, within the time for one answer. */
async function definitionsOf(client: MCPClient, timeoutMs: number): Promise<McpTool[]> {
  const until = monotonicMs() + timeoutMs;
  const tools: McpTool[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES && monotonicMs() < until; pages += 1) {
    const page = await client.listTools({
      ...(cursor === undefined ? {} : { params: { cursor } }),
      options: { timeout: Math.max(1, until - monotonicMs()) },
    });
    tools.push(...page.tools);
    // Some servers end their list with an empty text, and broken ones begin it again.
    if (!page.nextCursor || page.nextCursor === cursor) return tools;
    cursor = page.nextCursor;
  }
  throw new Error("its list of tools does not end");
}
